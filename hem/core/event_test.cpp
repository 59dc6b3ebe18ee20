// Events and latches.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::wait_all_tasks_blocked;

//
ASYNC_TEST(Event, SetWakesWhoWaitsEvenIfClearFollows) {
    event flag;
    int woken = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) {
            group.create_task([&]() -> task<> {
                co_await flag.wait();
                ++woken;
            });
        }
        co_await wait_all_tasks_blocked();
        flag.set();
        flag.clear();
        EXPECT_EQ(woken, 0);
        EXPECT_EQ(flag.statistics().waiters, 0u);
    });
    EXPECT_EQ(woken, 3);
    EXPECT_EQ(flag.statistics().grants, 3u);
    EXPECT_EQ(flag.statistics().peak, 3u);
}

//
ASYNC_TEST(Event, ANewcomerThatFindsItSetDoesNotWait) {
    event flag;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await flag.wait();
            trace += "waiter";
        });
        co_await wait_all_tasks_blocked();
        flag.set();
        co_await flag.wait();
        trace += "newcomer ";
    });
    EXPECT_EQ(trace, "newcomer waiter");
}

// cancellation beats the wake-up.
ASYNC_TEST(Event, AWokenWaiterThatIsCancelledThrows) {
    event flag;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto waiting = group.create_task([&]() -> task<> { co_await flag.wait(); });
        co_await wait_all_tasks_blocked();
        flag.set();
        waiting.cancel();
        CO_EXPECT_THROW(co_await waiting, task_cancelled);
    });
}

ASYNC_TEST(Latch, WakesEverybodyAtZeroAndStaysThere) {
    latch ready(3, "parts");
    int woken = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&]() -> task<> {
                co_await ready.wait();
                ++woken;
            });
        }
        co_await wait_all_tasks_blocked();
        ready.count_down(2);
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(woken, 0);
        EXPECT_EQ(ready.statistics().count, 1u);
        EXPECT_EQ(ready.statistics().waiters, 2u);
        ready.count_down();
        EXPECT_EQ(woken, 0);
    });
    EXPECT_EQ(woken, 2);
    EXPECT_TRUE(ready.done());
    co_await ready.wait();
}

//
ASYNC_TEST(Latch, BelowZeroIsRefused) {
    EXPECT_THROW(latch(-1), std::invalid_argument);
    latch ready(1);
    EXPECT_THROW(ready.count_down(2), usage_error);
    EXPECT_EQ(ready.count(), 1u);
    EXPECT_THROW(ready.count_down(-1), std::invalid_argument);
    ready.count_down();
    EXPECT_THROW(ready.count_down(), usage_error);
    co_return;
}

TEST(CancelAtEveryAwait, EventAndLatchKeepNobody) {
    std::optional<event> flag;
    std::optional<latch> ready;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            flag.emplace();
            ready.emplace(2);
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 2; ++i) {
                    group.create_task([&]() -> task<> {
                        co_await flag->wait();
                        ready->count_down();
                    });
                }
                co_await yield_now();
                flag->set();
                co_await ready->wait();
            });
        },
        [&]() -> task<> {
            EXPECT_EQ(flag->statistics().waiters, 0u);
            EXPECT_EQ(ready->statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
