// What the runtime notices about programs that run and are wrong: deadlocks, lints, cancellations that are swallowed or
// slow, and what makes a report fatal.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <array>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::expect_report;

// in tests the run fails, and the error holds the wait graph.
TEST(Deadlock, FailsARunOnTheVirtualClock) {
    std::string text;
    try {
        run({.name = "stuck", .clock = clock_kind::virtual_time}, []() -> task<> {
            future<> never;
            co_await never;
        });
    } catch (const deadlock_error& error) {
        text = error.what();
    }
    EXPECT_NE(text.find("'stuck' waits for future, at lints_test.cpp:"), std::string::npos) << text;
}

// under the real clock it is a report, with the wait graph, and the loop waits on.
TEST(Deadlock, IsReportedOnTheRealClock) {
    struct sink {
        std::vector<std::string> texts;
        runner* running = nullptr;
        std::optional<loop_handle> loop;
    } seen;
    const auto before = on_report(
        [](const report& r, void* context) {
            auto& to = *static_cast<sink*>(context);
            to.texts.push_back(std::string(to_string(r.kind)) + ": " + r.text);
            to.running->cancel("seen");  // the test ends; nothing else could
        },
        &seen);
    runner one({.name = "stuck", .watchdog = {.threshold = 0s}});
    seen.running = &one;
    EXPECT_THROW(one.run([]() -> task<> {
        future<> never;
        co_await never;
    }),
                 task_cancelled);
    on_report(before.sink, before.context);
    ASSERT_EQ(seen.texts.size(), 1u);
    EXPECT_NE(seen.texts[0].find("deadlock: nothing can wake any task any more: 'stuck' waits for future, at lints_test.cpp:"),
              std::string::npos)
        << seen.texts[0];
}

// what a timer, a worker, a signal, another thread or a cancellation can wake is no deadlock.
TEST(Deadlock, IsNotReportedWhileSomethingCanWake) {
    hem::testing::report_collector seen;
    run([]() -> task<> { co_await sleep_for(1ms); });
    run([]() -> task<> { EXPECT_EQ(co_await to_thread([] { return 1; }), 1); });
    run([]() -> task<> {
        co_await with(signals({SIGUSR1}), [](auto& stream) -> task<> {
            std::thread other([] { ::kill(::getpid(), SIGUSR1); });
            EXPECT_EQ(co_await stream.next(), SIGUSR1);
            other.join();
        });
    });
    run([]() -> task<> {
        event set;
        std::thread other([&set, handle = loop::current().handle()] { handle.call_soon_threadsafe([&set] { set.set(); }); });
        co_await set.wait();
        other.join();
    });
    runner one;
    std::thread other;
    EXPECT_THROW(one.run([&]() -> task<> {
        other = std::thread([&one] { one.cancel(); });
        co_await sleep_forever();
    }),
                 task_cancelled);
    other.join();
    EXPECT_TRUE(seen.unclaimed().empty()) << seen.unclaimed().front();
}

// two tasks that wait for each other are reported when the circle closes, not when everything stands still.
ASYNC_TEST(WaitCycle, OfHandlesIsReportedWhenItCloses) {
    auto reported = expect_report(report_kind::deadlock);
    std::optional<task_handle<void>> a, b;
    co_await with_task_group([&](task_group& group) -> task<> {
        a = group.create_task({.name = "a"}, [&]() -> task<> { co_await *b; });
        b = group.create_task({.name = "b"}, [&]() -> task<> {
            co_await sleep_for(2s);
            co_await *a;
        });
        co_await sleep_for(2s - 1ns);
        EXPECT_TRUE(reported.texts().empty());
        co_await sleep_for(1s);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        EXPECT_NE(reported.texts()[0].find("task 'b' waits for task 'a', at lints_test.cpp:"), std::string::npos) << reported.texts()[0];
        EXPECT_NE(reported.texts()[0].find("task 'a' waits for task 'b', at lints_test.cpp:"), std::string::npos) << reported.texts()[0];
        group.cancel();
    });
    a.reset();
    b.reset();
}

