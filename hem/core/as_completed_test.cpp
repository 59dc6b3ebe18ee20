// as_completed: the rules.
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

ASYNC_TEST(AsCompleted, GivesResultsInTheOrderOfTheirEnds) {
    std::vector<std::pair<std::size_t, duration>> seen;
    co_await for_each(as_completed(after(2s, 1), after(500ms, 2), after(1s, 3)), [&](completion<int> done) {
        EXPECT_EQ(done.outcome.value(), static_cast<int>(done.index) + 1);
        seen.emplace_back(done.index, virtual_clock::elapsed());
    });
    EXPECT_EQ(seen, (std::vector<std::pair<std::size_t, duration>>{{1, 500ms}, {2, 1s}, {0, 2s}}));
}

//
ASYNC_TEST(AsCompleted, AFailedChildIsAnItem) {
    auto items = co_await collect(as_completed(after(3s, 1), fail_after(1s, "no"), after(2s, 3)));
    CO_ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].index, 1u);
    EXPECT_THROW(items[0].outcome.value(), std::runtime_error);
    EXPECT_EQ(items[1].outcome.value(), 3);
    EXPECT_EQ(items[2].outcome.value(), 1);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// leaving early cancels and joins the rest.
ASYNC_TEST(AsCompleted, LeavingEarlyCancelsAndJoinsTheRest) {
    int left = 0;
    auto lingers = [&left]() -> task<int> {
        co_await finally(sleep_forever(), [&left]() -> task<> {
            co_await sleep_for(2s);
            ++left;
        });
        co_return 0;
    };
    int seen = 0;
    co_await for_each(as_completed(lingers(), after(1s, 1), lingers()), [&seen](completion<int> first) {
        seen = first.outcome.value();
        return false;
    });
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(left, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

// so does an error of the body, which leaves as itself.
ASYNC_TEST(AsCompleted, AnErrorOfTheBodyLeavesAfterTheChildren) {
    int left = 0;
    auto lingers = [&left]() -> task<int> {
        co_await finally(sleep_forever(), [&left]() -> task<> {
            co_await sleep_for(1s);
            ++left;
        });
        co_return 0;
    };
    CO_EXPECT_THROW(co_await with(as_completed(lingers(), lingers()),
                                  [](completion_stream<int>&) -> task<> {
                                      co_await sleep_for(1s);
                                      throw std::out_of_range("body");
                                  }),
                    std::out_of_range);
    EXPECT_EQ(left, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

// R-71's window holds here, too: at most `limit` alive, the next one starts as soon as one ends.
ASYNC_TEST(AsCompleted, ARangeRunsWithItsLimit) {
    int alive = 0, peak = 0;
    std::vector<task<int>> tasks;
    auto counted = [&](int seconds) -> task<int> {
        peak = std::max(peak, ++alive);
        co_await sleep_for(std::chrono::seconds(seconds));
        --alive;
        co_return seconds;
    };
    for (int seconds : {5, 1, 1, 1}) tasks.push_back(counted(seconds));
    std::vector<std::size_t> order;
    co_await for_each(as_completed(std::move(tasks), {.limit = 2}), [&](completion<int> done) { order.push_back(done.index); });
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 2, 3, 0}));
    EXPECT_EQ(peak, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

// several consumers, each item goes to one; all learn of the end.
ASYNC_TEST(AsCompleted, SeveralConsumersShareTheItems) {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(after(std::chrono::seconds(i / 2), i));
    std::vector<int> seen;
    int ended = 0;
    co_await with(as_completed(std::move(tasks), unbounded), [&](completion_stream<int>& stream) -> task<> {
        auto consume = [&]() -> task<> {
            while (auto item = co_await stream.next()) seen.push_back(item->outcome.value());
            ++ended;
        };
        co_await gather(consume(), consume(), consume());
        EXPECT_FALSE(co_await stream.next());  // empty each time after the end
    });
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(ended, 3);
}

// an item that was given to a consumer who is cancelled before it resumes goes to the next one.
ASYNC_TEST(AsCompleted, ACancelledConsumerLosesNoItem) {
    int got = 0;
    std::optional<task_handle<void>> first;
    auto child = [&first]() -> task<int> {
        co_await sleep_for(1s);
        loop::current().call_soon([&first] { first->cancel(); });  // runs when the item is granted, before the consumer resumes
        co_return 7;
    };
    co_await with(as_completed(child()), [&](completion_stream<int>& stream) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            auto consume = [&](int weight) -> task<> {
                if (auto item = co_await stream.next()) got += weight * item->outcome.value();
            };
            first = group.create_task(consume, 1);
            co_await hem::testing::wait_all_tasks_blocked();
            group.create_task(consume, 10);
        });
    });
    EXPECT_TRUE(first->outcome().is_cancelled());
    EXPECT_EQ(got, 70);
}

//
ASYNC_TEST(AsCompleted, OfNothingIsEmpty) {
    EXPECT_TRUE((co_await collect(as_completed(std::vector<task<int>>(), unbounded))).empty());
    CO_EXPECT_THROW(co_await collect(as_completed(std::vector<task<int>>(), {.limit = 0})), std::invalid_argument);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

//
ASYNC_TEST(AsCompleted, ACancelledCallerCancelsTheChildren) {
    EXPECT_FALSE(co_await move_on_after(1s, for_each(as_completed(after(5s, 1), after(6s, 2)), [](completion<int>) { ADD_FAILURE(); })));
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

// An error that nobody took is not dropped.
ASYNC_TEST(AsCompleted, AnErrorThatNobodyTookIsReported) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    co_await with(as_completed(fail_after(1s, "unseen")), [](completion_stream<int>&) -> task<> { co_await sleep_for(2s); });
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("unseen"), std::string::npos) << expected.texts()[0];
}

// Inert until it is opened: its tasks report that nothing ran.
ASYNC_TEST(AsCompleted, RunsNothingBeforeItIsIterated) {
    auto expected = hem::testing::expect_report(report_kind::never_awaited);
    bool ran = false;
    {
        auto lazy = [&ran]() -> task<> {
            ran = true;
            co_return;
        };
        [[maybe_unused]] auto dropped = as_completed(lazy());
    }
    EXPECT_FALSE(ran);
    co_return;
}

//
TEST(AsCompleted, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        std::vector<task<int>> tasks;
        for (int i = 0; i < 5; ++i) tasks.push_back(after(std::chrono::seconds(5 - i), i));
        int sum = 0;
        co_await with(as_completed(std::move(tasks), {.limit = 2}), [&](completion_stream<int>& stream) -> task<> {
            auto consume = [&]() -> task<> {
                while (auto item = co_await stream.next()) sum += item->outcome.value();
            };
            co_await gather(consume(), consume());
        });
        EXPECT_EQ(sum, 10);
    });
    EXPECT_GE(awaits, 12u);
}

}  // namespace
