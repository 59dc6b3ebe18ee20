// Signals as streams and as callbacks: rules.
#include "hem/core/signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;

volatile sig_atomic_t own_calls = 0;
// Whoever starts the tests in the background may have had this signal ignored.
[[maybe_unused]] const auto inherited = ::signal(SIGINT, SIG_DFL);

void own_handler(int) { own_calls = own_calls + 1; }

struct own_handlers {
    own_handlers() {
        own_calls = 0;
        ::signal(SIGUSR1, own_handler);
        ::signal(SIGUSR2, own_handler);
    }
    ~own_handlers() {
        ::signal(SIGUSR1, SIG_DFL);
        ::signal(SIGUSR2, SIG_DFL);
    }
};

auto handler_of(int number) {
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler;
}

// different numbers are taken in turn, however often one of them comes.
TEST(Signals, NumbersAreTakenInTurn) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1, SIGUSR2}), [](signal_stream& arriving) -> task<> {
            std::vector<int> taken;
            for (int i = 0; i < 4; ++i) {
                ::raise(SIGUSR1);
                ::raise(SIGUSR2);
                taken.push_back((co_await arriving.next()).value());
            }
            EXPECT_EQ(taken, (std::vector<int>{SIGUSR1, SIGUSR2, SIGUSR1, SIGUSR2}));
            while (co_await move_on_after(1ms, arriving.next())) {
            }
        });
    });
}

// the old handlers return; what was received and not taken is raised once for them, whether the loop had seen it or not.
TEST(Signals, WhatWasNotTakenGoesToTheOldHandler) {
    own_handlers mine;
    run([]() -> task<> {
        co_await with(signals({SIGUSR1, SIGUSR2}), [](signal_stream&) -> task<> {
            ::raise(SIGUSR1);
            ::raise(SIGUSR1);
            for (int i = 0; i < 3; ++i) co_await yield_now();  // the loop has seen it
            ::raise(SIGUSR2);
            ::raise(SIGUSR2);
            EXPECT_EQ(own_calls, 0);
        });
        EXPECT_EQ(own_calls, 2);
        EXPECT_EQ(handler_of(SIGUSR1), own_handler);
        EXPECT_EQ(handler_of(SIGUSR2), own_handler);
    });
    EXPECT_EQ(own_calls, 2);
}

// scopes nest; the inner one has the signals while it lasts.
TEST(Signals, TheInnermostStreamGetsThem) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1}), [](signal_stream& outer) -> task<> {
            co_await with(signals({SIGUSR1}), [](signal_stream& inner) -> task<> {
                ::raise(SIGUSR1);
                EXPECT_EQ(co_await inner.next(), SIGUSR1);
            });
            EXPECT_FALSE(co_await move_on_after(1ms, outer.next()));
            ::raise(SIGUSR1);
            EXPECT_EQ(co_await outer.next(), SIGUSR1);
        });
    });
}

// A stream for SIGINT stands before run's own handling of it.
TEST(Signals, AStreamMayTakeTheInterrupt) {
    EXPECT_EQ(run([]() -> task<int> {
                  co_return co_await with(signals({SIGINT}), [](signal_stream& arriving) -> task<int> {
                      for (int i = 0; i < 4; ++i) {  // none of them gets the default action
                          ::raise(SIGINT);
                          EXPECT_EQ(co_await arriving.next(), SIGINT);
                      }
                      co_return SIGINT;
                  });
              }),
              SIGINT);
    EXPECT_THROW(run([]() -> task<> {
                     co_await with(signals({SIGINT}), [](signal_stream&) -> task<> {
                         ::raise(SIGINT);
                         co_return;
                     });
                     co_await sleep_forever();
                 }),
                 interrupted);
}

//
TEST(Signals, ASecondTakerIsRefused) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1}), [](signal_stream& arriving) -> task<> {
            co_await with_task_group([&](task_group& group) -> task<> {
                auto first = group.create_task([&]() -> task<int> { co_return (co_await arriving.next()).value(); });
                co_await yield_now();
                CO_EXPECT_THROW(co_await arriving.next(), busy_resource);
                ::raise(SIGUSR1);
                EXPECT_EQ(co_await first, SIGUSR1);
            });
        });
    });
}

