// `run` and `runner`: interrupts, cancellation from other threads, the order of the end.
#include "hem/core/run.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;
using hem::testing::expect_report;

volatile sig_atomic_t own_handler_calls = 0;
void own_handler(int) { own_handler_calls = own_handler_calls + 1; }

// The program's handler of a signal for the length of a test.
struct program_handler {
    program_handler(int of, void (*handler)(int)) : number(of) {
        struct sigaction action{};
        action.sa_handler = handler;
        sigemptyset(&action.sa_mask);
        ::sigaction(number, &action, &before);
        own_handler_calls = 0;
    }
    ~program_handler() { ::sigaction(number, &before, nullptr); }
    int number;
    struct sigaction before{};
};

auto handler_of(int number) {
    struct sigaction now{};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler;
}

task<> interrupt_oneself() {
    ::raise(SIGINT);
    co_await sleep_forever();
}

// cancelled never leaves run.
TEST(Runner, ACancelFromAnotherThreadEndsTheRun) {
    runner one;
    std::latch started(1);
    std::thread other([&] {
        started.wait();
        one.cancel("enough");
    });
    std::string text;
    EXPECT_THROW(one.run([&]() -> task<> {
        started.count_down();
        try {
            co_await sleep_forever();
        } catch (const cancelled& end) {
            text = end.reason().text;
            throw;
        }
    }),
                 task_cancelled);
    other.join();
    EXPECT_EQ(text, "enough");
}

// before a run it counts for the next one, so it cannot be lost to a thread that is early; after close() it does nothing.
TEST(Runner, ACancelBetweenRunsCountsForTheNext) {
    runner one({.clock = clock_kind::virtual_time});
    one.cancel();
    EXPECT_THROW(one.run([]() -> task<> { co_await sleep_forever(); }), task_cancelled);
    EXPECT_EQ(one.run([]() -> task<int> { co_return 3; }), 3);
    one.close();
    one.close();
    one.cancel();
    EXPECT_THROW(one.run([]() -> task<> { co_return; }), usage_error);
}

//
TEST(Run, TheErrorOfACallbackIsNestedAndLaterCallbacksStillRun) {
    bool later_ran = false;
    try {
        run({.clock = clock_kind::virtual_time}, [&]() -> task<> {
            loop::current().call_soon([] { throw std::out_of_range("callback"); });
            loop::current().call_soon([&] { later_ran = true; });
            co_await sleep_forever();
        });
        FAIL() << "the error was lost";
    } catch (const internal_error& error) {
        EXPECT_THROW(std::rethrow_if_nested(error), std::out_of_range);
    }
    EXPECT_TRUE(later_ran);
}

// callbacks that were posted before the end still run, once.
TEST(Run, CallbacksPostedBeforeTheEndRun) {
    int ran = 0;
    run([&]() -> task<> {
        loop::current().call_soon([&] {
            ++ran;
            loop::current().call_soon([&] { ran += 100; });
        });
        co_return;
    });
    EXPECT_EQ(ran, 1);
}

// callbacks, then signal handlers, then workers.
TEST(Run, EndsInOrder) {
    program_handler mine(SIGUSR1, own_handler);
    std::string order;
    std::atomic<bool> ended{false};
    std::optional<loop_handle> kept;
    {
        runner one;
        one.run([&]() -> task<> {
            kept.emplace(loop::current());
            loop::current().add_signal_handler(SIGUSR1, [] {});
            co_await to_thread([&ended] {
                thread_local std::unique_ptr<std::atomic<bool>, void (*)(std::atomic<bool>*)> at_exit(
                    nullptr, [](std::atomic<bool>* flag) { flag->store(true); });
                at_exit.reset(&ended);
            });
            loop::current().call_soon([&] { order += handler_of(SIGUSR1) == own_handler ? "restored too early;" : "callback;"; });
        });
        order += handler_of(SIGUSR1) == own_handler ? "restored;" : "not restored;";
        EXPECT_TRUE(kept->call_soon_threadsafe([] {}));
    }
    order += ended.load() ? "workers joined;" : "workers left;";
    order += kept->call_soon_threadsafe([] {}) ? "open;" : "closed;";
    EXPECT_EQ(order, "callback;restored;workers joined;closed;");
}

// the census. A descriptor that outlives its loop is named.
TEST(Run, WhatIsLeftIsReported) {
    hem::testing::report_collector reports;
    const auto expected = expect_report(report_kind::leak);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    alignas(detail::io_descriptor) static std::byte memory[sizeof(detail::io_descriptor)];  // static: never given back on purpose
    auto* leaked = reinterpret_cast<detail::io_descriptor*>(memory);
    run([&]() -> task<> {
        std::construct_at(leaked, ends[0]);
        co_return;
    });
    EXPECT_NE(expected.texts().at(0).find("1 open descriptor"), std::string::npos);
    ::close(ends[0]);
    ::close(ends[1]);
}

