// Calls across loops and threads: portals, submit_to, callbacks, stop tokens. Rules.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;
using hem::testing::expect_report;

context_var<int> level{"level", 1};

task<int> doubled(int n) { co_return 2 * n; }
task<> fail_with(std::string text) {
    throw std::out_of_range(text);
    co_return;
}
task<> until(const std::atomic<bool>& flag) {
    while (!flag.load()) co_await yield_now();
}

// ---- portals ----------------------------------------------------------------------------------------------------------------------------

TEST(BlockingPortal, AnyThreadCallsCoroutinesAndFunctions) {
    std::thread::id loop_thread;
    run([&]() -> task<> {
        loop_thread = std::this_thread::get_id();
        co_await with(blocking_portal(), [&](blocking_portal& portal) -> task<> {
            event done;
            std::thread foreign([&, portal] {
                EXPECT_EQ(portal.call(doubled, 21), 42);
                EXPECT_EQ(portal.call([] { return std::this_thread::get_id(); }), loop_thread);
                EXPECT_THROW(portal.call(fail_with, std::string("there")), std::out_of_range);
                EXPECT_EQ(portal.submit(doubled, 4).get(10s), 8);
                portal.call([&done] { done.set(); });
            });
            co_await done.wait();
            foreign.join();
        });
    });
}

// On virtual time, too: a loop that waits for a thread with a portal is not stuck.
ASYNC_TEST(BlockingPortal, AnOpenOneIsNoDeadlock) {
    co_await with(blocking_portal(), [](blocking_portal& portal) -> task<> {
        event done;
        std::jthread foreign([&done, portal] {
            std::this_thread::yield();
            portal.call([&done] { done.set(); });
        });
        co_await done.wait();
    });
}

// The handle: a time limit that leaves the call alone, and a cancellation that ends it.
TEST(BlockingPortal, ACallCanBeWaitedForWithALimitAndCancelled) {
    auto portal = start_blocking_portal();
    auto call = portal.submit([]() -> task<> { co_await sleep_forever(); });
    EXPECT_THROW(call.get(1ms), timeout_error);
    EXPECT_FALSE(call.done());
    call.cancel("not wanted");
    EXPECT_THROW(call.get(), task_cancelled);
    EXPECT_TRUE(call.done());
    call.cancel();
    portal.close();
}

// Closing cancels and joins what still runs, and refuses what comes later.
TEST(BlockingPortal, ClosingCancelsAndJoins) {
    std::atomic<bool> began{false}, cleaned{false}, let_in{false};
    std::optional<blocking_portal> kept;
    std::thread foreign;
    run([&]() -> task<> {
        co_await with(blocking_portal(), [&](blocking_portal& portal) -> task<> {
            kept.emplace(portal);
            foreign = std::thread([&, portal] {
                EXPECT_THROW(portal.call([&]() -> task<> {
                    began.store(true);
                    co_await finally(sleep_forever(), [&]() -> task<> {
                        co_await sleep_for(1ms);
                        cleaned.store(true);
                    });
                }),
                             task_cancelled);
            });
            co_await until(began);
        });
        EXPECT_TRUE(cleaned.load());
        CO_EXPECT_THROW(co_await to_thread([&] { kept->call([&] { let_in.store(true); }); }), closed_resource);
    });
    foreign.join();
    EXPECT_THROW(kept->call([&] { let_in.store(true); }), run_finished);
    EXPECT_FALSE(let_in.load());
}

TEST(BlockingPortal, OnItsOwnLoopItWouldBlockForEver) {
    run([]() -> task<> {
        co_await with(blocking_portal(), [](blocking_portal& portal) -> task<> {
            auto call = portal.submit(doubled, 1);
            EXPECT_THROW(call.get(), usage_error);
            while (!call.done()) co_await yield_now();
            EXPECT_EQ(call.get(), 2) << "one that has ended blocks nobody";
        });
    });
}