// a child that waits for its parent, which waits for its children.
ASYNC_TEST(WaitCycle, OfAGroupsEndIsReported) {
    auto reported = expect_report(report_kind::deadlock);
    co_await with_task_group([&](task_group& outer) -> task<> {
        std::optional<task_handle<void>> parent;
        parent = outer.create_task({.name = "parent"}, [&]() -> task<> {
            co_await with_task_group([&](task_group& inner) -> task<> {
                inner.create_task({.name = "child"}, [&]() -> task<> { co_await *parent; });
                co_return;
            });
        });
        co_await sleep_for(1s);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        EXPECT_NE(reported.texts()[0].find("task 'child' waits for task 'parent'"), std::string::npos) << reported.texts()[0];
        EXPECT_NE(reported.texts()[0].find("task 'parent' waits for group.exit"), std::string::npos) << reported.texts()[0];
        outer.cancel();
    });
}

// two tasks, two locks, taken in different orders.
ASYNC_TEST(WaitCycle, OfLocksIsReportedWhenItCloses) {
    auto reported = expect_report(report_kind::deadlock);
    lock accounts("accounts"), orders("orders");
    auto both = [](lock& first, lock& second, duration pause) -> task<> {
        auto outer = co_await first.acquire();
        co_await sleep_for(pause);
        auto inner = co_await second.acquire();
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "transfer"}, both, std::ref(accounts), std::ref(orders), duration(1s));
        group.create_task({.name = "report"}, both, std::ref(orders), std::ref(accounts), duration(2s));
        co_await sleep_for(2s - 1ns);
        EXPECT_TRUE(reported.texts().empty());
        co_await sleep_for(1s);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        const std::string& text = reported.texts()[0];
        EXPECT_NE(text.find("task 'report' waits for lock 'accounts', held by task 'transfer', at lints_test.cpp:"), std::string::npos)
            << text;
        EXPECT_NE(text.find("task 'transfer' waits for lock 'orders', held by task 'report', at lints_test.cpp:"), std::string::npos)
            << text;
        group.cancel();
    });
}

// `wait` for all of some is a wait for each of them.
ASYNC_TEST(WaitCycle, ThroughWaitIsReported) {
    auto reported = expect_report(report_kind::deadlock);
    std::optional<task_handle<void>> a, b;
    co_await with_task_group([&](task_group& group) -> task<> {
        a = group.create_task({.name = "a"}, [&]() -> task<> { (void)co_await wait({*b}, all_completed); });
        b = group.create_task({.name = "b"}, [&]() -> task<> { co_await *a; });
        co_await sleep_for(1s);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        EXPECT_NE(reported.texts()[0].find("task 'a' waits for wait 'b'"), std::string::npos) << reported.texts()[0];
        group.cancel();
    });
    a.reset();
    b.reset();
}

// Checks are for debug builds and tests: without them the circle is found when nothing can run any more.
TEST(WaitCycle, IsLookedForOnlyWithChecks) {
    hem::testing::report_collector seen;
    EXPECT_THROW(run({.clock = clock_kind::virtual_time, .checks = false},
                     []() -> task<> {
                         std::optional<task_handle<void>> a, b;
                         co_await with_task_group([&](task_group& group) -> task<> {
                             a = group.create_task([&]() -> task<> { co_await *b; });
                             b = group.create_task([&]() -> task<> { co_await *a; });
                             co_return;
                         });
                     }),
                 deadlock_error);
    EXPECT_TRUE(seen.unclaimed().empty());
}

//
ASYNC_TEST(Lints, ALostWakeIsReported) {
    auto reported = expect_report(report_kind::lint);
    hem::detail::task_header* lost = nullptr;
    struct foreign {
        hem::detail::task_header*& to;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) const noexcept {
            to = &hem::detail::current_task_header();
            to->resume_point = handle;
        }
        void await_resume() const noexcept {}
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "lost"}, [&]() -> task<> { co_await foreign{lost}; });
        co_await sleep_for(1s);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        EXPECT_NE(reported.texts()[0].find("task 'lost' suspended at lints_test.cpp:"), std::string::npos) << reported.texts()[0];
        lost->loop->make_ready(*lost);  // by hand: nobody else can
        group.cancel();
    });
}

