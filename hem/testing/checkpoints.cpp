#include "hem/testing/checkpoints.hpp"

#include <gtest/gtest.h>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/detail/kernel.hpp"

namespace hem::testing {
namespace {

struct observed {
    bool interrupted = false;
    bool suspended = false;
};

task<observed> call(const callable<task<>()>& f, bool in_cancelled_scope) {
    const auto& task = hem::detail::current_task_header();
    cancel_scope scope;
    if (in_cancelled_scope) scope.cancel("checks for cancel points");
    const auto before = task.resumes;
    auto body = [&f]() -> hem::task<> { co_await f(); };
    const bool finished = co_await scope.run(body);
    co_return {.interrupted = !finished, .suspended = task.resumes != before};
}

}  // namespace

task<> assert_checkpoints(callable<task<>()> f) {
    const auto cut = co_await call(f, true);
    EXPECT_TRUE(cut.interrupted) << "the operation is no checkpoint: in a cancelled scope it went on";
    const auto free = co_await call(f, false);
    EXPECT_TRUE(free.suspended) << "the operation is no checkpoint: it let no other task run";
}

task<> assert_no_checkpoints(callable<task<>()> f) {
    const auto seen = co_await call(f, true);
    EXPECT_FALSE(seen.interrupted) << "the operation is a cancel point: it was interrupted in a cancelled scope";
    EXPECT_FALSE(seen.suspended) << "the operation is a schedule point: it let other tasks run";
}

}  // namespace hem::testing
