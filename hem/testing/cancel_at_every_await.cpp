#include "hem/testing/cancel_at_every_await.hpp"

#include <gtest/gtest.h>

#include "hem/core/errors.hpp"
#include "hem/core/run.hpp"
#include "hem/testing/expect_report.hpp"
#include "hem/testing/leak_census.hpp"

namespace hem::testing {
namespace {

constexpr std::size_t most_awaits = 20'000;

struct injection {
    std::size_t target;
    std::size_t seen = 0;
    std::string place;
    bool struck = false;
};

// Counts every suspension of every task; at the chosen one the main task, and with it everything under test, is cancelled.
void count_suspensions(hem::detail::kernel& loop, hem::detail::task_header& task, bool ended) {
    auto& plan = *static_cast<injection*>(loop.after_resume_data);
    if (ended || !task.waiting || ++plan.seen != plan.target) return;
    plan.struck = true;
    plan.place = std::string(task.waiting->ops->kind) + " of task '" + task.display_name() + "'";
    loop.main_task->own_scope().cancel({.kind = cancel_kind::requested, .text = "injected by cancel_at_every_await", .task = {}});
}

task<> inject(const callable<task<>()>& f, injection& plan) {
    auto& loop = hem::detail::current_kernel();
    loop.after_resume_data = &plan;
    loop.after_resume = count_suspensions;
    loop.budget_limit = 1;  // every operation that could complete at once suspends, so that it can be interrupted, too
    co_await f();
}

const run_options options{.name = "main", .clock = clock_kind::virtual_time, .seed = 1, .handle_interrupt = false};

}  // namespace

std::size_t cancel_at_every_await(callable<task<>()> f, callable<task<>()> check) {
    for (std::size_t target = 1; target <= most_awaits; ++target) {
        injection plan{.target = target};
        report_collector reports;
        const auto before = leak_census::take();
        try {
            run(options, [&]() -> task<> { co_await inject(f, plan); });
        } catch (const task_cancelled&) {
            // What is expected of a run that was cut.
        } catch (...) {
            ADD_FAILURE() << "cancelled at await " << target << " (" << plan.place << "), the run ended with "
                          << hem::detail::describe(std::current_exception());
        }
        for (const auto& text : reports.unclaimed()) {
            ADD_FAILURE() << "cancelled at await " << target << " (" << plan.place << "): a report: " << text;
        }
        if (const auto left = leak_census::take().difference_to(before); !left.empty()) {
            ADD_FAILURE() << "cancelled at await " << target << " (" << plan.place << "): " << left;
        }
        if (check) run(options, [&]() -> task<> { co_await check(); });
        if (::testing::Test::HasFailure()) return target;
        if (!plan.struck) return target - 1;
    }
    ADD_FAILURE() << "not done after " << most_awaits << " awaits: the code under test does not end";
    return most_awaits;
}

}  // namespace hem::testing