// a bad number undoes what was installed.
TEST(Signals, ABadNumberInstallsNothing) {
    own_handlers mine;
    run([]() -> task<> {
        EXPECT_THROW((void)signals({}), std::invalid_argument);
        EXPECT_THROW((void)signals({SIGUSR1, SIGKILL}), std::invalid_argument);
        EXPECT_THROW((void)signals({SIGUSR1, 0}), std::invalid_argument);
        EXPECT_THROW((void)signals({SIGUSR1, 4711}), std::invalid_argument);
        EXPECT_EQ(handler_of(SIGUSR1), own_handler);
        EXPECT_THROW(loop::current().add_signal_handler(SIGSTOP, [] {}), std::invalid_argument);
        co_return;
    });
}

//
TEST(Signals, OnlyTheMainThreadsLoopHasThem) {
    std::thread([] {
        run([]() -> task<> {
            EXPECT_THROW((void)signals({SIGUSR1}), usage_error);
            EXPECT_THROW(loop::current().add_signal_handler(SIGUSR1, [] {}), usage_error);
            co_return;
        });
    }).join();
}

// A second loop on another thread sleeps while the main thread's has signals to look at.
TEST(Signals, DoNotKeepOtherLoopsAwake) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1}), [](signal_stream& arriving) -> task<> {
            auto portal = start_blocking_portal();
            ::raise(SIGUSR1);
            const auto ticks = [](const blocking_portal& there) { return there.call([] { return loop::current().statistics().ticks; }); };
            // Between the two questions the other loop has nothing to do; this one holds its signal meanwhile.
            auto [before, after] = co_await to_thread([&portal, ticks] {
                const auto first = ticks(portal.portal());
                return std::pair(first, ticks(portal.portal()));
            });
            EXPECT_LT(after - before, 50u);
            EXPECT_EQ(co_await arriving.next(), SIGUSR1);
        });
    });
}

TEST(SignalHandler, IsCalledOnTheLoopUntilItIsRemoved) {
    own_handlers mine;
    run([]() -> task<> {
        int calls = 0;
        auto& here = loop::current();
        here.add_signal_handler(SIGUSR1, [&] { ++calls; });
        ::raise(SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_EQ(calls, 0);
        while (calls == 0) co_await yield_now();
        EXPECT_EQ(calls, 1) << "two that came together are one";
        here.add_signal_handler(SIGUSR1, [&] { calls += 10; });
        ::raise(SIGUSR1);
        while (calls == 1) co_await yield_now();
        EXPECT_EQ(calls, 11) << "the second function replaced the first";
        EXPECT_TRUE(here.remove_signal_handler(SIGUSR1));
        EXPECT_FALSE(here.remove_signal_handler(SIGUSR1));
        EXPECT_EQ(handler_of(SIGUSR1), own_handler);
    });
    EXPECT_EQ(own_calls, 0);
}

// a handler that nobody removed ends with the run.
TEST(SignalHandler, EndsWithTheRun) {
    own_handlers mine;
    run([]() -> task<> {
        loop::current().add_signal_handler(SIGUSR1, [] {});
        co_return;
    });
    EXPECT_EQ(handler_of(SIGUSR1), own_handler);
}

//
TEST(SignalHandler, AnErrorEndsTheRun) {
    EXPECT_THROW(run([]() -> task<> {
                     loop::current().add_signal_handler(SIGUSR1, [] { throw std::out_of_range("handler"); });
                     ::raise(SIGUSR1);
                     co_await sleep_forever();
                 }),
                 internal_error);
}

TEST(CancelAtEveryAwait, SignalStreamsBalance) {
    own_handlers mine;
    hem::testing::cancel_at_every_await([]() -> task<> {
        co_await with(signals({SIGUSR1}), [](signal_stream& arriving) -> task<> {
            timer_handle pending = loop::current().call_later(1s, [] { ::raise(SIGUSR1); });
            co_await finally(move_on_after(2s, arriving.next()), [&pending]() -> task<> {
                pending.cancel();
                co_return;
            });
        });
        EXPECT_EQ(handler_of(SIGUSR1), own_handler);
    });
}

//
TEST(Signals, CoalesceUntilTaken) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1, SIGUSR2}), [](signal_stream& arriving) -> task<> {
            ::raise(SIGUSR1);
            ::raise(SIGUSR1);
            ::raise(SIGUSR2);
            EXPECT_EQ(co_await arriving.next(), SIGUSR1);
            EXPECT_EQ(co_await arriving.next(), SIGUSR2);
            EXPECT_FALSE(co_await move_on_after(1ms, arriving.next()));
        });
        EXPECT_THROW((void)signals({}), std::invalid_argument);
        EXPECT_THROW((void)signals({SIGKILL}), std::invalid_argument);
    });
}

}  // namespace
