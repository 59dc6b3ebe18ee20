// Broadcasts and watches: every subscriber sees every item, or the latest value.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

ASYNC_TEST(Broadcast, EverySubscriberSeesEveryItem) {
    broadcast<int> news(4);
    EXPECT_EQ(news.publish(0), 0u);  // nobody is there yet
    std::vector<int> first, second;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (auto* seen : {&first, &second}) {
            group.create_task([seen, mine = news.subscribe()]() mutable -> task<> {
                co_await for_each(std::move(mine), [seen](int item) { seen->push_back(item); });
            });
        }
        for (int i = 1; i <= 8; ++i) {
            EXPECT_EQ(news.publish(i), 2u);
            co_await wait_all_tasks_blocked();
        }
        EXPECT_EQ(news.statistics().size, 0u);  // everybody has seen them: nothing is kept
        EXPECT_EQ(news.statistics().waiters, 2u);
        news.close();
    });
    EXPECT_EQ(first, (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(second, first);
    EXPECT_EQ(news.statistics().published, 9u);
    EXPECT_EQ(news.statistics().subscribers, 0u);
    EXPECT_THROW(news.publish(1), closed_resource);
}

ASYNC_TEST(Broadcast, ASlowSubscriberIsToldHowManyItMissed) {
    broadcast<int> news(3);
    auto fast = news.subscribe(), slow = news.subscribe();
    for (int i = 1; i <= 7; ++i) {
        news.publish(i);
        EXPECT_EQ(co_await fast.next(), i);
    }
    try {
        (void)co_await slow.next();
        ADD_FAILURE();
    } catch (const lagged& error) {
        EXPECT_EQ(error.missed(), 4u);
    }
    for (int i = 5; i <= 7; ++i) EXPECT_EQ(co_await slow.next(), i);
    EXPECT_FALSE(slow.try_next());
    EXPECT_EQ(news.statistics().dropped, 4u);
}

ASYNC_TEST(Broadcast, ClosedItServesWhatIsLeft) {
    std::optional<broadcast<std::string>> news(std::in_place, 3);
    auto mine = news->subscribe();
    news->publish("last");
    news.reset();
    EXPECT_EQ(co_await mine.next(), "last");
    EXPECT_FALSE(co_await mine.next());
    mine.close();
    mine.close();
    CO_EXPECT_THROW(co_await mine.next(), closed_resource);
}

// R-94 for subscriptions.
ASYNC_TEST(Broadcast, ASubscriptionIsClosedUnderItsWaiter) {
    broadcast<int> news(3);
    auto mine = news.subscribe();
    std::optional<subscription<int>> dropped(news.subscribe());
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await mine.next(), closed_resource); });
        group.create_task([&waiting = *dropped]() -> task<> { CO_EXPECT_THROW(co_await waiting.next(), closed_resource); });
        co_await wait_all_tasks_blocked();
        CO_EXPECT_THROW(co_await mine.next(), busy_resource);
        mine.close();
        news.publish(1);
        dropped.reset();
    });
    EXPECT_EQ(news.statistics().size, 0u);
}

//
ASYNC_TEST(Broadcast, ACancelledNextTookNothing) {
    broadcast<int> news(3);
    auto mine = news.subscribe();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto waiting = group.create_task([&]() -> task<> { (void)co_await mine.next(); });
        co_await wait_all_tasks_blocked();
        news.publish(1);
        waiting.cancel();
        CO_EXPECT_THROW(co_await waiting, task_cancelled);
        EXPECT_EQ(co_await mine.next(), 1);
        CO_EXPECT_THROW(co_await timeout(1s, mine.next()), timeout_error);
    });
    EXPECT_THROW(broadcast<int>(0), std::invalid_argument);
}

ASYNC_TEST(Watch, ShowsTheLatestValueOnly) {
    watch<int> level(1);
    auto view = level.subscribe();
    EXPECT_EQ(view.get(), 1);
    level.set(2);
    level.set(3);
    level.update([](int& value) { ++value; });
    EXPECT_EQ(co_await view.next(), 4);
    CO_EXPECT_THROW(co_await timeout(1s, view.next()), timeout_error);
    EXPECT_EQ(level.statistics().changes, 3u);
    EXPECT_EQ(level.statistics().subscribers, 1u);
}

ASYNC_TEST(Watch, ChangedWaitsForANewerValue) {
    watch<int> level(1);
    level.set(2);
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&]() -> task<> {
                EXPECT_EQ(co_await level.changed(), 3);
                EXPECT_EQ(virtual_clock::elapsed(), 1s);
            });
        }
        co_await sleep_for(1s);
        EXPECT_EQ(level.statistics().waiters, 2u);
        level.set(3);
    });
    EXPECT_EQ(level.get(), 3);
}

ASYNC_TEST(Watch, ClosedItShowsItsLastValueOnce) {
    watch<int> level(1);
    auto view = level.subscribe();
    std::vector<int> seen;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await level.changed(), closed_resource); });
        co_await wait_all_tasks_blocked();
        level.close();
        EXPECT_THROW(level.set(2), closed_resource);
    });
    co_await for_each(std::move(view), [&](int value) { seen.push_back(value); });
    EXPECT_TRUE(seen.empty());
}

TEST(CancelAtEveryAwait, SubscriptionsLeaveNothing) {
    std::optional<broadcast<int>> news;
    std::optional<watch<int>> level;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            news.emplace(2);
            level.emplace(0);
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 2; ++i) {
                    group.create_task([mine = news->subscribe()]() mutable -> task<> {
                        int expected = 1;
                        while (auto item = co_await mine.next()) EXPECT_EQ(*item, expected++);
                    });
                    group.create_task([view = level->subscribe()]() mutable -> task<> { (void)co_await view.next(); });
                }
                for (int i = 1; i <= 3; ++i) {
                    co_await sleep_for(1s);
                    news->publish(i);
                    level->set(i);
                }
                news->close();
            });
        },
        [&]() -> task<> {
            EXPECT_EQ(news->statistics().subscribers, 0u);
            EXPECT_EQ(news->statistics().waiters, 0u);
            EXPECT_EQ(news->statistics().size, 0u);
            EXPECT_EQ(level->statistics().subscribers, 0u);
            co_return;
        });
}

}  // namespace
