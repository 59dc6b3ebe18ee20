// Everything for tests of asynchronous code with GoogleTest: coroutine test bodies on virtual time, seeded shuffle, leak census, claimed
// reports, cancellation at every await.
#pragma once

#include "hem/core.hpp"
#include "hem/testing/async_test.hpp"
#include "hem/testing/cancel_at_every_await.hpp"
#include "hem/testing/expect_report.hpp"
#include "hem/testing/virtual_clock.hpp"
