#include "hem/core.hpp"
#include "hem/testing.hpp"

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

//
ASYNC_TEST(Shield, ItsOwnDeadlineAndScopesInsideStillStrike) {
    CO_EXPECT_THROW(co_await hem::shield(60s, hem::timeout(2s, hem::sleep_forever())), hem::timeout_error);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    hem::cancel_scope own({.deadline = hem::clock::now() + 3s, .shield = 60s});
    EXPECT_FALSE(co_await own.run([]() -> hem::task<> { co_await hem::sleep_forever(); }));
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

//
ASYNC_TEST(Shield, UnshieldLetsThePendingCancellationIn) {
    hem::cancel_scope outer;
    EXPECT_FALSE(co_await outer.run([&]() -> hem::task<> {
        hem::cancel_scope region({.shield = 60s});
        co_await region.run([&](hem::cancel_scope& self) -> hem::task<> {
            outer.cancel("enough");
            co_await hem::sleep_for(2s);  // protected
            EXPECT_EQ(virtual_clock::elapsed(), 2s);
            self.unshield();
            co_await hem::sleep_for(2s);
            ADD_FAILURE();
        });
        ADD_FAILURE();
    }));
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(outer.reason().text, "enough");
}

// a shield raised while `cancelled` unwinds protects what is inside, and the cancellation goes on behind it.
ASYNC_TEST(Shield, RaisedWhileUnwindingDoesNotStopTheCancellation) {
    bool cleaned = false;
    EXPECT_FALSE(co_await hem::move_on_after(1s, [&]() -> hem::task<> {
        co_await hem::finally(hem::sleep_for(60s), [&]() -> hem::task<> {
            co_await hem::shield(10s, hem::sleep_for(2s));
            cleaned = true;
        });
        ADD_FAILURE();
    }()));
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// the grace runs from the entry if the cancellation came before.
ASYNC_TEST(Shield, GraceRunsFromTheLaterOfEntryAndCancellation) {
    auto expected = hem::testing::expect_report(hem::report_kind::grace_expired);
    hem::cancel_scope outer;
    EXPECT_FALSE(co_await outer.run([&]() -> hem::task<> {
        outer.cancel();
        virtual_clock::jump(10s);
        co_await hem::shield(4s, hem::sleep_for(30s));
    }));
    EXPECT_EQ(virtual_clock::elapsed(), 14s);
    EXPECT_EQ(expected.texts().size(), 1u);
}

// errors of shielded work go to the caller; work that must outlive the waiter belongs in an outer group.
ASYNC_TEST(Shield, ErrorsGoToTheCallerAndAHandleOutlivesItsWaiter) {
    auto fail = []() -> hem::task<> {
        co_await hem::sleep_for(2s);
        throw std::runtime_error("inside");
    };
    hem::cancel_scope outer({.deadline = hem::clock::now() + 1s});
    auto run = [&]() -> hem::task<> { co_await outer.run([&]() -> hem::task<> { co_await hem::shield(5s, fail()); }); };
    CO_EXPECT_THROW(co_await run(), std::runtime_error);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);

    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        auto work = group.create_task([]() -> hem::task<int> {
            co_await hem::sleep_for(5s);
            co_return 3;
        });
        CO_EXPECT_THROW(co_await hem::timeout(1s, [&]() -> hem::task<> { (void)co_await work; }()), hem::timeout_error);
        EXPECT_EQ(co_await work, 3);
    });
}

//
ASYNC_TEST(CancelScope, IsCancelledWithWhatIsAroundItUnlessAShieldStandsBetween) {
    const auto cancelled_here = [] { return hem::current_effective_deadline() == hem::time_point::min(); };
    hem::cancel_scope outer;
    EXPECT_FALSE(co_await outer.run([&]() -> hem::task<> {
        auto inside = [&]() -> hem::task<> {
            EXPECT_FALSE(cancelled_here());
            outer.cancel();
            EXPECT_TRUE(cancelled_here());  // at once, without a turn of the loop
            auto behind = [&]() -> hem::task<> {
                EXPECT_FALSE(cancelled_here());
                co_return;
            };
            co_await hem::shield(10s, behind());
            co_await hem::checkpoint_if_cancelled();
            ADD_FAILURE();
        };
        co_await hem::with_cancel_scope([&](hem::cancel_scope& own) -> hem::task<> {
            co_await inside();
            EXPECT_FALSE(own.cancel_called());
        });
    }));
    hem::cancel_scope late({.deadline = hem::clock::now() + 1s});
    EXPECT_FALSE(co_await late.run([]() -> hem::task<> { co_await hem::sleep_forever(); }));
    EXPECT_TRUE(late.cancel_called());
}
