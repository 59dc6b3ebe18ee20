// Whether an operation is a checkpoint. `f` makes the operation anew in each call and awaits it.
//
//     co_await hem::testing::assert_checkpoints([&]() -> hem::task<> { co_await hem::sleep_for(1s); });
//     co_await hem::testing::assert_no_checkpoints([&]() -> hem::task<> { event.set(); co_return; });
#pragma once

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// Fails the test unless `f` both lets other tasks run and is interrupted in a cancelled scope. Calls it twice.
task<> assert_checkpoints(callable<task<>()> f);
// Fails the test if `f` lets another task run, or is interrupted although it runs in a cancelled scope. Calls it once.
task<> assert_no_checkpoints(callable<task<>()> f);

}  // namespace hem::testing