TEST(BlockingPortal, AnErrorThatNobodyAsksForIsReported) {
    hem::testing::report_collector reports;
    const auto expected = expect_report(report_kind::suppressed_error);
    {
        auto portal = start_blocking_portal();
        {
            const auto dropped = portal.submit(fail_with, std::string("unread"));
            while (!dropped.done()) std::this_thread::yield();
        }
        portal.call([] {});
    }
    EXPECT_NE(expected.texts().at(0).find("unread"), std::string::npos);
}

// A failure of one call is that call's own.
TEST(BlockingPortal, CallsFailByThemselves) {
    auto portal = start_blocking_portal();
    auto other = portal.submit([]() -> task<int> {
        co_await sleep_for(5ms);
        co_return 5;
    });
    EXPECT_THROW(portal.call(fail_with, std::string("one")), std::out_of_range);
    EXPECT_EQ(other.get(), 5);
}

// the caller's context goes along, as a copy.
TEST(BlockingPortal, TheContextGoesAlong) {
    auto portal = start_blocking_portal();
    auto bound = level.bind(6);
    EXPECT_EQ(portal.call([]() -> task<int> {
        level.set(level.get() + 1);
        co_return level.get();
    }),
              7);
    EXPECT_EQ(level.get(), 6);
}

TEST(BlockingPortal, WhatEndsItsLoopComesOutOfClose) {
    auto portal = start_blocking_portal();
    auto waiting = portal.submit([]() -> task<> { co_await sleep_forever(); });
    portal.call([] { loop::current().call_soon([] { throw std::out_of_range("callback"); }); });
    EXPECT_THROW(waiting.get(), task_cancelled);
    EXPECT_THROW(portal.close(), internal_error);
    EXPECT_THROW(portal.call([] {}), run_finished);
}

// ---- submit_to --------------------------------------------------------------------------------------------------------------------------

// Two loops: the one of the test, and one that a portal brought along.
struct two_loops {
    portal_thread other = start_blocking_portal();
    loop_handle there = other.handle();
};

//
ASYNC_TEST(SubmitTo, RunsThereAndGivesTheOutcomeHere) {
    two_loops loops;
    auto bound = level.bind(5);
    const auto here = std::this_thread::get_id();
    EXPECT_EQ(co_await submit_to(loops.there, doubled, 4), 8);
    EXPECT_EQ(co_await submit_to(loops.there, [] { return level.get(); }), 5);
    EXPECT_NE(co_await submit_to(loops.there, [] { return std::this_thread::get_id(); }), here);
    CO_EXPECT_THROW(co_await submit_to(loops.there, fail_with, std::string("there")), std::out_of_range);
    std::string text = "a";
    co_await submit_to(
        loops.there,
        [](std::string& changed) -> task<> {
            co_await yield_now();
            changed += "b";
        },
        std::ref(text));
    EXPECT_EQ(text, "ab");
}

// A cancelled wait cancels the task there and waits for its end.
ASYNC_TEST(SubmitTo, ACancelledWaitCancelsThere) {
    two_loops loops;
    std::atomic<bool> began{false}, cleaned{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            co_await submit_to(loops.there, [&]() -> task<> {
                began.store(true);
                co_await finally(sleep_forever(), [&]() -> task<> {
                    co_await sleep_for(2ms);
                    cleaned.store(true);
                });
            });
        });
        co_await until(began);
        child.cancel();
        CO_EXPECT_THROW(co_await child, task_cancelled);
        EXPECT_TRUE(cleaned.load());
    });
}

// a value that the task there gives in spite of it is returned.
ASYNC_TEST(SubmitTo, AValueBeatsTheCancellation) {
    two_loops loops;
    std::atomic<bool> began{false};
    int value = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            value = co_await submit_to(loops.there, [&]() -> task<int> {
                began.store(true);
                co_await move_on_after(5ms, shield(1s, sleep_for(4ms)));
                co_return 3;
            });
            co_await checkpoint();
        });
        co_await until(began);
        child.cancel();
        CO_EXPECT_THROW(co_await child, task_cancelled);
    });
    EXPECT_EQ(value, 3);
}

