#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <string>

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

// what met no cancel point was not absorbed; what went on outwards neither.
ASYNC_TEST(CancelScope, CancelledCaughtIsTrueOnlyForTheOneThatAbsorbs) {
    hem::cancel_scope unmet;
    EXPECT_TRUE(co_await unmet.run([](hem::cancel_scope& scope) -> hem::task<> {
        scope.cancel();
        co_return;
    }));
    EXPECT_TRUE(unmet.cancel_called());
    EXPECT_FALSE(unmet.cancelled_caught());

    hem::cancel_scope outer({.deadline = hem::clock::now() + 3s}), inner({.deadline = hem::clock::now() + 3s});
    EXPECT_FALSE(co_await outer.run([&]() -> hem::task<> { co_await inner.run([]() -> hem::task<> { co_await hem::sleep_forever(); }); }));
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_TRUE(inner.expired());
    EXPECT_FALSE(inner.cancelled_caught());
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// only the inner one was due: it throws late, the outer still strikes on time.
ASYNC_TEST(Timeout, OnlyTheInnerDueThrowsLateAndTheOuterOnTime) {
    bool inner_threw = false;
    CO_EXPECT_THROW(co_await hem::timeout(5s,
                                          [&]() -> hem::task<> {
                                              try {
                                                  co_await hem::timeout(1s, []() -> hem::task<> {
                                                      virtual_clock::jump(3s);
                                                      co_await hem::sleep_forever();
                                                  }());
                                              } catch (const hem::timeout_error&) {
                                                  inner_threw = true;
                                              }
                                              EXPECT_EQ(virtual_clock::elapsed(), 3s);
                                              co_await hem::sleep_forever();
                                          }()),
                    hem::timeout_error);
    EXPECT_TRUE(inner_threw);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

// a callable runs to its first suspension.
ASYNC_TEST(Timeout, ADeadlineAlreadyPastLetsACallableBegin) {
    bool began = false, went_on = false;
    auto body = [&]() -> hem::task<> {
        began = true;
        co_await hem::sleep_for(0s);
        went_on = true;
    };
    CO_EXPECT_THROW(co_await hem::timeout_at(hem::clock::now() - 1s, body), hem::timeout_error);
    EXPECT_TRUE(began);
    EXPECT_FALSE(went_on);
    EXPECT_FALSE(co_await hem::move_on_at(hem::clock::now() - 1s, body));
    EXPECT_FALSE(co_await hem::move_on_after(-1s, body));
}

ASYNC_TEST(Timeout, ACallableMayTakeTheScopeAndArguments) {
    auto body = [](hem::cancel_scope& scope, int n) -> hem::task<int> {
        scope.set_deadline(hem::clock::now() + 10s);
        co_await hem::sleep_for(5s);
        co_return n;
    };
    EXPECT_EQ(co_await hem::timeout(1s, body, 7), 7);
    EXPECT_EQ(co_await hem::move_on_after(1s, body, 8), 8);
    EXPECT_EQ(co_await hem::timeout(1s, [](int n) -> hem::task<int> { co_return n; }, 9), 9);
    EXPECT_EQ(virtual_clock::elapsed(), 10s);
}

//
ASYNC_TEST(CancelScope, ADeadlineMovedIntoThePastStrikesAtOnce) {
    hem::cancel_scope scope({.deadline = hem::clock::now() + 60s, .name = "slow part"});
    EXPECT_FALSE(co_await scope.run([](hem::cancel_scope& self) -> hem::task<> {
        self.set_deadline(hem::clock::now() - 1s);
        co_await hem::sleep_forever();
    }));
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
    hem::cancel_scope none({.deadline = hem::clock::now() + 1s});
    EXPECT_TRUE(co_await none.run([](hem::cancel_scope& self) -> hem::task<> {
        self.set_deadline(hem::time_point::max());
        co_await hem::sleep_for(5s);
    }));
    EXPECT_FALSE(none.expired());
}

//
ASYNC_TEST(Timeout, AroundAGroupWhoseChildrenOnlyWaitIsBare) {
    auto group = [](bool child_times_out) -> hem::task<> {
        co_await hem::with_task_group({.errors = hem::errors::all}, [&](hem::task_group& tasks) -> hem::task<> {
            tasks.create_task([]() -> hem::task<> { co_await hem::sleep_for(60s); });
            if (child_times_out) tasks.create_task([]() -> hem::task<> { co_await hem::timeout(1s, hem::sleep_forever()); });
            co_return;
        });
    };
    CO_EXPECT_THROW(co_await hem::timeout(2s, group(false)), hem::timeout_error);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    // Inside a child it is an ordinary failure of that child.
    try {
        co_await hem::timeout(30s, group(true));
        ADD_FAILURE();
    } catch (const hem::exception_group& errors) {
        EXPECT_EQ(errors.errors().size(), 1u);
        EXPECT_TRUE(errors.contains<hem::timeout_error>());
    }
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(YieldIfDue, YieldsOnceTheResumeHasUsedItsTime) {
    const auto ticks = [] { return hem::loop::current().statistics().ticks; };
    const auto begin = ticks();
    for (int i = 0; i < 10; ++i) co_await hem::yield_if_due();
    EXPECT_EQ(ticks(), begin);
    virtual_clock::jump(1ms);
    co_await hem::yield_if_due();
    EXPECT_EQ(ticks(), begin + 1);
    co_await hem::yield_if_due();
    EXPECT_EQ(ticks(), begin + 1);
}

ASYNC_TEST(YieldIfDue, IsACancelPoint) {
    EXPECT_FALSE(co_await hem::move_on_after(0s, []() -> hem::task<> {
        co_await hem::yield_now();
        co_await hem::yield_if_due();
        ADD_FAILURE();
    }));
}
