// Futures.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::wait_all_tasks_blocked;

//
ASYNC_TEST(Future, IsSetOnceAndAwaitedByMany) {
    future<int> answer;
    int sum = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) group.create_task([&]() -> task<> { sum += co_await answer; });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(answer.statistics().waiters, 3u);
        answer.set_result(5);
        EXPECT_EQ(sum, 0);
        EXPECT_FALSE(answer.try_set_result(6));
        EXPECT_FALSE(answer.try_set_exception(std::make_exception_ptr(std::runtime_error("late"))));
        EXPECT_FALSE(answer.cancel());
        EXPECT_THROW(answer.set_result(7), usage_error);
        EXPECT_THROW(answer.set_exception(std::make_exception_ptr(std::runtime_error("late"))), usage_error);
    });
    EXPECT_EQ(sum, 15);
    EXPECT_EQ(co_await answer, 5);
}

//
ASYNC_TEST(Future, ErrorsAndCancellationReachItsAwaiters) {
    future<int> failing, cancelled;
    failing.set_exception(std::make_exception_ptr(std::out_of_range("index")));
    CO_EXPECT_THROW(co_await failing, std::out_of_range);
    CO_EXPECT_THROW(co_await failing, std::out_of_range);
    EXPECT_TRUE(cancelled.cancel());
    CO_EXPECT_THROW(co_await cancelled, task_cancelled);
}

//
ASYNC_TEST(Future, CancellingOneAwaiterLeavesTheOthers) {
    future<int> answer;
    int got = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> { (void)co_await answer; });
        group.create_task([&]() -> task<> { got = co_await answer; });
        co_await wait_all_tasks_blocked();
        first.cancel();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(answer.statistics().waiters, 1u);
        answer.set_result(3);
    });
    EXPECT_EQ(got, 3);
}

//
ASYNC_TEST(Future, DestroyedUnsetItBreaksItsAwaiters) {
    auto answer = std::make_unique<future<int>>();
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&waited_for = *answer]() -> task<> { CO_EXPECT_THROW(co_await waited_for, broken_resource); });
        }
        co_await wait_all_tasks_blocked();
        answer.reset();
    });
}

// also those that were woken and have not read their result.
ASYNC_TEST(Future, DestroyedBeforeItsAwaitersResumeItBreaksThem) {
    auto answer = std::make_unique<future<std::string>>();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&waited_for = *answer]() -> task<> { CO_EXPECT_THROW(co_await waited_for, broken_resource); });
        auto cancelled = group.create_task([&waited_for = *answer]() -> task<> { (void)co_await waited_for; });
        co_await wait_all_tasks_blocked();
        answer->set_result("text");
        cancelled.cancel();
        answer.reset();
    });
}

// R-84, P8
ASYNC_TEST(Future, AnErrorThatNobodyReadIsReportedOnce) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    {
        future<> nobody("settings");
        nobody.set_exception(std::make_exception_ptr(std::runtime_error("broken file")));
    }
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("the error of the future 'settings' was never read"), std::string::npos) << expected.texts()[0];
    EXPECT_NE(expected.texts()[0].find("broken file"), std::string::npos);
    {
        future<> somebody;
        somebody.set_exception(std::make_exception_ptr(std::runtime_error("broken file")));
        CO_EXPECT_THROW(co_await somebody, std::runtime_error);
    }
    EXPECT_EQ(expected.texts().size(), 1u);
}

TEST(CancelAtEveryAwait, FutureKeepsNobody) {
    std::optional<future<int>> answer;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            answer.emplace();
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 3; ++i) group.create_task([&]() -> task<> { EXPECT_EQ(co_await *answer, 5); });
                co_await sleep_for(1s);
                answer->set_result(5);
            });
        },
        [&]() -> task<> {
            EXPECT_EQ(answer->statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
