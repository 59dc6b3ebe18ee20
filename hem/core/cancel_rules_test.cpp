// Rules of cancellation that have no primitive of their own.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

static_assert(!std::is_default_constructible_v<cancelled>);
static_assert(!std::is_constructible_v<cancelled, std::shared_ptr<const cancel_reason>>);

//
ASYNC_TEST(Cancel, AStoredCancellationIsAnError) {
    std::exception_ptr stored;
    co_await move_on_after(1s, [&]() -> task<> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
            stored = std::current_exception();
            throw;
        }
    }());
    CO_ASSERT_TRUE(stored != nullptr);
    std::string text;
    try {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task({.name = "thrower"}, [&]() -> task<> {
                std::rethrow_exception(stored);
                co_return;
            });
            co_await sleep_for(1s);
        });
    } catch (const usage_error& error) {
        text = error.what();
    }
    EXPECT_NE(text.find("task 'thrower' threw a stored hem::cancelled"), std::string::npos) << text;
}

// runs no other code, may be repeated, keeps the first reason, does nothing after the scope was left.
ASYNC_TEST(Cancel, TheFirstReasonIsKept) {
    cancel_scope scope;
    std::string seen, trace;
    const bool done = co_await scope.run([&](cancel_scope& self) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                try {
                    co_await sleep_forever();
                } catch (const cancelled& thrown) {
                    trace += "child ";
                    seen = thrown.reason().text;
                    throw;
                }
            });
            co_await sleep_for(1s);
            self.cancel("first");
            self.cancel("second");
            trace += "after-cancel ";
            co_await checkpoint_if_cancelled();
        });
    });
    EXPECT_FALSE(done);
    EXPECT_EQ(trace, "after-cancel child ");
    EXPECT_EQ(seen, "first");
    EXPECT_EQ(scope.reason().text, "first");
    EXPECT_EQ(scope.reason().task, "main");
    EXPECT_EQ(hem::detail::to_string(scope.reason().location).substr(0, 21), "cancel_rules_test.cpp");

    cancel_scope left;
    EXPECT_TRUE(co_await left.run([](cancel_scope&) -> task<> { co_return; }));
    left.cancel("too late");
    EXPECT_FALSE(left.cancel_called());
    co_await checkpoint();
}

// each scope absorbs its own cancellation, and nothing of it is left in the task: no counter, nothing to take back.
ASYNC_TEST(Cancel, NestedScopesAbsorbTheirOwn) {
    const bool outer = co_await with_cancel_scope([](cancel_scope&) -> task<> {
        for (int i = 0; i < 3; ++i) {
            const bool inner = co_await with_cancel_scope([](cancel_scope& self) -> task<> {
                self.cancel();
                self.cancel();
                co_await sleep_for(1h);
            });
            EXPECT_FALSE(inner);
            co_await sleep_for(1s);
        }
    });
    EXPECT_TRUE(outer);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    // Cancelled from inside and from outside at once: the outer one absorbs, and afterwards the task is free.
    cancel_scope both;
    EXPECT_FALSE(co_await both.run([](cancel_scope& outside) -> task<> {
        co_await with_cancel_scope([&](cancel_scope& inside) -> task<> {
            inside.cancel();
            outside.cancel();
            co_await sleep_for(1h);
        });
        ADD_FAILURE() << "the inner scope absorbed the outer one's cancellation";
    }));
    co_await sleep_for(1s);
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

// `shield` stays in the caller's task, and its errors go to the caller, cancelled or not.
ASYNC_TEST(Shield, ErrorsGoToTheCaller) {
    const auto caller = hem::detail::current_task_header().id;
    std::string caught;
    const bool done = co_await move_on_after(1s, [&]() -> task<> {
        try {
            co_await shield(5s, [&]() -> task<> {
                EXPECT_EQ(hem::detail::current_task_header().id, caller);
                co_await sleep_for(2s);
                throw std::out_of_range("inside");
            }());
        } catch (const std::out_of_range& error) {
            caught = error.what();
        }
        co_await checkpoint();
    }());
    EXPECT_FALSE(done);
    EXPECT_EQ(caught, "inside");
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

// work that must outlive its waiter belongs to an outer group.
ASYNC_TEST(Shield, WorkThatOutlivesItsWaiterIsInAnOuterGroup) {
    int result = 0;
    co_await with_task_group([&](task_group& outer) -> task<> {
        auto work = outer.create_task([&]() -> task<int> {
            co_await sleep_for(3s);
            co_return result = 7;
        });
        const bool waited = co_await move_on_after(1s, work) != nullptr;
        EXPECT_FALSE(waited);
        EXPECT_EQ(result, 0);
    });
    EXPECT_EQ(result, 7);
}

struct payload_error : std::runtime_error {
    explicit payload_error(std::shared_ptr<int> p) : std::runtime_error("payload"), payload(std::move(p)) {}
    std::shared_ptr<int> payload;
};

// frames, arguments and locals of children are gone, and nothing of Hem refers to the error that left.
ASYNC_TEST(TaskGroup, LeavesNothingOfItsChildren) {
    std::weak_ptr<int> argument, local, error;
    for (const bool fails : {false, true}) {
        std::optional<task_handle<void>> kept;
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                auto given = std::make_shared<int>(1);
                argument = given;
                kept = group.create_task(
                    [&](std::shared_ptr<int>) -> task<> {
                        auto mine = std::make_shared<int>(2);
                        local = mine;
                        co_await sleep_for(1s);
                        if (fails) {
                            auto inside = std::make_shared<int>(3);
                            error = inside;
                            throw payload_error(std::move(inside));
                        }
                    },
                    std::move(given));
                co_return;
            });
            EXPECT_FALSE(fails);
        } catch (const payload_error& caught) {
            EXPECT_TRUE(fails);
            EXPECT_EQ(*caught.payload, 3);
            // A handle that the program keeps holds the child's outcome; frames and arguments are gone in spite of it.
            EXPECT_TRUE(argument.expired());
            EXPECT_TRUE(local.expired());
            kept.reset();
        }
        EXPECT_TRUE(argument.expired());
        EXPECT_TRUE(local.expired());
        EXPECT_TRUE(error.expired());
    }
}

// the same for scopes and combinators.
ASYNC_TEST(Gather, LeavesNothingOfItsError) {
    std::weak_ptr<int> error;
    auto fail = [&](duration after) -> task<> {
        co_await sleep_for(after);
        auto inside = std::make_shared<int>(3);
        error = inside;
        throw payload_error(std::move(inside));
    };
    CO_EXPECT_THROW(co_await gather(fail(1s), fail(2s)), payload_error);
    EXPECT_TRUE(error.expired());
    CO_EXPECT_THROW(co_await timeout(5s, fail(1s)), payload_error);
    EXPECT_TRUE(error.expired());
    CO_EXPECT_THROW(co_await shield(5s, fail(1s)), payload_error);
    EXPECT_TRUE(error.expired());
}

}  // namespace
