// Groups and combinators: the rules.
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
ASYNC_TEST(TaskGroup, LastsUntilTheLastChildHasEnded) {
    int ended = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await sleep_for(1s);
            group.create_task([&]() -> task<> {
                co_await sleep_for(2s);
                ++ended;
            });
            ++ended;
        });
        co_return;
    });
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(TaskGroup, FirstFailureCancelsSiblings) {
    bool cancelled_sibling = false;
    try {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task(fail_after, 2s, "first");
            group.create_task([&]() -> task<> {
                try {
                    co_await sleep_for(30s);
                } catch (const cancelled& reason) {
                    cancelled_sibling = reason.reason().kind == cancel_kind::sibling_failed;
                    throw;
                }
            });
            co_await sleep_for(60s);
        });
        ADD_FAILURE();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "first");
    }
    EXPECT_TRUE(cancelled_sibling);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

//
ASYNC_TEST(TaskGroup, LaterFailuresAreReported) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    CO_EXPECT_THROW(co_await with_task_group([&](task_group& group) -> task<> {
                        group.create_task(fail_after, 1s, "first");
                        group.create_task([]() -> task<> {
                            try {
                                co_await sleep_forever();
                            } catch (const cancelled&) {
                                throw std::logic_error("second");
                            }
                        });
                        co_return;
                    }),
                    std::runtime_error);
}

//
ASYNC_TEST(TaskGroup, AllErrorsLeaveAsAGroupAlways) {
    try {
        co_await with_task_group({.errors = errors::all}, [](task_group& group) -> task<> {
            group.create_task(fail_after, 1s, "only");
            co_return;
        });
        ADD_FAILURE();
    } catch (const exception_group& group) {
        EXPECT_EQ(group.errors().size(), 1u);
        EXPECT_TRUE(group.contains<std::runtime_error>());
        EXPECT_FALSE(group.contains<std::logic_error>());
    }
}

//
ASYNC_TEST(TaskGroup, AHandleCancelsItsChildOnly) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto a = group.create_task(after, 30s, 1);
        auto b = group.create_task(after, 4s, 2);
        co_await sleep_for(1s);
        a.cancel();
        CO_EXPECT_THROW(co_await a, task_cancelled);
        EXPECT_EQ(co_await b, 2);
        EXPECT_TRUE(a.outcome().is_cancelled());
    });
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

//
ASYNC_TEST(TaskGroup, CancelEndsBodyAndChildrenSilently) {
    co_await with_task_group([](task_group& group) -> task<> {
        group.create_task(after, 30s, 1);
        group.create_task(
            [](task_group& own) -> task<> {
                co_await sleep_for(1s);
                own.cancel();
            },
            std::ref(group));
        co_await sleep_forever();
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
    CO_EXPECT_THROW(co_await with_task_group([](task_group& group) -> task<int> {
                        group.cancel();
                        co_await checkpoint();
                        co_return 1;
                    }),
                    task_cancelled);
}

//
ASYNC_TEST(TaskGroup, AClosedGroupTakesNoTask) {
    auto witness = std::make_shared<int>(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.cancel();
        EXPECT_THROW(group.create_task([](std::shared_ptr<int>) -> task<> { co_return; }, witness), group_closed);
        EXPECT_EQ(witness.use_count(), 1);
        co_return;
    });
}

//
ASYNC_TEST(TaskGroup, AChildCreatedBeforeTheCancellationStarts) {
    bool started = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            started = true;
            co_await checkpoint();
            ADD_FAILURE();
        });
        group.cancel();
        co_return;
    });
    EXPECT_TRUE(started);
}

//
ASYNC_TEST(TaskGroup, EagerStartRunsToTheFirstSuspension) {
    co_await with_task_group([](task_group& group) -> task<> {
        int step = 0;
        const auto self = hem::detail::current_task_header().id;
        auto child = group.create_task({.name = "eager", .eager_start = true}, [&step]() -> task<> {
            step = 1;
            co_await sleep_for(1s);
            step = 2;
        });
        EXPECT_EQ(step, 1);
        EXPECT_EQ(hem::detail::current_task_header().id, self);
        EXPECT_EQ(child.name(), "eager");
        co_await child;
        EXPECT_EQ(step, 2);
    });
}

//
ASYNC_TEST(TaskGroup, CallableAndArgumentsLiveAsLongAsTheChild) {
    auto witness = std::make_shared<int>(5);
    co_await with_task_group([&](task_group& group) -> task<> {
        {
            std::string local = "local text that is long enough to live on the heap";
            group.create_task(
                [copy = witness](std::string text) -> task<> {
                    co_await sleep_for(1s);
                    EXPECT_EQ(*copy, 5);
                    EXPECT_EQ(text.substr(0, 5), "local");
                },
                local);
            group.create_task(
                [](std::string literal) -> task<> {
                    co_await sleep_for(1s);
                    EXPECT_EQ(literal, "literal");
                },
                "literal");
        }
        EXPECT_EQ(witness.use_count(), 2);
        co_await group.join();
        EXPECT_EQ(witness.use_count(), 1);
    });
}

static_assert(!is_spawn_safe<std::string_view> && !is_spawn_safe<std::span<int>> && !is_spawn_safe<int*> && is_spawn_safe<std::string>);

// a reference is passed with std::ref; what may dangle does not compile (tests/no_compile: reference_argument, view_into_child,
// pointer_into_child, ready_made_child).
ASYNC_TEST(TaskGroup, AReferenceIsPassedWithRef) {
    int total = 1;
    co_await with_task_group([&total](task_group& group) -> task<> {
        group.create_task(
            [](int& sum, std::string_view text) -> task<> {  // a view of the string that the child keeps
                co_await yield_now();
                sum += static_cast<int>(text.size());
            },
            std::ref(total), "four");
        co_return;
    });
    EXPECT_EQ(total, 5);
}

//
ASYNC_TEST(TaskHandle, ACancelledWaiterLeavesTheChildAlone) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto child = group.create_task(after, 5s, 9);
        CO_EXPECT_THROW(co_await timeout(1s, child), timeout_error);
        EXPECT_EQ(co_await child, 9);
    });
}

//
ASYNC_TEST(Context, SettingInALoopCostsBoundedMemory) {
    static context_var<int> first{"first", 0}, second{"second", 0};
    std::vector<context> snapshots;
    for (int i = 0; i < 1000; ++i) {
        first.set(i);
        second.set(-i);
        if (i % 100 == 0) snapshots.push_back(context::copy_current());
    }
    EXPECT_EQ(first.get(), 999);
    EXPECT_EQ(second.get(), -999);
    EXPECT_EQ(snapshots[3].run([] { return first.get(); }), 300);
    EXPECT_LE(hem::detail::current_context().get()->depth, 40u);
    co_return;
}

//
ASYNC_TEST(Context, AChildGetsACopy) {
    static context_var<std::string> name{"name", "none"};
    name.set("parent");
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([]() -> task<> {
            EXPECT_EQ(name.get(), "parent");
            name.set("child");
            co_await yield_now();
            EXPECT_EQ(name.get(), "child");
        });
        co_await yield_now();
        EXPECT_EQ(name.get(), "parent");
        auto bound = name.bind("bound");
        EXPECT_EQ(name.get(), "bound");
    });
    EXPECT_EQ(name.get(), "parent");
}

}  // namespace
