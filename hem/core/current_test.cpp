// current_task, current_scope, and the scope of a group.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

TEST(Current, IsEmptyOutsideOfATask) {
    EXPECT_FALSE(current_task());
    EXPECT_FALSE(current_scope());
    EXPECT_EQ(current_task().id(), 0u);
    EXPECT_TRUE(current_task().name().empty());
    EXPECT_THROW(current_scope().cancel(), usage_error);
    bool empty_in_callback = false;
    run({.clock = clock_kind::virtual_time}, [&]() -> task<> {
        loop::current().call_soon([&] { empty_in_callback = !current_task() && !current_scope(); });
        co_await sleep_for(1s);
    });
    EXPECT_TRUE(empty_in_callback);
}

ASYNC_TEST(Current, TaskSaysWhatRuns) {
    EXPECT_EQ(current_task().name(), "main");
    const auto main = current_task().id();
    co_await with_task_group([main](task_group& group) -> task<> {
        auto child = group.create_task({.name = "worker"}, [main]() -> task<> {
            EXPECT_EQ(current_task().name(), "worker");
            EXPECT_NE(current_task().id(), main);
            co_return;
        });
        EXPECT_EQ(current_task().id(), main);  // a task that is awaited directly runs in its caller
        EXPECT_NE(child.id(), main);
        co_return;
    });
}

ASYNC_TEST(Current, ScopeIsTheInnermost) {
    EXPECT_TRUE(current_scope());
    EXPECT_THROW(current_scope().set_deadline(clock::now() + 1s), usage_error);
    EXPECT_FALSE(co_await move_on_after(5s, []() -> task<> {
        EXPECT_EQ(current_scope().deadline(), clock::now() + 5s);
        current_scope().set_deadline(clock::now() + 2s);
        co_await sleep_forever();
    }()));
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    bool after = false;
    EXPECT_FALSE(co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
        current_scope().cancel("enough");
        EXPECT_TRUE(scope.cancel_called());
        EXPECT_TRUE(current_scope().cancelled());
        EXPECT_EQ(current_scope().reason().text, "enough");
        co_await checkpoint();
        after = true;
    }));
    EXPECT_FALSE(after);
}

// a deadline of the group's scope ends body and children silently.
ASYNC_TEST(Current, AGroupsScopeTakesADeadline) {
    int ended = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.scope().set_deadline(clock::now() + 3s);
        group.create_task([&ended]() -> task<> {
            co_await finally(sleep_forever(), [&ended]() -> task<> {
                ++ended;
                co_return;
            });
        });
        EXPECT_EQ(current_scope().deadline(), group.scope().deadline());
        co_await sleep_forever();
    });
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    co_await checkpoint();
}

}  // namespace
