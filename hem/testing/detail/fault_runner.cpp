#include "hem/testing/detail/fault_runner.hpp"

#include <gtest/gtest.h>

#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/run.hpp"
#include "hem/testing/expect_report.hpp"
#include "hem/testing/leak_census.hpp"

namespace hem::testing::detail {
namespace {

constexpr std::size_t most_operations = 20'000;
constexpr duration patience = std::chrono::minutes(1);  // that a fault may cost: grace times and the like

// One run, as the loop's hook sees it.
struct watched_run {
    fault_kind& kind;
    fault_plan& plan;
    time_point limit;
    time_point ended{};
    std::string left;
    bool too_long = false;
};

// Ends what does not end.
void watch_time(hem::detail::kernel& loop, watched_run& run) {
    if (run.too_long || loop.now() <= run.limit) return;
    run.too_long = true;
    loop.main_task->own_scope().cancel({.kind = cancel_kind::requested, .text = "the run takes too long", .task = {}});
}

task<> armed(const callable<task<>()>& f, watched_run& run) {
    struct guard {
        fault_kind& kind;
        ~guard() { kind.disarm(); }
    };
    const guard disarm{run.kind};
    run.kind.arm(run.plan);
    co_await f();
}

task<> watched(const callable<task<>()>& f, watched_run& run) {
    std::exception_ptr error;
    try {
        co_await armed(f, run);
    } catch (...) {
        error = std::current_exception();
    }
    watch_time(hem::detail::current_kernel(), run);
    run.ended = clock::now();
    run.left = left_on_loop();
    if (error) std::rethrow_exception(error);
}

const run_options options{.name = "main", .clock = clock_kind::virtual_time, .seed = 1, .handle_interrupt = false, .checks = true};

// True if the run was as it should be.
bool run_once(fault_kind& kind, fault_plan& plan, time_point limit, const callable<task<>()>& f, const callable<task<>()>& check,
              time_point& ended) {
    const auto failures_before = ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    std::string problems;
    const auto problem = [&](const std::string& text) { problems += "\n  " + text; };
    {
        report_collector reports(
            [](report_kind reported, const void* given) { return static_cast<const fault_kind*>(given)->expects(reported); }, &kind);
        const auto before = leak_census::take();
        kind.before_run();
        watched_run run{kind, plan, limit};
        try {
            hem::run(options, [&]() -> task<> { co_await watched(f, run); });
        } catch (...) {
            const auto error = std::current_exception();
            if (!plan.struck || !kind.expects(error)) problem("it ended with " + hem::detail::describe(error));
        }
        kind.after_run();
        ended = run.ended;
        if (run.too_long)
            problem("it ran on for more than " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
                    " virtual seconds longer than without a fault");
        for (const auto& text : reports.unclaimed()) problem("it reported: " + text);
        if (!run.left.empty()) problem("it left on the loop: " + run.left);
        if (const auto left = leak_census::take().difference_to(before); !left.empty()) problem("it left behind: " + left);
    }
    if (check) {
        try {
            hem::run(options, [&]() -> task<> { co_await check(); });
        } catch (...) {
            problem("the test's own check ended with " + hem::detail::describe(std::current_exception()));
        }
    }
    const auto where = plan.target == 0
                           ? std::string("the run without a fault")
                           : std::string("the run ") + kind.did + " at " + kind.operations + " " + std::to_string(plan.target) + " (" +
                                 (plan.struck ? plan.place : std::string("never reached")) + ")";
    if (!problems.empty()) ADD_FAILURE() << where << ":" << problems;
    const bool failed_inside = ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count() != failures_before;
    if (problems.empty() && failed_inside) ADD_FAILURE() << where << ": the failures above are of this run";
    return !failed_inside && problems.empty();
}

}  // namespace

std::string place_of(const hem::detail::task_header& task) {
    std::string place;
    if (const auto where = hem::detail::await_location(task); where.line() != 0) {
        place = "the await at " + hem::detail::to_string(where) + " of ";
    } else {
        place = "the first resume of ";
    }
    if (task.waiting) place = std::string(task.waiting->ops->kind) + ": " + place;
    return place + "task '" + task.display_name() + "'";
}

std::size_t run_with_faults(fault_kind& kind, const callable<task<>()>& f, const callable<task<>()>& check) {
    fault_plan counting;
    time_point undisturbed{};
    if (!run_once(kind, counting, time_point::max(), f, check, undisturbed)) return counting.seen;
    if (counting.seen > most_operations) {
        ADD_FAILURE() << "more than " << most_operations << " times " << kind.operations << ": test less at once";
        return counting.seen;
    }
    for (std::size_t target = 1; target <= counting.seen; ++target) {
        fault_plan plan{.target = target};
        time_point ended{};
        if (!run_once(kind, plan, undisturbed + patience, f, check, ended)) return counting.seen;
    }
    return counting.seen;
}

}  // namespace hem::testing::detail
