// What runs all the time allocates nothing once it has run for a while: frames, timers and wait nodes are recycled or live in frames.
#include "hem/testing/allocation.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::allocations_of;

task<int> leaf(int value) { co_return value; }
task<int> child(int value) { co_return co_await leaf(value) + 1; }

#define SKIP_WITHOUT_COUNTER()                                                                                                             \
    if (!hem::testing::counts_allocations) co_return

ASYNC_TEST(Allocation, AwaitingAChildAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    EXPECT_EQ(co_await allocations_of([]() -> task<> { EXPECT_EQ(co_await child(1), 2); }), 0u);
}

ASYNC_TEST(Allocation, SleepingAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    EXPECT_EQ(co_await allocations_of([]() -> task<> { co_await sleep_for(3ms); }), 0u);
}

ASYNC_TEST(Allocation, ATimeoutThatDoesNotStrikeAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    EXPECT_EQ(co_await allocations_of([]() -> task<> { EXPECT_EQ(co_await timeout(1s, child(1)), 2); }), 0u);
}

// Runs `partner` beside `body`, which ends it.
template <class F, class G>
task<> beside(F partner, G body) {
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await partner(); });
        co_await body();
        group.cancel();
    });
}

ASYNC_TEST(Allocation, AContendedLockAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    lock mutex;
    co_await beside(
        [&]() -> task<> {
            for (;;) {
                auto held = co_await mutex.acquire();
                co_await yield_now();
            }
        },
        [&]() -> task<> {
            const auto count = co_await allocations_of(
                [&]() -> task<> {
                    auto held = co_await mutex.acquire();
                    co_await yield_now();
                },
                200, 250);
            EXPECT_EQ(count, 0u);
        });
}

ASYNC_TEST(Allocation, AQueueAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    queue<int> requests(4);
    queue<int> answers(4);
    co_await beside(
        [&]() -> task<> {
            for (;;) co_await answers.put(co_await requests.get() + 1);
        },
        [&]() -> task<> {
            const auto count = co_await allocations_of([&]() -> task<> {
                co_await requests.put(1);
                EXPECT_EQ(co_await answers.get(), 2);
            });
            EXPECT_EQ(count, 0u);
        });
}

ASYNC_TEST(Allocation, WakingATaskAllocatesNothing) {
    SKIP_WITHOUT_COUNTER();
    event ping;
    event pong;
    co_await beside(
        [&]() -> task<> {
            for (;;) {
                co_await ping.wait();
                ping.clear();
                pong.set();
            }
        },
        [&]() -> task<> {
            const auto count = co_await allocations_of([&]() -> task<> {
                ping.set();
                co_await pong.wait();
                pong.clear();
            });
            EXPECT_EQ(count, 0u);
        });
}

}  // namespace
