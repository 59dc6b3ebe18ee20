// The tests' own tools, and promises of the runtime that they make easy to state.
#include <gtest/gtest-spi.h>

#include "hem/testing.hpp"
#include "hem/testing/once.hpp"

namespace {

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

ASYNC_TEST(VirtualClock, AnHourOfSleepTakesNoTime) {
    co_await hem::sleep_for(1h);
    EXPECT_EQ(virtual_clock::elapsed(), 1h);
}

ASYNC_TEST(VirtualClock, JumpRefusesToGoBack) {
    EXPECT_THROW(virtual_clock::jump(-1s), std::invalid_argument);
    virtual_clock::jump(3s);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    co_return;
}

ASYNC_TEST(WaitAllTasksBlocked, ComesBeforeTheClockJumps) {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task([]() -> hem::task<> { co_await hem::sleep_for(1s); });
        co_await hem::testing::wait_all_tasks_blocked();
        EXPECT_EQ(virtual_clock::elapsed(), 0s);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

ASYNC_TEST(ExpectReport, ClaimsWhatComes) {
    auto expected = hem::testing::expect_report(hem::report_kind::never_awaited);
    {
        [[maybe_unused]] auto forgotten = hem::sleep_for(1s), unused = hem::sleep_for(1s);
    }
    auto never = []() -> hem::task<> { co_return; };
    {
        [[maybe_unused]] hem::task<> dropped = never();
    }
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("destroyed before it ran"), std::string::npos);
}

TEST(AsyncTest, FailsOnAnErrorThatLeavesTheBody) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(hem::testing::run_test_body([]() -> hem::task<> {
                                throw std::runtime_error("broken");
                                co_return;
                            }),
                            "broken");
}

TEST(AsyncTest, FailsOnAnUnclaimedReport) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(hem::testing::run_test_body([]() -> hem::task<> {
                                auto never = []() -> hem::task<> { co_return; };
                                [[maybe_unused]] hem::task<> dropped = never();
                                co_return;
                            }),
                            "never awaited");
}

TEST(AsyncTest, DeadlockEndsTheRun) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(hem::testing::run_test_body([]() -> hem::task<> {
                                hem::event never;
                                co_await never.wait();
                            }),
                            "nothing can wake any task");
}

TEST(CancelAtEveryAwait, VisitsEachSuspensionOnce) {
    int begun = 0;
    const auto awaits = hem::testing::cancel_at_every_await([&]() -> hem::task<> {
        ++begun;
        co_await hem::sleep_for(1s);
        co_await hem::sleep_for(1s);
        co_await hem::yield_now();
    });
    EXPECT_EQ(awaits, 3u);
    EXPECT_EQ(begun, 4);
}

// A queue under cancellation at every await: what was put is got, dropped or still there.
TEST(CancelAtEveryAwait, QueueLosesNothing) {
    int put = 0, got = 0;
    std::size_t left = 0;
    hem::testing::cancel_at_every_await(
        [&]() -> hem::task<> {
            put = got = 0;
            hem::queue<int> queue(2);
            auto note_left = [&]() -> hem::task<> {
                left = queue.size();
                co_return;
            };
            auto body = [&]() -> hem::task<> {
                co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
                    group.create_task([&]() -> hem::task<> {
                        for (int i = 0; i < 6; ++i) {
                            co_await queue.put(i);
                            ++put;
                        }
                    });
                    for (int i = 0; i < 2; ++i) {
                        group.create_task([&]() -> hem::task<> {
                            for (int k = 0; k < 3; ++k) {
                                co_await queue.get();
                                ++got;
                            }
                        });
                    }
                    co_return;
                });
            };
            co_await hem::finally(body(), note_left);
        },
        [&]() -> hem::task<> {
            // A put whose item is in the queue may be interrupted only before it took effect.
            EXPECT_EQ(put, got + static_cast<int>(left));
            co_return;
        });
}

TEST(CancelAtEveryAwait, SemaphoreKeepsItsPermits) {
    std::size_t available = 0;
    hem::testing::cancel_at_every_await(
        [&]() -> hem::task<> {
            hem::semaphore permits(2);
            auto body = [&]() -> hem::task<> {
                std::vector<int> items(5);
                co_await hem::map_concurrent(items,
                                             [&](int) -> hem::task<> {
                                                 auto permit = co_await permits.acquire();
                                                 co_await hem::sleep_for(1s);
                                             },
                                             {.limit = 5});
            };
            auto note = [&]() -> hem::task<> {
                available = permits.available();
                co_return;
            };
            co_await hem::finally(body(), note);
        },
        [&]() -> hem::task<> {
            EXPECT_EQ(available, 2u);
            co_return;
        });
}

}  // namespace
