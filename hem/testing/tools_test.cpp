// Sequencers, determinism, checkpoints, stack, strays, census.
#include <gtest/gtest-spi.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "hem/testing.hpp"
#include "hem/testing/once.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using namespace hem::testing;

//
ASYNC_TEST(Sequencer, PassesStepsInOrderWhicheverTaskTheyAreIn) {
    sequencer seq;
    std::string trace;
    const auto steps = [&](std::vector<std::size_t> mine) -> task<> {
        for (const auto step : mine) {
            co_await seq(step);
            trace += static_cast<char>('0' + step);
        }
    };
    co_await gather(steps({2, 3, 7}), steps({1, 4, 6}), steps({0, 5, 8}));
    EXPECT_EQ(trace, "012345678");
    EXPECT_EQ(seq.next(), 9u);
}

//
ASYNC_TEST(Sequencer, AStepTakenTwiceBreaksItAndAllLaterOnes) {
    sequencer seq;
    co_await seq(0);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await seq(5), usage_error); });
        co_await wait_all_tasks_blocked();
        CO_EXPECT_THROW(co_await seq(0), usage_error);
    });
    CO_EXPECT_THROW(co_await seq(1), usage_error);
}

//
ASYNC_TEST(Sequencer, TwoTasksThatWaitForOneStepBreakIt) {
    sequencer seq;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await seq(2), usage_error); });
        co_await wait_all_tasks_blocked();
    });
    co_await seq(0);  // what comes before the broken step still passes
    co_await seq(1);
}

//
ASYNC_TEST(Sequencer, ACancelledStepBreaksLaterOnesAndNothingHangs) {
    sequencer seq;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> { co_await seq(1); });
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await seq(2), usage_error); });
        co_await wait_all_tasks_blocked();
        first.cancel();
    });
    co_await seq(0);
    CO_EXPECT_THROW(co_await seq(3), usage_error);
}

//
TEST(Determinism, EqualSeedsGiveEqualTraces) {
    const auto resumes = check_determinism([]() -> task<> {
        semaphore permits(2);
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 10; ++i) {
                group.create_task([&]() -> task<> {
                    auto permit = co_await permits.acquire();
                    co_await sleep_for(std::chrono::nanoseconds(loop::current().random().below(1000)));
                });
            }
            co_return;
        });
    });
    EXPECT_GT(resumes, 20u);
}

//
TEST(Determinism, ADifferenceIsNamed) {
    EXPECT_NONFATAL_FAILURE(
        {
            int runs = 0;
            check_determinism([&]() -> task<> { co_await sleep_for(++runs * 1s); });
        },
        "two runs with seed 1 differ at resume 2:\n  first:  at 1000000000 ns");
}

//
TEST(Determinism, OtherSeedsShuffleFirstStartsOtherwise) {
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::string order;
        run({.clock = clock_kind::virtual_time, .seed = seed, .shuffle = true, .handle_interrupt = false}, [&]() -> task<> {
            co_await with_task_group([&](task_group& group) -> task<> {
                for (const char name : std::string("abc")) {
                    group.create_task([&order, name]() -> task<> {
                        order += name;
                        co_return;
                    });
                }
                co_return;
            });
        });
        orders.insert(order);
    }
    EXPECT_GT(orders.size(), 3u);
}

//
TEST(Determinism, ShuffleKeepsTheOrderOfWaitersThatOnePrimitiveWoke) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::string order;
        run({.clock = clock_kind::virtual_time, .seed = seed, .shuffle = true, .handle_interrupt = false}, [&]() -> task<> {
            event flag;
            co_await with_task_group([&](task_group& group) -> task<> {
                for (const char name : std::string("abcd")) {
                    group.create_task([&, name]() -> task<> {
                        co_await flag.wait();
                        order += name;
                    });
                    co_await wait_all_tasks_blocked();
                }
                flag.set();
            });
        });
        EXPECT_EQ(order, "abcd") << "seed " << seed;
    }
}

ASYNC_TEST(Checkpoints, AreToldFromOtherOperations) {
    co_await assert_checkpoints([]() -> task<> { co_await sleep_for(1s); });
    co_await assert_checkpoints([]() -> task<> { co_await yield_now(); });
    event flag;
    co_await assert_no_checkpoints([&]() -> task<> {
        flag.set();
        co_return;
    });
}

