// Permits.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

task<> enter(semaphore& permits, std::string& trace, char name) {
    auto permit = co_await permits.acquire();
    permit.disown();
    trace += name;
}

//
ASYNC_TEST(Semaphore, NReleasesWakeNInOrder) {
    semaphore permits(0);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const char name : std::string("abcd")) {
            group.create_task(enter, std::ref(permits), std::ref(trace), name);
            co_await wait_all_tasks_blocked();
        }
        permits.release();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "a");
        permits.release(2);
        EXPECT_EQ(trace, "a");
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "abc");
        permits.release(2);
    });
    EXPECT_EQ(trace, "abcd");
    EXPECT_EQ(permits.available(), 1u);
}

// a newcomer queues behind a waiter that was granted and has not resumed, also if there is a permit for both.
ASYNC_TEST(Semaphore, NobodyOvertakesAGrantedWaiter) {
    semaphore permits(0);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(enter, std::ref(permits), std::ref(trace), 'a');
        co_await wait_all_tasks_blocked();
        permits.release(3);
        co_await enter(permits, trace, 'b');
        EXPECT_EQ(trace, "ab");
    });
    EXPECT_EQ(permits.available(), 1u);
}

//
ASYNC_TEST(Semaphore, TryAcquireStealsNothing) {
    semaphore permits(1);
    auto own = permits.try_acquire();
    EXPECT_TRUE(own.owns());
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { auto permit = co_await permits.acquire(); });
        co_await wait_all_tasks_blocked();
        own.release();
        EXPECT_FALSE(permits.try_acquire().owns());
    });
    EXPECT_TRUE(permits.try_acquire().owns());
}

// a permit is given to W1, then W1 is cancelled in the same tick: W1 throws, W2 behind it enters.
ASYNC_TEST(Semaphore, ACancelledGrantPassesOn) {
    semaphore permits(0);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task(enter, std::ref(permits), std::ref(trace), '1');
        co_await wait_all_tasks_blocked();
        group.create_task(enter, std::ref(permits), std::ref(trace), '2');
        co_await wait_all_tasks_blocked();
        permits.release();
        first.cancel();
    });
    EXPECT_EQ(trace, "2");
    EXPECT_EQ(permits.available(), 0u);
}

//
ASYNC_TEST(Semaphore, ABoundedOneRefusesASurplusRelease) {
    bounded_semaphore permits(2, "workers");
    EXPECT_THROW(permits.release(), usage_error);
    {
        auto one = co_await permits.acquire();
        EXPECT_THROW(permits.release(2), usage_error);
        EXPECT_EQ(permits.available(), 1u);
    }
    EXPECT_EQ(permits.available(), 2u);
    auto expected = hem::testing::expect_report(report_kind::callback_misuse);
    auto twice = co_await permits.acquire();
    permits.release();
    twice.release();
    EXPECT_EQ(permits.available(), 2u);
}

//
ASYNC_TEST(Semaphore, BadNumbersAreRefused) {
    EXPECT_THROW(semaphore(-1), std::invalid_argument);
    EXPECT_THROW(bounded_semaphore(-1), std::invalid_argument);
    semaphore permits(1);
    EXPECT_THROW(permits.release(-1), std::invalid_argument);
    EXPECT_EQ(permits.available(), 1u);
    co_return;
}

ASYNC_TEST(Semaphore, TellsItsFigures) {
    semaphore permits(1);
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) {
            group.create_task([&]() -> task<> {
                auto permit = co_await permits.acquire();
                co_await sleep_for(1s);
            });
        }
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(permits.statistics().waiters, 2u);
    });
    EXPECT_EQ(permits.statistics().peak, 2u);
    EXPECT_EQ(permits.statistics().grants, 2u);
    EXPECT_EQ(permits.statistics().available, 1u);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
TEST(CancelAtEveryAwait, SemaphoreLosesNoPermit) {
    std::optional<semaphore> permits;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            permits.emplace(2);
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 5; ++i) {
                    group.create_task([&]() -> task<> {
                        auto permit = co_await permits->acquire();
                        co_await yield_now();
                    });
                }
                co_return;
            });
        },
        [&]() -> task<> {
            EXPECT_EQ(permits->available(), 2u);
            EXPECT_EQ(permits->statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
