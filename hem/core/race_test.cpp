// race and any: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

task<int> after(duration d, int value) {
    co_await sleep_for(d);
    co_return value;
}
task<int> fail_after(duration d, std::string text) {
    co_await sleep_for(d);
    throw std::runtime_error(text);
}
// Cleans up for `d` when it is cancelled.
task<int> slow_to_leave(duration d, int& left) {
    co_await finally(sleep_forever(), [d, &left]() -> task<> {
        co_await sleep_for(d);
        ++left;
    });
    co_return 0;
}

//
ASYNC_TEST(Race, TheFirstValueWinsAndTheLosersAreCancelled) {
    EXPECT_EQ(co_await race(after(5s, 1), after(2s, 2), after(30s, 3)), 2);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
    EXPECT_EQ(loop::current().statistics().timers, 0u);
}

//
ASYNC_TEST(Race, AnErrorWinsToo) {
    try {
        (void)co_await race(after(5s, 1), fail_after(2s, "first"), after(3s, 3));
        ADD_FAILURE();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "first");
    }
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

// it returns when the losers have ended.
ASYNC_TEST(Race, WaitsForTheLosersCleanup) {
    int left = 0;
    EXPECT_EQ(co_await race(after(1s, 7), slow_to_leave(3s, left)), 7);
    EXPECT_EQ(left, 1);
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

// one winner, also if several are ready in one tick; the loser's value is destroyed.
ASYNC_TEST(Race, OfSeveralReadyInOneTickOneWins) {
    std::vector<std::weak_ptr<int>> made;
    auto value = [&made](int n) -> task<std::shared_ptr<int>> {
        co_await sleep_for(1s);
        auto result = std::make_shared<int>(n);
        made.push_back(result);
        co_return result;
    };
    auto won = co_await race(value(1), value(2), value(3));
    EXPECT_TRUE(*won >= 1 && *won <= 3);
    int alive = 0;
    for (auto& each : made) alive += !each.expired();
    EXPECT_EQ(alive, 1);
}

// the error of a loser is reported.
ASYNC_TEST(Race, TheErrorOfALoserIsReported) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    auto fails_to_leave = []() -> task<int> {
        try {
            co_await sleep_forever();
        } catch (const cancelled& reason) {
            EXPECT_NE(reason.reason().text.find("race"), std::string::npos);
        }
        throw std::logic_error("in the cleanup");
    };
    EXPECT_EQ(co_await race(after(1s, 1), fails_to_leave()), 1);
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("lost the race"), std::string::npos) << expected.texts()[0];
}

ASYNC_TEST(Race, OfDifferentTypesTheIndexSaysWhoWon) {
    auto timer_first = co_await race(after(5s, 1), sleep_for(1s));
    static_assert(std::is_same_v<decltype(timer_first), std::variant<int, std::monostate>>);
    EXPECT_EQ(timer_first.index(), 1u);
    auto value_first = co_await race(after(1s, 4), sleep_for(2s));
    EXPECT_EQ(std::get<0>(value_first), 4);
    co_await race(sleep_for(1s), sleep_for(2s));
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(Race, ARangeIsRacedAtOnceAndNothingIsRefused) {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(after(std::chrono::seconds(20 - i), i));
    EXPECT_EQ(co_await race(std::move(tasks)), 19);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
    CO_EXPECT_THROW(co_await race(std::vector<task<int>>()), std::invalid_argument);
    CO_EXPECT_THROW(co_await any(std::vector<task<int>>()), std::invalid_argument);
}

// cancelled while it waits: the rest is cancelled and joined, then `cancelled` leaves.
ASYNC_TEST(Race, ACancelledCallerCancelsAndJoinsAll) {
    int left = 0;
    EXPECT_FALSE(co_await move_on_after(1s, race(slow_to_leave(2s, left), slow_to_leave(3s, left))));
    EXPECT_EQ(left, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

// an error that a child throws while it leaves wins over the cancellation.
ASYNC_TEST(Race, AnErrorThrownWhileLeavingWinsOverTheCancellation) {
    auto fails_to_leave = []() -> task<int> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        throw std::logic_error("in the cleanup");
    };
    CO_EXPECT_THROW((void)co_await move_on_after(1s, race(fails_to_leave(), after(9s, 1))), std::logic_error);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

//
ASYNC_TEST(Any, TheFirstValueWinsOverEarlierErrors) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    EXPECT_EQ(co_await any(fail_after(1s, "early"), after(3s, 3), after(9s, 9)), 3);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("early"), std::string::npos) << expected.texts()[0];
}

// All failures together, in order of arrival, even a single one.
ASYNC_TEST(Any, AllFailuresLeaveTogether) {
    try {
        (void)co_await any(fail_after(3s, "late"), fail_after(1s, "early"));
        ADD_FAILURE();
    } catch (const exception_group& group) {
        CO_ASSERT_EQ(group.errors().size(), 2u);
        std::string order;
        group.handle<std::runtime_error>([&](const std::runtime_error& error) { order += error.what() + std::string(" "); });
        EXPECT_EQ(order, "early late ");
    }
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    CO_EXPECT_THROW((void)co_await any(fail_after(1s, "only")), exception_group);
}

// a cancellation is not one of the failures.
ASYNC_TEST(Any, ACancelledCallerGetsItsCancellation) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    EXPECT_FALSE(co_await move_on_after(2s, any(fail_after(1s, "before"), after(9s, 9))));
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(expected.texts().size(), 1u);
}

ASYNC_TEST(Any, HandlesAndRangesCompete) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto first = group.create_task(after, 2s, 1);
        auto second = group.create_task(after, 1s, 2);
        EXPECT_EQ(co_await any(first, second), 2);
        EXPECT_FALSE(first.done());  // a handle only watches: the task goes on
        std::vector<task_handle<int>> handles{first, second};
        EXPECT_EQ(co_await race(handles), 2);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

//
TEST(Race, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        event go;
        co_await gather(
            [](event& flag) -> task<> {
                co_await yield_now();
                flag.set();
            }(go),
            [](event& flag) -> task<> {
                (void)co_await race(flag.wait(), sleep_for(1s));
                std::vector<task<int>> tasks;
                for (int i = 0; i < 3; ++i) tasks.push_back(after(std::chrono::seconds(i + 1), i));
                (void)co_await any(std::move(tasks));
            }(go));
    });
    EXPECT_GE(awaits, 8u);
}

}  // namespace
