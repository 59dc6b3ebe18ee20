// task_group::start: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

task<> serve(task_status<int>& status, duration takes, std::string name) {
    co_await sleep_for(takes);
    status.started(static_cast<int>(name.size()));
    co_await sleep_for(10s);
}

//
ASYNC_TEST(Start, WaitsUntilTheChildIsReady) {
    co_await with_task_group([](task_group& group) -> task<> {
        const int port = co_await group.start(serve, 2s, "name");
        EXPECT_EQ(port, 4);
        EXPECT_EQ(virtual_clock::elapsed(), 2s);
        EXPECT_EQ(group.size(), 1u);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 12s);
}

ASYNC_TEST(Start, AValueIsOptionalAndAGenericLambdaNamesItsType) {
    co_await with_task_group([](task_group& group) -> task<> {
        co_await group.start([](task_status<>& status) -> task<> {
            co_await sleep_for(1s);
            status.started();
        });
        auto text = co_await group.start<std::string>([](auto& status) -> task<> {
            status.started("ready");
            co_return;
        });
        EXPECT_EQ(text, "ready");
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// an error before started() comes out of start alone, and the group lives on.
ASYNC_TEST(Start, AnErrorBeforeTheChildIsReadyComesOutOfStartAlone) {
    bool sibling_ended = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&sibling_ended]() -> task<> {
            co_await sleep_for(5s);
            sibling_ended = true;
        });
        CO_EXPECT_THROW(co_await group.start([](task_status<int>&) -> task<> {
            co_await sleep_for(1s);
            throw std::out_of_range("no port");
        }),
                        std::out_of_range);
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
    });
    EXPECT_TRUE(sibling_ended);
}

// after started() it is an ordinary child.
ASYNC_TEST(Start, AnErrorAfterTheChildIsReadyIsTheGroups) {
    int ready = 0;
    CO_EXPECT_THROW(co_await with_task_group([&ready](task_group& group) -> task<> {
                        ready = co_await group.start([](task_status<int>& status) -> task<> {
                            status.started(8080);
                            co_await sleep_for(1s);
                            throw std::out_of_range("later");
                        });
                        co_await sleep_forever();
                    }),
                    std::out_of_range);
    EXPECT_EQ(ready, 8080);
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

// a child that ends without the call, or calls it twice, is misuse.
ASYNC_TEST(Start, ReadyIsSaidExactlyOnce) {
    co_await with_task_group([](task_group& group) -> task<> {
        try {
            co_await group.start([](task_status<int>&) -> task<> { co_await sleep_for(1s); });
            ADD_FAILURE();
        } catch (const usage_error& error) {
            EXPECT_NE(std::string(error.what()).find("without calling started()"), std::string::npos) << error.what();
        }
        const int value = co_await group.start([](task_status<int>& status) -> task<> {
            status.started(1);
            EXPECT_THROW(status.started(2), usage_error);
            co_return;
        });
        EXPECT_EQ(value, 1);
    });
}

// until it is ready it is cancelled with the caller of start, which lasts until the child has ended.
ASYNC_TEST(Start, ACancelledCallerCancelsTheChildThatIsNotReady) {
    bool cleaned = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = [&cleaned](task_status<int>& status) -> task<> {
            co_await finally(sleep_for(30s), [&cleaned]() -> task<> {
                co_await sleep_for(2s);
                cleaned = true;
            });
            status.started(1);
        };
        EXPECT_FALSE(co_await move_on_after(1s, group.start(child)));
        EXPECT_TRUE(cleaned);
        EXPECT_EQ(virtual_clock::elapsed(), 3s);
        EXPECT_EQ(group.size(), 0u);
        co_await sleep_for(1s);  // the group is not cancelled
    });
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

// afterwards it belongs to the group alone.
ASYNC_TEST(Start, ACancelledCallerLeavesAReadyChildAlone) {
    bool ended = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            co_await group.start([&ended](task_status<>& status) -> task<> {
                status.started();
                co_await sleep_for(5s);
                ended = true;
            });
            co_await sleep_forever();
        }()));
        EXPECT_FALSE(ended);
    });
    EXPECT_TRUE(ended);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

// started() after the caller has given up has no effect: the child is cancelled already.
ASYNC_TEST(Start, ReadyTooLateIsNotReady) {
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = [](task_status<int>& status) -> task<> {
            std::exception_ptr why;
            try {
                co_await sleep_forever();
            } catch (const cancelled&) {
                why = std::current_exception();
            }
            status.started(1);
            std::rethrow_exception(why);
        };
        EXPECT_FALSE(co_await move_on_after(1s, group.start(child)));
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
    });
}

// the child counts for the group: a cancelled group ends it.
ASYNC_TEST(Start, ACancelledGroupEndsTheChildThatIsNotReady) {
    co_await with_task_group([](task_group& outer) -> task<> {
        std::optional<bool> refused;
        co_await with_task_group([&](task_group& group) -> task<> {
            outer.create_task(
                [](task_group& inner, std::optional<bool>& result) -> task<> {
                    try {
                        co_await inner.start(serve, 9s, "x");
                        result = false;
                    } catch (const task_cancelled&) {
                        result = true;
                    }
                },
                std::ref(group), std::ref(refused));
            co_await sleep_for(1s);
            EXPECT_EQ(group.size(), 1u);
            group.cancel();
        });
        co_await yield_now();
        EXPECT_EQ(refused, true);
        EXPECT_EQ(virtual_clock::elapsed(), 1s);
    });
}

//
ASYNC_TEST(Start, AClosedGroupTakesNoChild) {
    auto witness = std::make_shared<int>(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        co_await shield(1s, [](task_group& closing, std::shared_ptr<int>& counted) -> task<> {
            closing.cancel();
            bool refused = false;
            try {
                co_await closing.start([](task_status<>&, std::shared_ptr<int>) -> task<> { co_return; }, counted);
            } catch (const group_closed&) {
                refused = true;
                EXPECT_EQ(counted.use_count(), 1);  // callable and arguments are gone already
            }
            EXPECT_TRUE(refused);
        }(group, witness));
    });
}

// A start in a cancelled scope starts nothing.
ASYNC_TEST(Start, IsACancelPoint) {
    bool ran = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        cancel_scope scope;
        scope.cancel();
        EXPECT_FALSE(co_await scope.run([&]() -> task<> {
            co_await group.start([&ran](task_status<>& status) -> task<> {
                ran = true;
                status.started();
                co_return;
            });
        }));
    });
    EXPECT_FALSE(ran);
}

TEST(Start, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        co_await with_task_group([](task_group& group) -> task<> {
            EXPECT_EQ(co_await group.start(serve, 2s, "name"), 4);
            CO_EXPECT_THROW(co_await group.start([](task_status<>&) -> task<> {
                co_await sleep_for(1s);
                throw std::out_of_range("no");
            }),
                            std::out_of_range);
        });
    });
    EXPECT_GE(awaits, 5u);
}

}  // namespace
