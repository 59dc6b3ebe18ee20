// Everything for tests of asynchronous code with GoogleTest: coroutine test bodies on virtual time, seeded shuffle, leak census, claimed
// reports, runners that cancel, refuse memory or fail I/O at every place, and a simulated network.
#pragma once

#include "hem/core.hpp"
#include "hem/testing/allocation.hpp"
#include "hem/testing/async_test.hpp"
#include "hem/testing/buggify.hpp"
#include "hem/testing/cancel_at_every_await.hpp"
#include "hem/testing/check_determinism.hpp"
#include "hem/testing/check_stream.hpp"
#include "hem/testing/checkpoints.hpp"
#include "hem/testing/expect_report.hpp"
#include "hem/testing/fail_every_allocation.hpp"
#include "hem/testing/fail_every_operation.hpp"
#include "hem/testing/memory_stream.hpp"
#include "hem/testing/sequencer.hpp"
#include "hem/testing/simulated_network.hpp"
#include "hem/testing/stack.hpp"
#include "hem/testing/virtual_clock.hpp"
