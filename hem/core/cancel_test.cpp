// Cancellation, shields, timeouts: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

//
ASYNC_TEST(Cancel, ASwallowedCancellationComesAgain) {
    bool thrown_again = false;
    const bool done = co_await move_on_after(2s, [&]() -> task<> {
        try {
            co_await sleep_for(9s);
        } catch (const cancelled&) {
        }
        EXPECT_EQ(virtual_clock::elapsed(), 2s);
        try {
            co_await sleep_for(9s);
        } catch (const cancelled&) {
            thrown_again = true;
            throw;
        }
    }());
    EXPECT_FALSE(done);
    EXPECT_TRUE(thrown_again);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

// a permit given to W1, which is cancelled in the same tick, goes to W2.
ASYNC_TEST(Cancel, AGrantIsPassedOn) {
    semaphore permits(0);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> {
            auto permit = co_await permits.acquire();
            trace += "1";
        });
        co_await hem::testing::wait_all_tasks_blocked();
        group.create_task([&]() -> task<> {
            auto permit = co_await permits.acquire();
            trace += "2";
        });
        co_await hem::testing::wait_all_tasks_blocked();
        permits.release();
        first.cancel();
    });
    EXPECT_EQ(trace, "2");
    EXPECT_EQ(permits.available(), 1u);
}

// A holds B holds C; B and C are cancelled: C is passed, B absorbs, A goes on.
ASYNC_TEST(Cancel, TheOutermostCancelledScopeAbsorbs) {
    bool after_c = false;
    bool after_b = false;
    cancel_scope b;
    const bool b_done = co_await b.run([&](cancel_scope&) -> task<> {
        const bool c_done = co_await with_cancel_scope([&](cancel_scope& c) -> task<> {
            c.cancel();
            b.cancel("b");
            co_await sleep_for(1s);
        });
        after_c = c_done || true;
    });
    after_b = true;
    EXPECT_FALSE(b_done);
    EXPECT_FALSE(after_c);
    EXPECT_TRUE(after_b);
    EXPECT_TRUE(b.cancelled_caught());
}

//
ASYNC_TEST(Cancel, ARequestThatMeetsNoAwaitIsNotDelivered) {
    auto value = co_await with_cancel_scope([](cancel_scope& scope) -> task<int> {
        scope.cancel();
        co_return 5;
    });
    EXPECT_EQ(value, 5);
}

//
ASYNC_TEST(Cancel, AnErrorOfCleanupLeavesAndTheRequestStays) {
    bool again = false;
    const bool done = co_await move_on_after(1s, [&]() -> task<> {
        try {
            co_await with_task_group([](task_group& group) -> task<> {
                group.create_task([]() -> task<> {
                    try {
                        co_await sleep_forever();
                    } catch (const cancelled&) {
                        throw std::runtime_error("cleanup");
                    }
                });
                co_return;
            });
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "cleanup");
        }
        try {
            co_await checkpoint();
        } catch (const cancelled&) {
            again = true;
            throw;
        }
    }());
    EXPECT_FALSE(done);
    EXPECT_TRUE(again);
}

//
ASYNC_TEST(Cancel, AScopeMayBeCancelledBeforeItIsEntered) {
    cancel_scope scope;
    scope.cancel("early");
    bool entered = false;
    EXPECT_FALSE(co_await scope.run([&]() -> task<> {
        entered = true;
        co_await checkpoint();
    }));
    EXPECT_TRUE(entered);
    CO_EXPECT_THROW(co_await scope.run([]() -> task<> { co_return; }), usage_error);
    EXPECT_EQ(scope.reason().text, "early");
}

// deadline 2 s, cleanup under shield(4s): work of 3 s ends at 5 s.
ASYNC_TEST(Shield, LetsCleanupFinishWithinItsGrace) {
    bool cleaned = false;
    auto work = [&]() -> task<> { co_await sleep_forever(); };
    auto cleanup = [&]() -> task<> {
        co_await sleep_for(3s);
        cleaned = true;
    };
    const bool done = co_await move_on_after(2s, [&]() -> task<> {
        std::exception_ptr error;
        try {
            co_await work();
        } catch (...) {
            error = std::current_exception();
        }
        co_await shield(4s, cleanup());
        std::rethrow_exception(error);
    }());
    EXPECT_FALSE(done);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

// work of 30 s is cut at 6 s, and reported.
ASYNC_TEST(Shield, FallsAfterItsGrace) {
    auto expected = hem::testing::expect_report(report_kind::grace_expired);
    const bool done = co_await move_on_after(2s, []() -> task<> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        co_await shield(4s, sleep_for(30s));
    }());
    EXPECT_FALSE(done);
    EXPECT_EQ(virtual_clock::elapsed(), 6s);
}

