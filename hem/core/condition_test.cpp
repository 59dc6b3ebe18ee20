// Conditions.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <deque>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

// One that waits to be notified and says when it goes on.
task<> wait_once(condition& changed, std::string& trace, char name) {
    auto guard = co_await changed.acquire();
    co_await changed.wait();
    EXPECT_EQ(changed.get_lock().statistics().owner, detail::current_task_header().id);
    trace += name;
}

task<> start_waiters(task_group& group, condition& changed, std::string& trace, std::string names) {
    for (const char name : names) {
        group.create_task(wait_once, std::ref(changed), std::ref(trace), name);
        co_await wait_all_tasks_blocked();
    }
}

//
ASYNC_TEST(Condition, NotifyMovesWaitersToTheLocksQueue) {
    condition changed;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        co_await start_waiters(group, changed, trace, "abcd");
        auto guard = co_await changed.acquire();
        EXPECT_EQ(changed.statistics().waiters, 4u);
        changed.notify(2);
        EXPECT_EQ(changed.statistics().waiters, 2u);
        EXPECT_EQ(changed.get_lock().statistics().waiters, 2u);
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "");  // they have no lock yet
        guard.release();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "ab");
        guard = co_await changed.acquire();
        changed.notify_all();
    });
    EXPECT_EQ(trace, "abcd");
    EXPECT_FALSE(changed.get_lock().locked());
    EXPECT_EQ(changed.statistics().grants, 4u);
}

//
ASYNC_TEST(Condition, NeedsTheLock) {
    lock mutex;
    condition changed(mutex, "stock");
    CO_EXPECT_THROW(co_await changed.wait(), usage_error);
    CO_EXPECT_THROW(co_await changed.wait([] { return true; }), usage_error);
    try {
        changed.notify();
        ADD_FAILURE();
    } catch (const usage_error& error) {
        EXPECT_NE(std::string(error.what()).find("notifies the condition 'stock' without its lock"), std::string::npos) << error.what();
    }
    auto guard = co_await mutex.acquire();
    changed.notify();
    co_await changed.wait([] { return true; });
}

// a wait that is cancelled ends with the lock held, however long that takes.
ASYNC_TEST(Condition, ACancelledWaitHoldsTheLockAgain) {
    auto slow = hem::testing::expect_report(report_kind::swallowed_cancel);  // the lock comes 4 s after the cancellation
    condition changed;
    bool held = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto waiting = group.create_task([&]() -> task<> {
            auto guard = co_await changed.acquire();
            try {
                co_await changed.wait();
            } catch (const cancelled&) {
                held = changed.get_lock().statistics().owner == detail::current_task_header().id;
                EXPECT_EQ(virtual_clock::elapsed(), 5s);
                throw;
            }
        });
        co_await wait_all_tasks_blocked();
        auto guard = co_await changed.acquire();
        waiting.cancel();
        co_await sleep_for(5s);
        EXPECT_FALSE(held);
        guard.release();
        CO_EXPECT_THROW(co_await waiting, task_cancelled);
    });
    EXPECT_TRUE(held);
    EXPECT_FALSE(changed.get_lock().locked());
}

// the same while nobody has the lock.
ASYNC_TEST(Condition, ACancelledWaitTakesAFreeLock) {
    condition changed;
    CO_EXPECT_THROW(co_await timeout(1s,
                                     [](condition& waited_for) -> task<> {
                                         auto guard = co_await waited_for.acquire();
                                         co_await waited_for.wait();
                                     }(changed)),
                    timeout_error);
    EXPECT_FALSE(changed.get_lock().locked());
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// cancelled while it waits for the lock, after it was notified.
ASYNC_TEST(Condition, ANotificationOfACancelledWaiterPassesOn) {
    condition changed;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task(wait_once, std::ref(changed), std::ref(trace), 'a');
        co_await wait_all_tasks_blocked();
        group.create_task(wait_once, std::ref(changed), std::ref(trace), 'b');
        co_await wait_all_tasks_blocked();
        auto guard = co_await changed.acquire();
        changed.notify();
        first.cancel();
    });
    EXPECT_EQ(trace, "b");
}

// cancelled after it was given the lock, before it resumed.
ASYNC_TEST(Condition, ANotificationOfAGrantedWaiterPassesOn) {
    condition changed;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task(wait_once, std::ref(changed), std::ref(trace), 'a');
        co_await wait_all_tasks_blocked();
        group.create_task(wait_once, std::ref(changed), std::ref(trace), 'b');
        co_await wait_all_tasks_blocked();
        auto guard = co_await changed.acquire();
        changed.notify();
        guard.release();
        first.cancel();
    });
    EXPECT_EQ(trace, "b");
    EXPECT_FALSE(changed.get_lock().locked());
}

// the predicate hides wake-ups without a reason.
ASYNC_TEST(Condition, WaitsForAPredicate) {
    condition changed;
    int level = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            auto guard = co_await changed.acquire();
            co_await changed.wait([&] { return level >= 3; });
            EXPECT_EQ(level, 3);
            EXPECT_EQ(virtual_clock::elapsed(), 3s);
        });
        for (int i = 0; i < 3; ++i) {
            co_await sleep_for(1s);
            auto guard = co_await changed.acquire();
            ++level;
            changed.notify_all();
        }
    });
    EXPECT_EQ(level, 3);
}

// whoever should have notified ended with the lock.
ASYNC_TEST(Condition, ABrokenLockBreaksTheWait) {
    condition changed("stock");
    std::optional<lock::guard> kept;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            auto guard = co_await changed.acquire();
            CO_EXPECT_THROW(co_await changed.wait(), broken_resource);
        });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> { kept = co_await changed.acquire(); });
        co_return;
    });
    CO_EXPECT_THROW(co_await changed.wait(), broken_resource);
    kept.reset();
}

// no item and no lock is lost, wherever the program is cut.
TEST(CancelAtEveryAwait, ConditionKeepsItsLockInOrder) {
    std::optional<condition> changed;
    std::deque<int> shelf;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            changed.emplace();
            shelf.clear();
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 2; ++i) {
                    group.create_task([&]() -> task<> {
                        auto guard = co_await changed->acquire();
                        co_await changed->wait([&] { return !shelf.empty(); });
                        shelf.pop_front();
                    });
                }
                for (int i = 0; i < 2; ++i) {
                    co_await sleep_for(1s);
                    auto guard = co_await changed->acquire();
                    shelf.push_back(i);
                    changed->notify();
                }
            });
            EXPECT_TRUE(shelf.empty());
        },
        [&]() -> task<> {
            EXPECT_FALSE(changed->get_lock().locked());
            EXPECT_EQ(changed->statistics().waiters, 0u);
            EXPECT_EQ(changed->get_lock().statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
