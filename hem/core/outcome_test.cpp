// What an outcome owes: an error that a settled form handed out is looked at, or reported (P8).
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;

// Answers P8.
ASYNC_TEST(Outcome, AnErrorThatNobodyReadIsReported) {
    auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    auto fails = []() -> task<int> {
        co_await yield_now();
        throw std::out_of_range("orders");
    };
    {
        auto [first, second] = co_await gather_settled(fails(), fails());
        EXPECT_FALSE(second.has_value());
    }
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_EQ(reported.texts()[0],
              "the error of an outcome in task 'main' was never read: std::out_of_range: orders; call value(), or check has_value()");
    {
        auto kept = co_await settled(fails());
    }
    std::vector<int> items{1, 2};
    {
        auto kept = co_await map_concurrent_settled(items, [&](int) -> task<int> { co_return co_await fails(); }, {.limit = 1});
    }
    co_await for_each(as_completed(fails()), [](completion<int>) {});
    EXPECT_EQ(reported.texts().size(), 5u);
}

// Every question is a look, and a move takes the duty along.
ASYNC_TEST(Outcome, AnErrorThatWasLookedAtIsNot) {
    auto fails = []() -> task<int> {
        throw std::out_of_range("orders");
        co_return 1;
    };
    auto first = co_await settled(fails());
    CO_EXPECT_THROW(std::move(first).value(), std::out_of_range);
    EXPECT_NE((co_await settled(fails())).error(), nullptr);
    EXPECT_FALSE((co_await settled(fails())).is_cancelled());
    EXPECT_EQ((co_await settled(fails())).value_or(7), 7);
    auto moved = co_await settled(fails());
    auto to = std::move(moved);
    auto copy = to;
    EXPECT_FALSE(copy.has_value());
    // Another error is on its way: that one is the cause to look at.
    CO_EXPECT_THROW(
        co_await [&]() -> task<> {
            auto unread = co_await settled(fails());
            throw std::runtime_error("first");
        }(),
        std::runtime_error);
}

}  // namespace
