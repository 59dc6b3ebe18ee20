// The stall watchdog on the real clock: R-124, and the lint of R-125 about tasks that never suspend. Each test holds the loop until the
// report has come, so none depends on how fast the machine is.
#include "hem/core.hpp"
#include "hem/testing.hpp"
#include "hem/testing/leak_census.hpp"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace hem;

// Collects reports, from whatever thread.
class reports {
public:
    reports() : before_(on_report(receive, this)) {}
    ~reports() { on_report(before_.sink, before_.context); }
    reports(const reports&) = delete;

    // Busy until there are `count` reports of the kind: what a task that holds the loop does.
    [[gnu::noinline]] report hold_loop_until(report_kind kind, std::size_t count = 1) {
        for (;;) {
            std::lock_guard guard(mutex_);
            std::size_t seen = 0;
            for (const report& one : all_) {
                if (one.kind == kind && ++seen == count) return one;
            }
        }
    }
    // The same, blocked instead of busy.
    [[gnu::noinline]] report block_loop_until(report_kind kind) {
        std::unique_lock guard(mutex_);
        const report* found = nullptr;
        arrived_.wait(guard, [&] {
            for (const report& one : all_) {
                if (one.kind == kind) found = &one;
            }
            return found != nullptr;
        });
        return *found;
    }
    std::size_t count(report_kind kind) {
        const std::lock_guard guard(mutex_);
        return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [kind](const report& one) { return one.kind == kind; }));
    }

private:
    static void receive(const report& r, void* self) {
        auto& to = *static_cast<reports*>(self);
        const std::lock_guard guard(to.mutex_);
        to.all_.push_back(r);
        to.arrived_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<report> all_;
    installed_sink before_;
};

task<> bad_handler(reports& seen) {
    co_await yield_now();
    seen.hold_loop_until(report_kind::stall);
}
task<> calls_it(reports& seen) { co_await bad_handler(seen); }

// reported while it lasts, with native stack, task and asynchronous stack.
TEST(StallWatchdog, ReportsWhileTheLoopIsHeld) {
    reports seen;
    report stall{};
    loop_statistics numbers;
    run({.watchdog = {.threshold = 25ms}}, [&]() -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task({.name = "GET /bad"}, calls_it, std::ref(seen));
            co_return;
        });
        co_await yield_now();
        stall = seen.hold_loop_until(report_kind::stall);
        numbers = loop::current().statistics();
    });
    EXPECT_EQ(stall.task, "GET /bad");
    EXPECT_NE(stall.text.find("task 'GET /bad' holds loop "), std::string::npos) << stall.text;
    EXPECT_NE(stall.text.find(" ms in the coroutine of stall_watchdog_test.cpp:"), std::string::npos) << stall.text;
    EXPECT_NE(stall.stack.find("hold_loop_until"), std::string::npos) << stall.stack;
    EXPECT_NE(stall.stack.find("hem::detail::kernel::resume"), std::string::npos) << stall.stack;
    EXPECT_NE(stall.stack.find("bad_handler("), std::string::npos) << stall.stack;
    EXPECT_NE(stall.stack.find("calls_it("), std::string::npos) << stall.stack;
    EXPECT_GE(numbers.stalls, 1u);
    EXPECT_GE(numbers.longest_stall, 25ms);
}

// a blocked thread is interrupted, too, and the call that it was in goes on.
TEST(StallWatchdog, ReportsABlockedLoop) {
    reports seen;
    report stall{};
    run({.watchdog = {.threshold = 25ms}}, [&]() -> task<> {
        stall = seen.block_loop_until(report_kind::stall);
        co_return;
    });
    EXPECT_EQ(stall.task, "main");
    EXPECT_NE(stall.stack.find("block_loop_until"), std::string::npos) << stall.stack;
}