//
ASYNC_TEST(Finally, CleanupIsShielded) {
    bool cleaned = false;
    CO_EXPECT_THROW(co_await timeout(1s, finally(sleep_forever(),
                                                 [&]() -> task<> {
                                                     co_await sleep_for(2s);
                                                     cleaned = true;
                                                 })),
                    timeout_error);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(Finally, TheBodysErrorLeavesAndTheCleanupsIsReported) {
    auto expected = hem::testing::expect_report(report_kind::suppressed_error);
    auto body = []() -> task<> {
        throw std::runtime_error("body");
        co_return;
    };
    auto cleanup = []() -> task<> {
        throw std::logic_error("cleanup");
        co_return;
    };
    CO_EXPECT_THROW(co_await finally(body(), cleanup), std::runtime_error);
}

// a timeout ends when the interrupted body has ended.
ASYNC_TEST(Timeout, EndsWhenTheBodyHasEnded) {
    auto slow_to_leave = []() -> task<> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        co_await shield(9s, sleep_for(4s));
        co_await checkpoint();
    };
    CO_EXPECT_THROW(co_await timeout(2s, slow_to_leave()), timeout_error);
    EXPECT_EQ(virtual_clock::elapsed(), 6s);
    co_await checkpoint();  // afterwards the task is not cancelled
}

//
ASYNC_TEST(Timeout, AValueInSpiteOfItStands) {
    auto reported = hem::testing::expect_report(report_kind::swallowed_cancel);
    const int value = co_await timeout(1s, []() -> task<int> {
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
        }
        co_return 3;
    }());
    EXPECT_EQ(value, 3);
}

//
ASYNC_TEST(Timeout, OfNestedOnesTheOutermostThrows) {
    bool inner_threw = false;
    try {
        co_await timeout(3s, [&]() -> task<> {
            try {
                co_await timeout(8s, sleep_forever());
            } catch (const timeout_error&) {
                inner_threw = true;
            }
        }());
        ADD_FAILURE();
    } catch (const timeout_error& error) {
        EXPECT_NE(std::string(error.what()).find("after 3 s"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(inner_threw);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// busy past both deadlines.
ASYNC_TEST(Timeout, BothDueTheOuterThrows) {
    bool inner_threw = false;
    CO_EXPECT_THROW(co_await timeout(2s,
                                     [&]() -> task<> {
                                         try {
                                             co_await timeout(1s, []() -> task<> {
                                                 virtual_clock::jump(5s);
                                                 co_await yield_now();
                                                 co_await yield_now();
                                             }());
                                         } catch (const timeout_error&) {
                                             inner_threw = true;
                                         }
                                     }()),
                    timeout_error);
    EXPECT_FALSE(inner_threw);
}

//
ASYNC_TEST(Timeout, ABodyThatReturnedKeepsItsValue) {
    EXPECT_EQ(co_await timeout(1s,
                               []() -> task<int> {
                                   virtual_clock::jump(5s);
                                   co_return 1;
                               }()),
              1);
    CO_EXPECT_THROW(co_await timeout(1s, sleep_for(1s)), timeout_error);
}

//
ASYNC_TEST(Timeout, ADeadlineAlreadyPastStartsNothing) {
    bool ran = false;
    auto body = [&]() -> task<> {
        ran = true;
        co_return;
    };
    CO_EXPECT_THROW(co_await timeout_at(clock::now() - 1s, body()), timeout_error);
    EXPECT_FALSE(ran);
    event ready;
    ready.set();
    co_await timeout_at(clock::now() - 1s, ready.wait());
}

//
ASYNC_TEST(CancelScope, ADeadlineCanBeMoved) {
    cancel_scope scope({.deadline = clock::now() + 1s});
    EXPECT_FALSE(co_await scope.run([&](cancel_scope& self) -> task<> {
        self.set_deadline(clock::now() + 5s);
        co_await sleep_forever();
    }));
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
    EXPECT_TRUE(scope.expired());
    EXPECT_THROW(scope.set_deadline(clock::now() + 1s), usage_error);
}

//
ASYNC_TEST(Timeout, AnOuterCancellationPassesThrough) {
    bool timed_out = false;
    cancel_scope outer;
    EXPECT_FALSE(co_await outer.run([&]() -> task<> {
        try {
            co_await timeout(1s, [&]() -> task<> {
                try {
                    co_await sleep_forever();
                } catch (const cancelled&) {
                    outer.cancel();
                    throw;
                }
            }());
        } catch (const timeout_error&) {
            timed_out = true;
        }
    }));
    EXPECT_FALSE(timed_out);
}

ASYNC_TEST(Timeout, EffectiveDeadlineLooksThroughScopesButNotShields) {
    co_await timeout(5s, []() -> task<> {
        EXPECT_EQ(remaining(), 5s);
        co_await timeout(9s, []() -> task<> {
            EXPECT_EQ(remaining(), 5s);
            co_return;
        }());
        co_await shield(1s, []() -> task<> {
            EXPECT_EQ(remaining(), duration::max());
            co_return;
        }());
    }());
}

}  // namespace