// a loop whose main has ended has no guests left: they were cancelled, and later ones are refused.
TEST(SubmitTo, GuestsEndWithTheRun) {
    auto caller = start_blocking_portal();
    std::atomic<bool> began{false}, cleaned{false};
    std::optional<loop_handle> there;
    std::optional<portal_call<void>> call;
    run([&]() -> task<> {
        there.emplace(loop::current());
        call.emplace(caller.submit([&]() -> task<> {
            co_await submit_to(*there, [&]() -> task<> {
                began.store(true);
                co_await finally(sleep_forever(), [&]() -> task<> {
                    co_await sleep_for(1ms);
                    cleaned.store(true);
                });
            });
        }));
        co_await until(began);
    });
    EXPECT_TRUE(cleaned.load()) << "run has not waited for its guest";
    EXPECT_THROW(call->get(), task_cancelled);
    EXPECT_THROW(caller.call([&]() -> task<> { co_await submit_to(*there, [] {}); }), run_finished);
}

// ---- callbacks --------------------------------------------------------------------------------------------------------------------------

// at once, later on the loop, from another thread.
ASYNC_TEST(FromCallback, GivesWhatTheResolverWasGiven) {
    EXPECT_EQ(co_await from_callback<int>([](resolver<int> resolve) { resolve(1); }), 1);
    EXPECT_EQ(co_await from_callback<int>([](resolver<int> resolve) {
                  loop::current().call_later(3s, [kept = std::make_shared<resolver<int>>(std::move(resolve))] { (*kept)(2); });
              }),
              2);
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 3s);
    std::jthread other;
    EXPECT_EQ(co_await from_callback<std::string>([&](resolver<std::string> resolve) {
                  other = std::jthread([resolve = std::move(resolve)]() mutable { resolve("elsewhere"); });
              }),
              "elsewhere");
    co_await from_callback([](resolver<> resolve) { resolve(); });
    CO_EXPECT_THROW(co_await from_callback([](resolver<> resolve) { resolve(std::make_exception_ptr(std::out_of_range("x"))); }),
                    std::out_of_range);
    CO_EXPECT_THROW(co_await from_callback([](resolver<>) { throw std::length_error("not started"); }), std::length_error);
}

// a second call is ignored and reported.
ASYNC_TEST(FromCallback, TheFirstCallCounts) {
    auto expected = expect_report(report_kind::callback_misuse);
    EXPECT_EQ(co_await from_callback<int>([](resolver<int> resolve) {
                  resolve(1);
                  resolve(2);
                  resolve(std::make_exception_ptr(std::out_of_range("third")));
              }),
              1);
    EXPECT_EQ(expected.texts().size(), 2u);
}

//
ASYNC_TEST(FromCallback, AResolverThatIsDroppedIsABrokenResource) {
    CO_EXPECT_THROW(co_await from_callback<int>([](resolver<int>) {}), broken_resource);
    std::jthread other;
    CO_EXPECT_THROW(co_await from_callback<int>([&](resolver<int> resolve) { other = std::jthread([dropped = std::move(resolve)] {}); }),
                    broken_resource);
}

// A cancelled wait leaves at once; a late value is dropped, a late error reported.
ASYNC_TEST(FromCallback, ACancelledWaitLeaves) {
    std::optional<resolver<int>> first, second;
    EXPECT_FALSE(co_await move_on_after(1s, from_callback<int>([&](resolver<int> resolve) { first.emplace(std::move(resolve)); })));
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 1s);
    (*first)(7);
    EXPECT_FALSE(co_await move_on_after(1s, from_callback<int>([&](resolver<int> resolve) { second.emplace(std::move(resolve)); })));
    auto expected = expect_report(report_kind::suppressed_error);
    (*second)(std::make_exception_ptr(std::out_of_range("late")));
    EXPECT_NE(expected.texts().at(0).find("late"), std::string::npos);
}

