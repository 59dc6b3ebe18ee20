// Checkpoints, order and fairness: the rules.
#include <algorithm>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

// True if awaiting what `make` gives throws `cancelled` in a cancelled scope.
template <class Make>
task<bool> is_cancel_point(Make make) {
    bool thrown = false;
    cancel_scope scope;
    scope.cancel();
    (void)co_await scope.run([&]() -> task<> {
        try {
            (void)co_await make();
        } catch (const cancelled&) {
            thrown = true;
            throw;
        }
    });
    co_return thrown;
}

// every leaf operation is a cancel point, also when it could complete at once; it then had no effect.
ASYNC_TEST(Checkpoint, EveryLeafOperationIsACancelPoint) {
    event ready;
    ready.set();
    lock free_lock;
    semaphore permits(2);
    queue<int> items(2);
    items.put_nowait(1);
    future<int> known;
    known.set_result(3);
    EXPECT_TRUE(co_await is_cancel_point([] { return sleep_for(1s); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return sleep_for(0s); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return sleep_until(clock::now()); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return sleep_forever(); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return yield_now(); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return checkpoint(); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return checkpoint_if_cancelled(); }));
    EXPECT_TRUE(co_await is_cancel_point([] { return yield_if_due(); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return ready.wait(); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return free_lock.acquire(); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return permits.acquire(); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return items.get(); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return items.put(2); }));
    EXPECT_TRUE(co_await is_cancel_point([&] { return known.operator co_await(); }));
    co_await with_task_group([](task_group& group) -> task<> {
        auto done = group.create_task([]() -> task<int> { co_return 1; });
        EXPECT_EQ(co_await done, 1);
        EXPECT_TRUE(co_await is_cancel_point([&] { return group.join(); }));
        EXPECT_TRUE(co_await is_cancel_point([&] { return done.operator co_await(); }));
        EXPECT_TRUE(co_await is_cancel_point([&]() -> task<> { (void)co_await wait({done}, first_completed); }));
    });
    EXPECT_FALSE(free_lock.locked());
    EXPECT_EQ(permits.available(), 2u);
    EXPECT_EQ(items.size(), 1u);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

// what can complete at once lets no other task run.
ASYNC_TEST(Checkpoint, AReadyOperationLetsNobodyElseRun) {
    bool others = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&others]() -> task<> {
            others = true;
            co_return;
        });
        event ready;
        ready.set();
        lock free_lock;
        semaphore permits(1);
        queue<int> items(1);
        co_await ready.wait();
        {
            auto guard = co_await free_lock.acquire();
            auto permit = co_await permits.acquire();
        }
        co_await items.put(1);
        EXPECT_EQ(co_await items.get(), 1);
        co_await checkpoint_if_cancelled();
        EXPECT_FALSE(others);
        co_await hem::testing::wait_all_tasks_blocked();
        EXPECT_TRUE(others);
    });
}

// none of these is a cancel point, and none lets another task run.
ASYNC_TEST(Checkpoint, WhatOnlyTellsOthersIsNoCheckpoint) {
    bool others = false, reached = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&others]() -> task<> {
            others = true;
            co_return;
        });
        event flag;
        lock some_lock;
        semaphore permits(0);
        queue<int> items(2);
        cancel_scope scope;
        scope.cancel();
        (void)co_await scope.run([&]() -> task<> {
            co_await []() -> task<> { co_return; }();
            auto child = group.create_task([]() -> task<> { co_return; });
            child.cancel();
            flag.set();
            flag.clear();
            permits.release();
            auto guard = some_lock.try_acquire();
            guard.release();
            items.put_nowait(1);
            EXPECT_EQ(items.get_nowait(), 1);
            items.task_done();
            EXPECT_TRUE(items.try_put(2));
            EXPECT_EQ(items.try_get(), 2);
            items.close();
            (void)co_await with_cancel_scope([](cancel_scope& inner) -> task<> {
                inner.cancel();
                co_return;
            });
            co_await with_task_group([](task_group&) -> task<> { co_return; });
            reached = true;
        });
        EXPECT_FALSE(others);
    });
    EXPECT_TRUE(reached);
}

// leaving a group with children suspends, but a cancellation from outside does not cut the wait: it waits for the children's ends.
ASYNC_TEST(Checkpoint, LeavingAGroupIsNoCancelPoint) {
    bool after = false;
    int left = 0;
    EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&left]() -> task<> {
                co_await shield(9s, sleep_for(3s));
                ++left;
            });
            co_return;
        });
        EXPECT_EQ(virtual_clock::elapsed(), 3s);
        after = true;  // the child ended with its value: nothing was interrupted
        co_await checkpoint();
    }()));
    EXPECT_EQ(left, 1);
    EXPECT_TRUE(after);
}

//
ASYNC_TEST(Order, YieldingTasksTakeTurns) {
    // Under the shuffle each round is a permutation of all three; no task runs twice before the others.
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const char name : std::string("abc")) {
            group.create_task([&trace, name]() -> task<> {
                for (int i = 0; i < 3; ++i) {
                    trace += name;
                    co_await yield_now();
                }
            });
        }
        co_return;
    });
    CO_ASSERT_EQ(trace.size(), 9u);
    for (int round = 0; round < 3; ++round) {
        std::string turn = trace.substr(round * 3, 3);
        std::sort(turn.begin(), turn.end());
        EXPECT_EQ(turn, "abc") << trace;
    }
}

