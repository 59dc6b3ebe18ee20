// Locks, and what every primitive promises when it is cancelled.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::wait_all_tasks_blocked;

// R-106, P15: none of them goes to a worker.
template <class... T>
inline constexpr bool stay_on_their_loop = (!is_thread_transferable<std::reference_wrapper<T>> && ...);
static_assert(stay_on_their_loop<event, latch, lock, rw_lock, semaphore, bounded_semaphore, condition, barrier, capacity_limiter>);
static_assert(stay_on_their_loop<queue<int>, lifo_queue<int>, priority_queue<int>, broadcast<int>, watch<int>, future<int>>);
static_assert(!is_thread_transferable<sender<int>> && !is_thread_transferable<receiver<int>>);

//
ASYNC_TEST(Lock, IsHandedOverInOrderWithoutAGap) {
    lock mutex;
    std::string trace;
    auto holder = co_await mutex.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const char name : std::string("abc")) {
            group.create_task([&, name]() -> task<> {
                auto guard = co_await mutex.acquire();
                trace += name;
            });
            co_await wait_all_tasks_blocked();
        }
        holder.release();
        EXPECT_TRUE(mutex.locked());
        EXPECT_FALSE(mutex.try_acquire().owns());
        EXPECT_EQ(trace, "");
        auto behind = co_await mutex.acquire();
        EXPECT_EQ(trace, "abc");
    });
    EXPECT_FALSE(mutex.locked());
}

//
ASYNC_TEST(Lock, MisuseIsNamed) {
    lock mutex("accounts");
    CO_EXPECT_THROW(mutex.release(), usage_error);
    auto guard = co_await mutex.acquire();
    try {
        (void)co_await mutex.acquire();
        ADD_FAILURE();
    } catch (const usage_error& error) {
        EXPECT_NE(std::string(error.what()).find("the lock 'accounts' that it holds already"), std::string::npos) << error.what();
    }
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            CO_EXPECT_THROW(mutex.release(), usage_error);
            co_return;
        });
        co_return;
    });
    EXPECT_TRUE(mutex.locked());
}

//
ASYNC_TEST(Lock, AGuardReleasesOnlyItsOwnAcquisition) {
    lock mutex;
    auto early = co_await mutex.acquire();
    mutex.release();
    auto now = co_await mutex.acquire();
    early.release();
    EXPECT_TRUE(mutex.locked());
    now.release();
    EXPECT_FALSE(mutex.locked());
}

// its owner ended without releasing.
ASYNC_TEST(Lock, AnOwnerThatEndsBreaksIt) {
    lock mutex("ledger");
    std::optional<lock::guard> kept;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "careless"}, [&]() -> task<> {
            kept = co_await mutex.acquire();
            co_await sleep_for(1s);
        });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> {
            try {
                (void)co_await mutex.acquire();
                ADD_FAILURE();
            } catch (const broken_resource& error) {
                EXPECT_NE(std::string(error.what()).find("task 'careless' ended without releasing the lock 'ledger'"), std::string::npos);
            }
        });
        co_await wait_all_tasks_blocked();
    });
    CO_EXPECT_THROW(co_await mutex.acquire(), broken_resource);
    CO_EXPECT_THROW(mutex.try_acquire(), broken_resource);
    kept.reset();
    EXPECT_FALSE(mutex.locked());
}

// a guard that left its task ends the holding, and breaks nothing.
ASYNC_TEST(Lock, AGuardMayBeReleasedByAnotherTask) {
    lock mutex;
    auto guard = co_await mutex.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(
            [](lock::guard moved) -> task<> {
                moved.release();
                co_return;
            },
            std::move(guard));
        co_return;
    });
    EXPECT_FALSE(mutex.locked());
    auto again = co_await mutex.acquire();
}

// cancelled after the grant, before the resume: the next in line enters.
ASYNC_TEST(Lock, ACancelledGrantPassesOn) {
    lock mutex;
    std::string trace;
    auto holder = co_await mutex.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> {
            (void)co_await mutex.acquire();
            trace += "first";
        });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> {
            auto guard = co_await mutex.acquire();
            trace += "second";
        });
        co_await wait_all_tasks_blocked();
        holder.release();
        first.cancel();
        EXPECT_TRUE(mutex.locked());
    });
    EXPECT_EQ(trace, "second");
    EXPECT_FALSE(mutex.locked());
}

// cancelled while it waits, it is out of the line.
ASYNC_TEST(Lock, ACancelledWaiterLeavesTheLine) {
    lock mutex;
    bool entered = false;
    auto holder = co_await mutex.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> { (void)co_await mutex.acquire(); });
        group.create_task([&]() -> task<> {
            auto guard = co_await mutex.acquire();
            entered = true;
        });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(mutex.statistics().waiters, 2u);
        first.cancel();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(mutex.statistics().waiters, 1u);
        holder.release();
    });
    EXPECT_TRUE(entered);
}