// with a stop token the operation is asked once, and the wait lasts until it has really ended.
ASYNC_TEST(FromCallback, AnOperationThatCanStopIsAskedTo) {
    auto slow = hem::testing::expect_report(report_kind::swallowed_cancel);  // it goes on for 2 s after its cancellation
    std::optional<resolver<int>> pending;
    std::optional<std::stop_callback<std::function<void()>>> asked;
    int times = 0;
    auto result = co_await move_on_after(1s, from_callback<int>([&](resolver<int> resolve, std::stop_token token) {
                                             pending.emplace(std::move(resolve));
                                             asked.emplace(std::move(token), [&] {
                                                 ++times;
                                                 loop::current().call_later(2s, [&] { (*pending)(5); });
                                             });
                                         }));
    EXPECT_EQ(result, 5) << "what came in spite of it counts";
    EXPECT_EQ(times, 1);
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 3s);
}

TEST(CancelAtEveryAwait, CallbacksBalance) {
    hem::testing::cancel_at_every_await([]() -> task<> {
        for (int i = 0; i < 3; ++i) {
            timer_handle pending;
            std::shared_ptr<resolver<int>> kept;
            bool called = false;
            auto call = [&]() -> task<> {
                co_await from_callback<int>([&](resolver<int> resolve) {
                    kept = std::make_shared<resolver<int>>(std::move(resolve));
                    pending = loop::current().call_later(1s, [&] {
                        called = true;
                        (*kept)(2);
                    });
                });
            };
            co_await finally(call(), [&]() -> task<> {
                pending.cancel();
                if (kept && !called) (*kept)(0);  // a callback is called, if only to be ignored
                co_return;
            });
        }
    });
}

// ---- stop tokens ------------------------------------------------------------------------------------------------------------------------

ASYNC_TEST(StopToken, IsAViewOfTheScope) {
    std::stop_token inner, outer = current_stop_token();
    EXPECT_FALSE(co_await move_on_after(2s, [&]() -> task<> {
        inner = current_stop_token();
        EXPECT_EQ(inner, current_stop_token());
        EXPECT_FALSE(inner.stop_requested());
        co_await sleep_forever();
    }()));
    co_await yield_now();
    EXPECT_TRUE(inner.stop_requested());
    EXPECT_FALSE(outer.stop_requested());
}

// A scope that is cancelled already gives a stopped token; one from outside reaches the inner scopes, but not through a shield.
ASYNC_TEST(StopToken, FollowsOuterCancellationsUpToAShield) {
    std::stop_token inside, shielded;
    cancel_scope scope;
    EXPECT_FALSE(co_await scope.run([&]() -> task<> {
        co_await shield(1s, [&]() -> task<> {
            shielded = current_stop_token();
            scope.cancel();
            co_await yield_now();
            co_await yield_now();
            EXPECT_FALSE(shielded.stop_requested());
        }());
        inside = current_stop_token();
        EXPECT_TRUE(inside.stop_requested());
        co_await checkpoint();
    }));
    co_await yield_now();
    EXPECT_FALSE(shielded.stop_requested());
}

// cancel() runs no other code, not even callbacks of the token.
ASYNC_TEST(StopToken, CallbacksRunInALaterTick) {
    bool called = false, during = false;
    cancel_scope scope;
    std::optional<std::stop_callback<std::function<void()>>> callback;
    co_await scope.run([&]() -> task<> {
        callback.emplace(current_stop_token(), [&] { called = true; });
        scope.cancel();
        during = called;
        co_await checkpoint();
    });
    EXPECT_FALSE(during);
    co_await yield_now();
    EXPECT_TRUE(called);
}

// Foreign code on a worker sees it.
ASYNC_TEST(StopToken, StopsForeignCode) {
    std::atomic<bool> began{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await to_thread([&began, token = current_stop_token()] {
                began.store(true);
                while (!token.stop_requested()) std::this_thread::yield();
            });
        });
        co_await until(began);
        group.cancel();
    });
}

}  // namespace
