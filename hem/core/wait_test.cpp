// wait over handles: the rules.
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

// Numbers of the tasks among `all`, in the order of `some`.
std::string places(const std::vector<task_handle<int>>& some, const std::vector<task_handle<int>>& all) {
    std::string text;
    for (auto& handle : some) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].id() == handle.id()) text += std::to_string(i);
        }
    }
    return text;
}

//
ASYNC_TEST(Wait, FirstCompletedReturnsAtTheFirstEndAndCancelsNothing) {
    co_await with_task_group([](task_group& group) -> task<> {
        std::vector<task_handle<int>> handles{group.create_task(after, 3s, 3), group.create_task(after, 1s, 1),
                                              group.create_task(after, 2s, 2)};
        auto [done, pending] = co_await wait(handles, first_completed);
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
        EXPECT_EQ(places(done, handles), "1");
        EXPECT_EQ(places(pending, handles), "02");
        EXPECT_EQ(done[0].outcome().value(), 1);
        EXPECT_EQ(co_await pending[0], 3);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(Wait, AllCompletedReturnsAtTheLastEndAndThrowsForNoChild) {
    CO_EXPECT_THROW(co_await with_task_group([](task_group& group) -> task<> {
                        std::vector<task_handle<int>> handles{group.create_task(after, 3s, 3)};
                        co_await with_task_group([&](task_group& inner) -> task<> {
                            handles.push_back(inner.create_task(fail_after, 1s, "inner"));
                            auto [done, pending] = co_await shield(9s, wait(handles, all_completed));
                            EXPECT_EQ(virtual_clock::elapsed(), 3s);
                            EXPECT_EQ(places(done, handles), "01");
                            EXPECT_TRUE(done[1].outcome().error());
                        });
                    }),
                    std::runtime_error);
}

// a timeout is no error.
ASYNC_TEST(Wait, ATimeoutIsNoError) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto a = group.create_task(after, 5s, 1);
        auto b = group.create_task(after, 5s, 2);
        auto [done, pending] = co_await wait({a, b}, all_completed, {.timeout = 2s});
        EXPECT_EQ(virtual_clock::elapsed(), 2s);
        EXPECT_TRUE(done.empty());
        EXPECT_EQ(pending.size(), 2u);
        for (auto& handle : pending) handle.cancel();
        auto again = co_await wait(pending, all_completed, {.timeout = 1h});
        EXPECT_EQ(again.done.size(), 2u);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(loop::current().statistics().timers, 0u);
}

// first_exception ignores cancelled tasks and otherwise equals all_completed.
ASYNC_TEST(Wait, FirstExceptionIgnoresCancelledTasks) {
    co_await with_task_group([](task_group& group) -> task<> {
        std::vector<task_handle<int>> handles{group.create_task(after, 9s, 1), group.create_task(after, 3s, 2)};
        loop::current().call_later(1s, [first = handles[0]] { first.cancel(); });
        auto [done, pending] = co_await wait(handles, first_exception);
        EXPECT_EQ(virtual_clock::elapsed(), 3s);
        EXPECT_EQ(done.size(), 2u);
    });
    bool returned = false;
    CO_EXPECT_THROW(co_await with_task_group([&](task_group& group) -> task<> {
                        std::vector<task_handle<int>> handles{group.create_task(fail_after, 2s, "x"), group.create_task(after, 9s, 2)};
                        auto [done, pending] = co_await shield(1s, wait(handles, first_exception));
                        EXPECT_EQ(virtual_clock::elapsed(), 5s);
                        EXPECT_EQ(places(done, handles).substr(0, 1), "0");
                        returned = true;
                    }),
                    std::runtime_error);
    EXPECT_TRUE(returned);
}

// `done` holds everything that ended before the waiter resumed; a repeated handle counts once.
ASYNC_TEST(Wait, DoneHoldsAllThatEndedAndARepeatedHandleOnce) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto a = group.create_task(after, 1s, 1);
        auto b = group.create_task(after, 1s, 2);
        auto c = group.create_task(after, 2s, 3);
        std::vector<task_handle<int>> handles{a, c, b, a, c};
        auto [done, pending] = co_await wait(handles, first_completed);
        EXPECT_EQ(places(done, {a, b, c}), "01");
        EXPECT_EQ(places(pending, {a, b, c}), "2");
        auto at_once = co_await wait(handles, first_completed);
        EXPECT_EQ(at_once.done.size(), 2u);
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
    });
}

//
ASYNC_TEST(Wait, NothingAndOneselfAreRefused) {
    CO_EXPECT_THROW(co_await wait(std::vector<task_handle<int>>(), first_completed), std::invalid_argument);
    co_await with_task_group([](task_group& group) -> task<> {
        std::vector<task_handle<void>> own;
        own.push_back(group.create_task([&own]() -> task<> { CO_EXPECT_THROW(co_await wait(own, first_completed), usage_error); }));
        co_await own[0];
    });
}

// a cancelled waiter leaves the tasks alone.
ASYNC_TEST(Wait, ACancelledWaiterLeavesTheTasksAlone) {
    co_await with_task_group([](task_group& group) -> task<> {
        std::vector<task_handle<int>> handles{group.create_task(after, 3s, 3), group.create_task(after, 4s, 4)};
        EXPECT_FALSE(co_await move_on_after(1s, wait(handles, first_completed)));
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
        EXPECT_EQ(co_await handles[0], 3);
        EXPECT_EQ(co_await handles[1], 4);
    });
}

TEST(Wait, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        co_await with_task_group([](task_group& group) -> task<> {
            std::vector<task_handle<int>> handles;
            for (int i = 1; i <= 3; ++i) handles.push_back(group.create_task(after, std::chrono::seconds(i), i));
            auto first = co_await wait(handles, first_completed, {.timeout = 500ms});
            EXPECT_TRUE(first.done.empty());
            auto rest = co_await wait(handles, all_completed);
            EXPECT_EQ(rest.done.size(), 3u);
        });
    });
    EXPECT_GE(awaits, 5u);
}

}  // namespace