TEST(Checkpoints, TheWrongClaimFails) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                event flag;
                                flag.set();
                                co_await assert_checkpoints([&]() -> task<> { co_await flag.wait(); });
                            }),
                            "it let no other task run");
    EXPECT_NONFATAL_FAILURE(
        run_test_body([]() -> task<> { co_await assert_no_checkpoints([]() -> task<> { co_await checkpoint_if_cancelled(); }); }),
        "the operation is a cancel point");
}

task<int> sum_of(int depth) {
    if (depth == 0) co_return 0;
    co_return depth + co_await sum_of(depth - 1);
}
int plain_depth(int depth) {
    volatile char room[512] = {};
    room[0] = static_cast<char>(depth);
    return depth == 0 ? room[0] : 1 + plain_depth(depth - 1) + room[1];
}

//
TEST(Stack, AChainOfAwaitedChildrenIsBounded) {
    expect_stack_bounded([]() -> task<> { EXPECT_EQ(co_await sum_of(10'000), 50'005'000); });
}
TEST(Stack, RecursionIsSeen) {
    const auto used = stack_used([]() -> task<> {
        EXPECT_EQ(plain_depth(4000), 4000);
        co_return;
    });
    EXPECT_GT(used, std::size_t{2'000'000});
}

//
TEST(Strays, ARealSleepFailsTheTest) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                std::this_thread::sleep_for(1us);
                                co_return;
                            }),
                            "a real sleep (nanosleep) on the thread of a loop with virtual time");
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                ::usleep(1);
                                co_return;
                            }),
                            "a real sleep (usleep)");
}

//
TEST(Strays, AnUnseededRandomNumberFailsTheTest) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                std::random_device device;
                                (void)device();
                                co_return;
                            }),
                            "an unseeded random number (std::random_device)");
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                (void)::rand();
                                co_return;
                            }),
                            "(rand)");
}

//
TEST(Strays, AStrayThreadFailsTheTest) {
    const hem::testing::one_seed once;
    std::atomic<bool> end{false};
    std::thread stray;
    EXPECT_NONFATAL_FAILURE(run_test_body([&]() -> task<> {
                                stray = std::thread([&] {
                                    while (!end) std::this_thread::yield();
                                });
                                co_return;
                            }),
                            "1 threads left running");
    end = true;
    stray.join();
}

//
TEST(LeakCensus, NamesADescriptorThatStaysOpen) {
    int left = -1;
    EXPECT_NONFATAL_FAILURE(run_test_body([&]() -> task<> {
                                left = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
                                co_return;
                            }),
                            "1 descriptors left open (");
    ::close(left);
}

//
TEST(LeakCensus, CountsCoroutineFramesThatNobodyDestroys) {
    std::optional<task<int>> kept;
    EXPECT_NONFATAL_FAILURE(run_test_body([&]() -> task<> {
                                kept = sum_of(0);
                                co_return;
                            }),
                            "1 coroutine frames or task states not destroyed");
    EXPECT_EQ(run(std::move(*kept)), 0);
}

//
TEST(LeakCensus, NamesATimerThatStaysArmed) {
    EXPECT_NONFATAL_FAILURE(run_test_body([]() -> task<> {
                                loop::current().call_later(1s, [] {});
                                co_return;
                            }),
                            "1 timers armed");
}

//
TEST(ExpectReport, FailsWhenNoneCame) {
    EXPECT_NONFATAL_FAILURE(
        { const auto expected = expect_report(report_kind::stall); }, "expected a report of kind 'stall', there was none");
}

class Squares : public async_fixture, public ::testing::WithParamInterface<int> {
public:
    task<> async_set_up() override {
        co_await sleep_for(1s);
        ready_ = true;
    }

protected:
    bool ready_ = false;
};

ASYNC_TEST_P(Squares, TestsWithParametersAreCoroutinesToo) {
    EXPECT_TRUE(ready_);
    co_await sleep_for(std::chrono::seconds(GetParam()));
    EXPECT_EQ(virtual_clock::elapsed(), std::chrono::seconds(1 + GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Small, Squares, ::testing::Values(1, 2, 3));

}  // namespace