// callbacks hold the loop as tasks do.
TEST(StallWatchdog, ReportsACallback) {
    reports seen;
    run({.watchdog = {.threshold = 25ms}}, [&]() -> task<> {
        event done;
        loop::current().call_soon([&] {
            EXPECT_NE(seen.hold_loop_until(report_kind::stall).text.find("a callback holds loop "), std::string::npos);
            done.set();
        });
        co_await done.wait();
    });
}

// at most so many a minute, the rest is counted.
TEST(StallWatchdog, CountsWhatItDoesNotReport) {
    reports seen;
    loop_statistics numbers;
    run({.watchdog = {.threshold = 10ms, .reports_per_minute = 2}}, [&]() -> task<> {
        for (int i = 1; i <= 2; ++i) {
            seen.hold_loop_until(report_kind::stall, std::size_t(i));
            co_await yield_now();
        }
        auto& loop = hem::loop::current();
        while (loop.statistics().stalls < 4) {
            const auto before = loop.statistics().stalls;
            while (loop.statistics().stalls == before)
                (void)seen.count(report_kind::stall);  // a call in which ThreadSanitizer lets signals in
            co_await yield_now();
        }
        numbers = loop.statistics();
    });
    EXPECT_GE(numbers.stalls, 4u);
    EXPECT_EQ(seen.count(report_kind::stall), 2u);
}

// no suspension for 1 s is advice of its own.
TEST(StallWatchdog, AdvisesTasksThatNeverSuspend) {
    reports seen;
    report advice{};
    run([&]() -> task<> {
        advice = seen.hold_loop_until(report_kind::lint);
        co_return;
    });
    EXPECT_NE(advice.text.find("task 'main' has not suspended for "), std::string::npos) << advice.text;
    EXPECT_NE(advice.text.find("to_thread"), std::string::npos) << advice.text;
    EXPECT_EQ(seen.count(report_kind::stall), 1u);
}

// Waiting is no stall, and the timer rests meanwhile: the loop sleeps through ten thresholds without a wake-up.
TEST(StallWatchdog, LetsASleepingLoopSleep) {
    reports seen;
    loop_statistics before, after;
    run({.watchdog = {.threshold = 8ms}}, [&]() -> task<> {
        co_await sleep_for(20ms);
        before = loop::current().statistics();
        co_await sleep_for(80ms);
        after = loop::current().statistics();
        // And it watches again afterwards.
        seen.hold_loop_until(report_kind::stall);
    });
    EXPECT_LE(after.wakeups - before.wakeups, 4u);
}

// No thread, timer or descriptor is left after `run`, and a run without a watchdog has none.
TEST(StallWatchdog, LeavesNothingBehind) {
    auto timers = [] {
        std::ifstream file("/proc/self/timers");
        return std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), 'I');
    };
    const auto census = hem::testing::leak_census::take();
    const auto timers_before = timers();
    for (int i = 0; i < 3; ++i) run([]() -> task<> { co_return; });
    EXPECT_EQ(hem::testing::leak_census::take().difference_to(census), "");
    EXPECT_EQ(timers(), timers_before);
    bool has_watchdog = true;
    run({.watchdog = {.threshold = 0s}}, [&]() -> task<> {
        has_watchdog = hem::testing::leak_census::take().difference_to(census).find("threads") != std::string::npos;
        co_return;
    });
    EXPECT_FALSE(has_watchdog);
}

// Several loops have a watchdog each.
TEST(StallWatchdog, WatchesEachLoop) {
    reports seen;
    std::thread other([&] {
        run({.name = "other", .watchdog = {.threshold = 25ms}}, [&]() -> task<> {
            seen.hold_loop_until(report_kind::stall, 2);
            co_return;
        });
    });
    run({.name = "this", .watchdog = {.threshold = 25ms}}, [&]() -> task<> {
        seen.hold_loop_until(report_kind::stall, 2);
        co_return;
    });
    other.join();
    EXPECT_EQ(seen.count(report_kind::stall), 2u);
}

}  // namespace