// more than half of 1 000 turns woken by itself; once per place.
ASYNC_TEST(Lints, APollingTaskIsReported) {
    auto reported = expect_report(report_kind::lint);
    auto poll = [](int turns) -> task<> {
        for (int i = 0; i < turns; ++i) co_await yield_now();
    };
    co_await poll(500);
    EXPECT_TRUE(reported.texts().empty());
    co_await poll(1000);
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_NE(reported.texts()[0].find("task 'main' woke itself 501 times in 501 turns, at lints_test.cpp:"), std::string::npos)
        << reported.texts()[0];
}

// one that yields between real waits is not meant.
ASYNC_TEST(Lints, AYieldBetweenWaitsIsFine) {
    for (int i = 0; i < 2000; ++i) {
        co_await yield_now();
        co_await sleep_for(1ms);
        co_await sleep_for(1ms);
    }
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 4s);
}

// frames over 1 024 bytes of which many are made, once per place. Small ones and single large ones are fine.
task<std::size_t> with_buffer(int& sum) {
    std::array<int, 400> numbers{};
    numbers[std::size_t(sum) % 400] = 1;
    co_await yield_now();
    for (int n : numbers) sum += n;
    co_return sizeof(numbers);
}
ASYNC_TEST(Lints, ALargeFrameThatIsMadeOftenIsReported) {
    if (!hem::detail::frame_sizes_count()) CO_SKIP("sizes say nothing in this build");
    auto reported = expect_report(report_kind::lint);
    int sum = 0;
    for (int i = 0; i < 99; ++i) EXPECT_EQ(co_await with_buffer(sum), 1600u);
    EXPECT_TRUE(reported.texts().empty());
    for (int i = 0; i < 150; ++i) co_await with_buffer(sum);
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_NE(reported.texts()[0].find("a frame of 'task<std::size_t> (anonymous namespace)::with_buffer(int &)' (lints_test.cpp:"),
              std::string::npos)
        << reported.texts()[0];
    EXPECT_NE(reported.texts()[0].find(" bytes, and 100 were made"), std::string::npos) << reported.texts()[0];
}

ASYNC_TEST(Lints, ASmallFrameIsFine) {
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(co_await [](int n) -> task<int> { co_return n; }(i), i);
}

// a call to another service, and what has no end to it.
ASYNC_TEST(Lints, ACallOfOverAMinuteIsReportedOnce) {
    auto reported = expect_report(report_kind::lint);
    auto call = [](std::string what, duration takes) -> task<> {
        const hem::detail::outbound_call outbound([](const void* text) { return *static_cast<const std::string*>(text); }, &what);
        co_await sleep_for(takes);
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "report"}, call, std::string("GET http://slow/"), duration(5min));
        group.create_task({.name = "page"}, call, std::string("GET http://quick/"), duration(59s));
        co_await sleep_for(60s - 1ns);
        EXPECT_TRUE(reported.texts().empty());
    });
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_NE(reported.texts()[0].find("GET http://slow/: task 'report' waits for it for 60 s (it waits for sleep, at lints_test.cpp:"),
              std::string::npos)
        << reported.texts()[0];
}

// it is looked for when something runs anyway, and moves no clock.
ASYNC_TEST(Lints, ManyLongCallsAreCounted) {
    auto reported = expect_report(report_kind::lint);
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 8; ++i) {
            group.create_task([]() -> task<> {
                const hem::detail::outbound_call outbound([](const void*) { return std::string("a slot of the pool"); }, nullptr);
                co_await sleep_for(2min);
            });
        }
        co_return;
    });
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 2min);
    CO_ASSERT_EQ(reported.texts().size(), 6u);
    EXPECT_EQ(reported.texts()[5], "3 more calls to other services last over a minute");
}

//
ASYNC_TEST(SlowCancellation, ASwallowedOneIsReported) {
    auto reported = expect_report(report_kind::swallowed_cancel);
    co_await with_task_group([&](task_group& group) -> task<> {
        auto stubborn = group.create_task({.name = "stubborn"}, []() -> task<int> {
            try {
                co_await sleep_forever();
            } catch (...) {
            }
            co_return 42;
        });
        co_await sleep_for(1s);
        stubborn.cancel();
        EXPECT_EQ(co_await stubborn, 42);
    });
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_NE(reported.texts()[0].find("task 'stubborn' ended with a value"), std::string::npos) << reported.texts()[0];
}

