// The virtual clock and what waits for stillness: R-126.
#include <fcntl.h>
#include <gtest/gtest-spi.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "hem/testing.hpp"
#include "hem/testing/once.hpp"

#include "hem/core/detail/reactor.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

std::int64_t real_now() {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

//
TEST(VirtualClock, AThousandHoursOfSleepsTakeMilliseconds) {
    const auto begin = real_now();
    hem::testing::run_test_body([]() -> task<> {
        for (int i = 0; i < 1000; ++i) co_await sleep_for(1h);
        EXPECT_EQ(virtual_clock::elapsed(), 1000h);
    });
    EXPECT_LT(real_now() - begin, 2'000'000'000);
}

//
ASYNC_TEST(VirtualClock, JumpsStraightToTheNextTimer) {
    std::vector<duration> fired;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const duration d : {duration(3s), duration(1ns), duration(2h)}) {
            group.create_task([&fired, d]() -> task<> {
                co_await sleep_for(d);
                fired.push_back(virtual_clock::elapsed());
            });
        }
        co_return;
    });
    EXPECT_EQ(fired, (std::vector<duration>{1ns, 3s, 2h}));
}

//
ASYNC_TEST(VirtualClock, StandsWhileAWorkerJobRuns) {
    std::atomic<bool> go{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await to_thread([&go] {
                while (!go) std::this_thread::yield();
            });
            EXPECT_EQ(virtual_clock::elapsed(), 0s);
        });
        group.create_task([]() -> task<> { co_await sleep_for(1h); });
        for (int i = 0; i < 100; ++i) co_await yield_now();
        go = true;
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1h);
}

//
ASYNC_TEST(VirtualClock, StandsWhileRealInputIsPending) {
    int ends[2];
    CO_ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    hem::detail::io_descriptor reading(ends[0]);
    hem::detail::io_descriptor writing(ends[1]);
    reading.clear_readable();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await reading.wait_readable();
            EXPECT_EQ(virtual_clock::elapsed(), 0s);
        });
        group.create_task([]() -> task<> { co_await sleep_for(1s); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(::write(writing.fd(), "x", 1), 1);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

//
TEST(VirtualClock, MovesNoLoopThatRunsOnTheRealClock) {
    run([]() -> task<> {
        EXPECT_THROW(virtual_clock::jump(1s), usage_error);
        EXPECT_THROW(virtual_clock::rate(2), usage_error);
        EXPECT_THROW(virtual_clock::autojump_threshold(1s), usage_error);
        co_return;
    });
}

//
ASYNC_TEST(VirtualClock, RefusesToGoBack) {
    EXPECT_THROW(virtual_clock::jump(-1ns), std::invalid_argument);
    EXPECT_THROW(virtual_clock::rate(-1), std::invalid_argument);
    EXPECT_THROW(virtual_clock::autojump_threshold(-1s), std::invalid_argument);
    EXPECT_THROW((void)wait_all_tasks_blocked(-1s), std::invalid_argument);
    virtual_clock::jump(3s);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    co_return;
}

ASYNC_TEST(VirtualClock, AJumpFiresWhatIsDue) {
    bool fired = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await sleep_for(1min);
            fired = true;
        });
        const virtual_clock::freeze held;
        co_await wait_all_tasks_blocked();
        virtual_clock::jump(59s);
        co_await wait_all_tasks_blocked();
        EXPECT_FALSE(fired);
        virtual_clock::jump(1s);
        co_await wait_all_tasks_blocked();
        EXPECT_TRUE(fired);
    });
}

TEST(VirtualClock, AFrozenClockThatNobodyMovesIsADeadlock) {
    const hem::testing::one_seed once;
    EXPECT_NONFATAL_FAILURE(hem::testing::run_test_body([]() -> task<> {
                                const virtual_clock::freeze held;
                                co_await sleep_for(1s);
                            }),
                            "the virtual clock is held, nothing can wake any task");
}

ASYNC_TEST(VirtualClock, ARateLetsTimePassWithRealTime) {
    virtual_clock::autojump_threshold(duration::max());
    virtual_clock::rate(1'000'000);
    const auto begin = real_now();
    co_await sleep_for(1000s);
    EXPECT_GE(real_now() - begin, 900'000);  // a thousand seconds at a million a second
    EXPECT_GE(virtual_clock::elapsed(), 1000s);
}

ASYNC_TEST(VirtualClock, JumpsOnlyAfterTheThreshold) {
    virtual_clock::autojump_threshold(2ms);
    const auto begin = real_now();
    co_await sleep_for(1h);
    EXPECT_GE(real_now() - begin, 2'000'000);
    EXPECT_EQ(virtual_clock::elapsed(), 1h);
}

//
ASYNC_TEST(WaitAllTasksBlocked, GoesBeforeTheClockJumps) {
    co_await with_task_group([](task_group& group) -> task<> {
        group.create_task([]() -> task<> { co_await sleep_for(1s); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(virtual_clock::elapsed(), 0s);
    });
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

ASYNC_TEST(WaitAllTasksBlocked, SmallerCushionsGoFirst) {
    std::string order;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const int cushion : {2, 0, 1}) {
            group.create_task([&order, cushion]() -> task<> {
                co_await wait_all_tasks_blocked(cushion * 1ms);
                order += static_cast<char>('0' + cushion);
            });
        }
        co_return;
    });
    EXPECT_EQ(order, "012");
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

TEST(WaitAllTasksBlocked, WorksOnTheRealClock) {
    run([]() -> task<> {
        bool slept = false;
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                co_await sleep_for(20ms);
                slept = true;
            });
            co_await wait_all_tasks_blocked();
            EXPECT_FALSE(slept);
        });
    });
}

}  // namespace