ASYNC_TEST(Lock, TellsItsFigures) {
    lock mutex;
    const auto own = co_await mutex.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto waiting = group.create_task([&]() -> task<> { (void)co_await mutex.acquire(); });
        co_await wait_all_tasks_blocked();
        const auto figures = mutex.statistics();
        EXPECT_EQ(figures.waiters, 1u);
        EXPECT_EQ(figures.peak, 1u);
        EXPECT_EQ(figures.grants, 0u);
        EXPECT_EQ(figures.owner, detail::current_task_header().id);
        mutex.release();
        EXPECT_EQ(mutex.statistics().owner, waiting.id());
        co_await waiting;
    });
    EXPECT_EQ(mutex.statistics().grants, 1u);
    EXPECT_EQ(mutex.statistics().owner, 0u);
}

// what a waiting task waits for, and who has to act.
ASYNC_TEST(Lock, AWaiterNamesItAndItsOwner) {
    lock mutex("ledger");
    const auto own = co_await mutex.acquire();
    const auto* self = &detail::current_task_header();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto waiting = group.create_task([&]() -> task<> { (void)co_await mutex.acquire(); });
        co_await wait_all_tasks_blocked();
        for (const detail::task_header& each : self->loop->tasks) {
            if (each.id != waiting.id()) continue;
            const auto target = each.waiting->ops->target(*each.waiting);
            EXPECT_EQ(target.name, "ledger");
            EXPECT_EQ(target.owner, self);
        }
        mutex.release();
    });
}

// R-85, P15
TEST(Lock, BelongsToTheLoopThatUsesItFirst) {
    lock mutex("shared");
    run([&]() -> task<> {
        const auto guard = co_await mutex.acquire();
        std::string text;
        std::thread other([&] {
            try {
                run([&]() -> task<> { (void)co_await mutex.acquire(); });
            } catch (const usage_error& error) {
                text = error.what();
            }
        });
        other.join();
        EXPECT_NE(text.find("lock 'shared' belongs to loop 0, touched from loop 1"), std::string::npos) << text;
    });
}

// R-85, P15: every primitive, from a thread without a loop and from another loop.
TEST(Primitives, AreNotTouchedFromAnotherThread) {
    event flag("flag");
    semaphore permits(1, "permits");
    queue<int> items(1, "items");
    future<int> answer("answer");
    latch ready(1, "ready");
    barrier meeting(2, "meeting");
    capacity_limiter limiter(1, "limiter");
    broadcast<int> news(1, "news");
    watch<int> value(0, "value");
    run([&]() -> task<> {
        CO_EXPECT_THROW(co_await timeout(1ms, flag.wait()), timeout_error);
        CO_EXPECT_THROW(co_await timeout(1ms, answer.wait()), timeout_error);
        CO_EXPECT_THROW(co_await timeout(1ms, ready.wait()), timeout_error);
        CO_EXPECT_THROW(co_await timeout(1ms, meeting.wait()), timeout_error);
        (void)co_await permits.acquire();
        (void)co_await limiter.acquire();
        co_await items.put(1);
        news.publish(1);
        value.set(1);
        std::thread([&] {
            EXPECT_THROW(flag.set(), usage_error);
            EXPECT_THROW(permits.release(), usage_error);
            EXPECT_THROW((void)permits.try_acquire(), usage_error);
            EXPECT_THROW(items.put_nowait(1), usage_error);
            EXPECT_THROW((void)items.try_get(), usage_error);
            EXPECT_THROW(items.close(), usage_error);
            EXPECT_THROW(answer.set_result(1), usage_error);
            EXPECT_THROW(ready.count_down(), usage_error);
            EXPECT_THROW(meeting.abort(), usage_error);
            EXPECT_THROW(limiter.set_total_tokens(2), usage_error);
            EXPECT_THROW(news.publish(1), usage_error);
            EXPECT_THROW(value.set(1), usage_error);
        }).join();
        std::thread([&] {
            run([&]() -> task<> {
                CO_EXPECT_THROW(co_await flag.wait(), usage_error);
                CO_EXPECT_THROW(co_await permits.acquire(), usage_error);
                CO_EXPECT_THROW(co_await items.get(), usage_error);
                CO_EXPECT_THROW(co_await items.join(), usage_error);
                CO_EXPECT_THROW(co_await answer, usage_error);
                CO_EXPECT_THROW(co_await ready.wait(), usage_error);
                CO_EXPECT_THROW(co_await meeting.wait(), usage_error);
                CO_EXPECT_THROW(co_await limiter.acquire(), usage_error);
            });
        }).join();
    });
}

// filled before any loop runs, and used on one loop after the other has ended.
TEST(Primitives, MayBeMadeAnywhereAndOutliveTheirLoop) {
    queue<int> items(2);
    items.put_nowait(7);
    event flag;
    flag.set();
    for (int i = 7; i < 10; ++i) {
        run([&]() -> task<> {
            co_await flag.wait();
            EXPECT_EQ(co_await items.get(), i);
            co_await items.put(i + 1);
        });
    }
    EXPECT_EQ(items.get_nowait(), 10);
}

//
TEST(CancelAtEveryAwait, LockIsNeverLeftLocked) {
    std::optional<lock> mutex;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            mutex.emplace();
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 3; ++i) {
                    group.create_task([&]() -> task<> {
                        auto guard = co_await mutex->acquire();
                        co_await sleep_for(1s);
                    });
                }
                co_return;
            });
            EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 3s);
        },
        [&]() -> task<> {
            EXPECT_FALSE(mutex->locked());
            EXPECT_EQ(mutex->statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