// the outer main is named, the function does not start.
TEST(Run, ANestedRunNamesTheOuterMain) {
    run({.name = "outer"}, []() -> task<> {
        bool started = false;
        try {
            runner().run([&]() -> task<> {
                started = true;
                co_return;
            });
        } catch (const usage_error& error) {
            EXPECT_NE(std::string(error.what()).find("'outer'"), std::string::npos);
        }
        EXPECT_FALSE(started);
        co_return;
    });
}

// delivered at await points, through groups, like any cancellation.
TEST(Interrupt, PassesThroughGroupsAtAwaits) {
    std::string log;
    EXPECT_THROW(run([&]() -> task<> {
                     co_await with_task_group([&](task_group& group) -> task<> {
                         group.create_task([&]() -> task<> {
                             ::raise(SIGINT);
                             log += "no await, no interrupt;";
                             co_await finally(sleep_forever(), [&]() -> task<> {
                                 log += "cleanup;";
                                 co_return;
                             });
                         });
                         co_await sleep_forever();
                     });
                 }),
                 interrupted);
    EXPECT_EQ(log, "no await, no interrupt;cleanup;");
}

// in the last step of main.
TEST(Interrupt, InTheLastStepIsNotLost) {
    EXPECT_THROW(run([]() -> task<int> {
                     ::raise(SIGINT);
                     co_return 1;
                 }),
                 interrupted);
}

// before main began.
TEST(Interrupt, BeforeMainBeganIsNotLost) {
    bool began = false, reached = false;
    runner one;
    one.get_loop().call_soon_threadsafe([] { ::raise(SIGINT); });  // runs in the first tick, before main
    EXPECT_THROW(one.run([&]() -> task<> {
        began = true;
        co_await yield_now();
        co_await yield_now();
        reached = true;
    }),
                 interrupted);
    EXPECT_TRUE(began);
    EXPECT_FALSE(reached);
}

// an error of main wins, and the interrupt is reported.
TEST(Interrupt, AnErrorOfMainWins) {
    hem::testing::report_collector reports;
    const auto expected = expect_report(report_kind::interrupt_ignored);
    EXPECT_THROW(run([]() -> task<> {
                     try {
                         co_await interrupt_oneself();
                     } catch (const cancelled&) {
                     }
                     throw std::out_of_range("main");
                 }),
                 std::out_of_range);
    EXPECT_EQ(expected.texts().size(), 1u);
}

// main was cancelled for another reason before: that reason decides.
TEST(Interrupt, AnEarlierCancellationDecides) {
    hem::testing::report_collector reports;
    const auto expected = expect_report(report_kind::interrupt_ignored);
    runner one;
    EXPECT_THROW(one.run([&]() -> task<> {
        one.cancel();
        co_await finally(sleep_forever(), []() -> task<> {
            ::raise(SIGINT);
            co_await yield_now();
            co_await yield_now();
        });
    }),
                 task_cancelled);
    EXPECT_EQ(expected.texts().size(), 1u);
}

// the second ends grace times, those that run and those that would begin.
TEST(Interrupt, TheSecondEndsGraceTimes) {
    std::string log;
    EXPECT_THROW(run([&]() -> task<> {
                     auto slow_cleanup = [&log](const char* what) -> task<> {
                         try {
                             co_await sleep_for(1h);
                         } catch (const cancelled&) {
                             log += what;
                             throw;
                         }
                     };
                     co_await finally(finally(interrupt_oneself(),
                                              [&]() -> task<> {
                                                  loop::current().call_soon([] { ::raise(SIGINT); });
                                                  co_await slow_cleanup("inner cut;");
                                              }),
                                      [&]() -> task<> { co_await slow_cleanup("outer cut;"); });
                 }),
                 interrupted);
    EXPECT_EQ(log, "inner cut;outer cut;");
}

// the third gets the default action, also while a task holds the loop.
TEST(InterruptDeathTest, TheThirdKills) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(run([]() -> task<> {
                    for (int i = 0; i < 3; ++i) ::raise(SIGINT);
                    co_return;
                }),
                ::testing::KilledBySignal(SIGINT), "");
}

// the program's handler is left alone, whether it was there before the run or came during it; the default one is restored.
TEST(Interrupt, AHandlerOfTheProgramIsLeftAlone) {
    {
        program_handler mine(SIGINT, own_handler);
        run([]() -> task<> {
            ::raise(SIGINT);
            co_return;
        });
        EXPECT_EQ(own_handler_calls, 1);
        EXPECT_EQ(handler_of(SIGINT), own_handler);
    }
    {
        program_handler restore(SIGINT, SIG_DFL);
        run([]() -> task<> {
            EXPECT_NE(handler_of(SIGINT), SIG_DFL);
            co_return;
        });
        EXPECT_EQ(handler_of(SIGINT), SIG_DFL);
        run([]() -> task<> {
            ::signal(SIGINT, own_handler);
            co_return;
        });
        EXPECT_EQ(handler_of(SIGINT), own_handler);
    }
}

// only on the main thread.
TEST(Interrupt, OtherThreadsHaveNone) {
    program_handler restore(SIGINT, SIG_DFL);
    std::thread([] {
        run([]() -> task<> {
            EXPECT_EQ(handler_of(SIGINT), SIG_DFL);
            co_return;
        });
    }).join();
}

}  // namespace