// in a scope inside of a task; an error instead of the value, or a cancellation that never met the body, is no case of it.
ASYNC_TEST(SlowCancellation, ABodyThatSwallowsIsReported) {
    auto swallow = [](bool fail) -> task<int> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        if (fail) throw std::out_of_range("x");
        co_return 1;
    };
    {
        auto reported = expect_report(report_kind::swallowed_cancel);
        EXPECT_EQ(co_await move_on_after(1s, swallow(false)), 1);
        CO_ASSERT_EQ(reported.texts().size(), 1u);
        EXPECT_NE(reported.texts()[0].find("a body in task 'main'"), std::string::npos) << reported.texts()[0];
    }
    CO_EXPECT_THROW(co_await move_on_after(1s, swallow(true)), std::out_of_range);
    EXPECT_TRUE(co_await with_cancel_scope([](cancel_scope& scope) -> task<> {
        scope.cancel();
        co_return;
    }));
}

// An operation that cannot be abandoned, as a kernel operation in flight: it ends when its time has come, whoever cancels.
class stubborn_operation : public hem::detail::wait_node, private hem::detail::timer {
public:
    stubborn_operation(duration takes, int& asked) : wait_node(ops), timer(on_due), takes_(takes), asked_(asked) {}
    bool await_ready() { return begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle) {
        if (suspend_wait(*this, handle)) task->loop->add_timer(*this, task->loop->now() + takes_);
    }
    int await_resume() {
        end_wait(*this);
        return 7;
    }

private:
    static void on_due(timer& t) noexcept {
        auto& self = static_cast<stubborn_operation&>(t);
        self.task->loop->grant(self);
    }
    static bool abort(wait_node& node) noexcept {
        ++static_cast<stubborn_operation&>(node).asked_;
        return false;
    }
    static bool keep(wait_node&) noexcept { return false; }
    static constexpr hem::detail::wait_ops ops{"stubborn", abort, keep};
    duration takes_;
    int& asked_;
};

// asked to abort once, awaited to its end. R-20: its result is returned, the next cancel point throws. R-29: reported each second.
ASYNC_TEST(SlowCancellation, ATaskThatCannotEndIsReportedEachSecond) {
    auto reported = expect_report(report_kind::swallowed_cancel);
    int asked = 0, result = 0;
    bool next_threw = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "slow"}, [&]() -> task<> {
            result = co_await stubborn_operation(4500ms, asked);
            try {
                co_await checkpoint();
            } catch (const cancelled&) {
                next_threw = true;
                throw;
            }
        });
        co_await sleep_for(1s);
        group.cancel();
        group.cancel();
    });
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 4500ms);
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(result, 7);
    EXPECT_TRUE(next_threw);
    CO_ASSERT_EQ(reported.texts().size(), 3u);  // at 2 s, 3 s and 4 s
    EXPECT_NE(reported.texts()[0].find("task 'slow' ignores its cancellation for 1 s: it waits for stubborn, at lints_test.cpp:"),
              std::string::npos)
        << reported.texts()[0];
    EXPECT_NE(reported.texts()[2].find("for 3 s"), std::string::npos) << reported.texts()[2];
}

// cleanup behind a shield is bounded by its grace time and not meant; nor is the parent that waits for it.
ASYNC_TEST(SlowCancellation, ShieldedCleanupIsNotMeant) {
    const bool done = co_await move_on_after(1s, []() -> task<> {
        co_await with_task_group([](task_group& group) -> task<> {
            group.create_task([]() -> task<> { co_await finally(sleep_forever(), []() -> task<> { co_await sleep_for(4s); }); });
            co_return;
        });
    }());
    EXPECT_FALSE(done);
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 5s);
}

using ChecksDeathTest = ::testing::Test;
TEST_F(ChecksDeathTest, AKindCanBeFatal) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            checks::abort_on(report_kind::lint);
            hem::detail::send_report({.kind = report_kind::lint, .text = "the last words", .task = {}});
        },
        "advice: the last words");
}

TEST(Checks, AFatalKindCanBeTakenBack) {
    hem::testing::report_collector seen;
    checks::abort_on(report_kind::lint);
    checks::abort_on(report_kind::lint, false);
    hem::detail::send_report({.kind = report_kind::lint, .text = "not the last words", .task = {}});
    EXPECT_EQ(seen.unclaimed().size(), 1u);
}

}  // namespace
