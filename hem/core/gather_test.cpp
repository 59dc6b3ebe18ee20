// gather, gather_settled, settled: the rules.
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

//
ASYNC_TEST(Gather, AFailureCancelsAndJoinsTheRest) {
    CO_EXPECT_THROW(co_await gather(after(5s, 1), after(4s, 2), fail_after(2s, "no")), std::runtime_error);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

//
ASYNC_TEST(Gather, ResultsComeInInputOrder) {
    auto [a, b, nothing] = co_await gather(after(2s, 1), after(1s, 2), sleep_for(3s));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    std::vector<task<int>> many;
    for (int i = 0; i < 5; ++i) many.push_back(after(std::chrono::seconds(5 - i), i));
    EXPECT_EQ(co_await gather(std::move(many), {.limit = 2}), (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_TRUE((co_await gather(std::vector<task<int>>(), unbounded)).empty());
    CO_EXPECT_THROW(co_await gather(std::vector<task<int>>(), {.limit = 0}), std::invalid_argument);
}

//
ASYNC_TEST(Gather, SettledKeepsEachOutcomeAndPassesTheCallersCancellation) {
    auto [good, bad] = co_await gather_settled(after(1s, 1), fail_after(2s, "x"));
    EXPECT_TRUE(good.has_value());
    EXPECT_TRUE(bad.error());
    EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> { (void)co_await gather_settled(after(5s, 1), after(6s, 1)); }()));
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

// of several failures the first in completion order is thrown; the next one is reported.
ASYNC_TEST(Gather, TheFirstFailureInTimeIsThrown) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    auto fails_to_leave = []() -> task<int> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        throw std::logic_error("second in time");
    };
    try {
        (void)co_await gather(fails_to_leave(), fail_after(2s, "first in time"), after(1s, 1));
        ADD_FAILURE();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "first in time");
    }
}

// an empty gather does not suspend.
ASYNC_TEST(Gather, OfNothingDoesNotSuspend) {
    bool others = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&others]() -> task<> {
            others = true;
            co_return;
        });
        static_assert(std::is_same_v<decltype(gather()), task<std::tuple<>>>);
        (void)co_await gather();
        EXPECT_TRUE((co_await gather(std::vector<task<int>>(), {.limit = 3})).empty());
        EXPECT_TRUE((co_await gather_settled(std::vector<task<int>>(), unbounded)).empty());
        EXPECT_FALSE(others);
    });
}

// with a limit the tasks that did not start yet never run.
ASYNC_TEST(Gather, AfterAFailureNothingMoreStarts) {
    int started = 0;
    auto counted = [&started](int number) -> task<int> {
        ++started;
        co_await sleep_for(1s);
        if (number == 1) throw std::runtime_error("1");
        co_return number;
    };
    std::vector<task<int>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(counted(i));
    CO_EXPECT_THROW((void)co_await gather(std::move(tasks), {.limit = 2}), std::runtime_error);
    EXPECT_LE(started, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// a cancelled task in it is an outcome, too.
ASYNC_TEST(Gather, SettledTellsACancelledTaskFromTheCallersCancellation) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto child = group.create_task(after, 9s, 1);
        loop::current().call_later(1s, [child] { child.cancel(); });
        auto [watched, value] = co_await gather_settled(child, after(2s, 2));
        EXPECT_THROW((void)watched.value(), task_cancelled);
        EXPECT_EQ(value.value(), 2);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    auto outcome = co_await settled(fail_after(1s, "one"));
    EXPECT_TRUE(outcome.error());
    EXPECT_FALSE(co_await move_on_after(1s, []() -> task<> {
        (void)co_await settled(sleep_forever());
        ADD_FAILURE();
    }()));
}

// if the caller is cancelled while it waits, the first child error is thrown after the join.
ASYNC_TEST(Gather, AnErrorThrownWhileLeavingWinsOverTheCancellation) {
    auto fails_to_leave = [](duration takes) -> task<> {
        std::exception_ptr ignored;
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
            ignored = std::current_exception();
        }
        co_await shield(9s, sleep_for(takes));
        throw std::out_of_range("in the cleanup");
    };
    CO_EXPECT_THROW((void)co_await move_on_after(1s, gather(fails_to_leave(2s), after(30s, 1))), std::out_of_range);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    // Settled: none leaves, but the cancellation.
    EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> { (void)co_await gather_settled(fails_to_leave(1s), after(30s, 1)); }()));
}

// if all had ended before, the result is returned and the next cancel point throws.
ASYNC_TEST(Gather, AResultThatStandsIsNotTakenBack) {
    int sum = 0;
    cancel_scope scope;
    EXPECT_FALSE(co_await scope.run([&]() -> task<> {
        auto last = [&scope]() -> task<int> {
            co_await sleep_for(1s);
            loop::current().call_soon([&scope] { scope.cancel(); });  // runs when this has ended, before gather resumes
            co_return 4;
        };
        auto [a, b] = co_await gather(after(500ms, 3), last());
        EXPECT_TRUE(scope.cancel_called());
        sum = a + b;
        co_await checkpoint();
        ADD_FAILURE();
    }));
    EXPECT_EQ(sum, 7);
}

//
TEST(Gather, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        auto [a, b, nothing] = co_await gather(after(2s, 1), after(1s, 2), sleep_for(3s));
        EXPECT_EQ(a + b, 3);
        std::vector<task<int>> many;
        for (int i = 0; i < 4; ++i) many.push_back(after(std::chrono::seconds(4 - i), i));
        EXPECT_EQ((co_await gather(std::move(many), {.limit = 2})).size(), 4u);
        auto [good, bad] = co_await gather_settled(after(1s, 1), fail_after(2s, "x"));
        EXPECT_TRUE(good.has_value() && bad.error());
        auto nested = co_await settled(gather(after(1s, 1), settled(fail_after(1s, "y"))));
        EXPECT_NE(std::get<1>(nested.value()).error(), nullptr);
    });
    EXPECT_GE(awaits, 12u);
}

}  // namespace