// without shuffle, in the order of creation.
TEST(Order, TasksStartInTheOrderOfCreation) {
    std::string trace;
    run({.clock = clock_kind::virtual_time}, [&]() -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (const char name : std::string("abc")) {
                group.create_task([&trace, name]() -> task<> {
                    for (int i = 0; i < 3; ++i) {
                        trace += name + std::to_string(i) + " ";
                        co_await yield_now();
                    }
                });
            }
            co_return;
        });
    });
    EXPECT_EQ(trace, "a0 b0 c0 a1 b1 c1 a2 b2 c2 ");
}

// without shuffle the yield lets the other task run.
TEST(Order, ABudgetEndsAResumeThatNeverWaits) {
    run({.clock = clock_kind::virtual_time}, []() -> task<> {
        event ready;
        ready.set();
        int others = 0;
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                ++others;
                co_return;
            });
            for (int i = 0; i < 127; ++i) co_await ready.wait();
            EXPECT_EQ(others, 0);
            co_await ready.wait();
            EXPECT_EQ(others, 1);
        });
    });
}

// posted callbacks run in the order of posting; one that posts itself again for ever holds up no task.
ASYNC_TEST(Order, CallbacksRunInOrderAndStarveNobody) {
    std::string trace;
    for (const char name : std::string("abc")) loop::current().call_soon([&trace, name] { trace += name; });
    bool stop = false;
    int rounds = 0;
    struct again {
        bool& stop;
        int& rounds;
        void operator()() const {
            ++rounds;
            if (!stop) loop::current().call_soon(*this);
        }
    };
    loop::current().call_soon(again{stop, rounds});
    for (int i = 0; i < 100; ++i) co_await yield_now();
    EXPECT_EQ(trace, "abc");
    EXPECT_GE(rounds, 99);
    EXPECT_LE(rounds, 101);
    stop = true;
    co_await yield_now();
}

// timers are served while tasks never stop being ready.
ASYNC_TEST(Order, BusyTasksDoNotHoldUpTimers) {
    bool fired = false;
    loop::current().call_later(5s, [&fired] { fired = true; });
    int turns = 0;
    while (!fired && turns < 100) {
        ++turns;
        virtual_clock::jump(1s);
        co_await yield_now();
    }
    EXPECT_EQ(turns, 5);
}

// however many are due together, by deadline, then by registration; one that was cancelled by an earlier one does not fire.
ASYNC_TEST(Order, TimersDueTogetherFireInTheirOrder) {
    for (const int count : {10, 64, 65, 1000}) {
        struct due {
            int deadline;
            int number;
            auto operator<=>(const due&) const = default;
        };
        std::vector<due> armed, fired;
        std::vector<timer_handle> handles;
        const auto begin = clock::now() + 1s;
        for (int i = 0; i < count; ++i) {
            const due mine{static_cast<int>(loop::current().random()() % 50), i};
            armed.push_back(mine);
            handles.push_back(loop::current().call_at(begin + duration(mine.deadline), [&, mine] {
                fired.push_back(mine);
                if (mine.number == armed.front().number) handles[static_cast<std::size_t>(armed.back().number)].cancel();
            }));
        }
        std::sort(armed.begin(), armed.end());
        virtual_clock::jump(2s);
        co_await yield_now();
        co_await yield_now();
        armed.pop_back();
        EXPECT_EQ(fired.size(), armed.size());
        EXPECT_TRUE(fired == armed);
    }
}

// a tick resumes only what was ready at its start.
ASYNC_TEST(Order, WhatIsWokenInATickRunsInTheNext) {
    std::vector<std::uint64_t> ticks;
    co_await with_task_group([&ticks](task_group& group) -> task<> {
        group.create_task(
            [](task_group& own, std::vector<std::uint64_t>& seen) -> task<> {
                seen.push_back(loop::current().statistics().ticks);
                own.create_task(
                    [](std::vector<std::uint64_t>& later) -> task<> {
                        later.push_back(loop::current().statistics().ticks);
                        co_return;
                    },
                    std::ref(seen));
                co_return;
            },
            std::ref(group), std::ref(ticks));
        co_return;
    });
    CO_ASSERT_EQ(ticks.size(), 2u);
    EXPECT_EQ(ticks[1], ticks[0] + 1);
}

// a sleep of zero or less is a yield: a0 b0 c0 a1 b1 c1.
TEST(Order, AZeroOrNegativeSleepIsAYield) {
    for (const duration length : {duration(0s), duration(-1s)}) {
        std::string trace;
        run({.clock = clock_kind::virtual_time}, [&trace, length]() -> task<> {
            co_await with_task_group([&](task_group& group) -> task<> {
                for (const char name : std::string("abc")) {
                    group.create_task([&trace, name, length]() -> task<> {
                        for (int i = 0; i < 2; ++i) {
                            trace += name + std::to_string(i) + " ";
                            co_await sleep_for(length);
                        }
                    });
                }
                co_return;
            });
            EXPECT_EQ(virtual_clock::elapsed(), 0s);
        });
        EXPECT_EQ(trace, "a0 b0 c0 a1 b1 c1 ");
    }
}

}  // namespace
