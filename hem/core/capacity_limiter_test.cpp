// Capacity limiters.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

task<> borrow(capacity_limiter& limiter, std::string& trace, char name) {
    auto token = co_await limiter.acquire();
    trace += name;
    co_await sleep_for(1s);
}

//
ASYNC_TEST(CapacityLimiter, OneTokenForEachTask) {
    capacity_limiter limiter(2, "disk");
    auto own = co_await limiter.acquire();
    try {
        (void)co_await limiter.acquire();
        ADD_FAILURE();
    } catch (const usage_error& error) {
        EXPECT_NE(std::string(error.what()).find("has a token of the capacity_limiter 'disk'"), std::string::npos) << error.what();
    }
    EXPECT_THROW((void)limiter.try_acquire(), usage_error);
    EXPECT_EQ(limiter.borrowed_tokens(), 1u);
    own.release();
    EXPECT_THROW(limiter.release(), usage_error);
    EXPECT_EQ(limiter.available_tokens(), 2u);
}

//
ASYNC_TEST(CapacityLimiter, OneTokenForEachNamedBorrower) {
    capacity_limiter limiter(2);
    int job_a = 0, job_b = 0, job_c = 0;
    auto a = co_await limiter.acquire_on_behalf_of(&job_a);
    auto b = limiter.try_acquire_on_behalf_of(&job_b);
    EXPECT_TRUE(b.owns());
    EXPECT_FALSE(limiter.try_acquire_on_behalf_of(&job_c).owns());
    CO_EXPECT_THROW(co_await limiter.acquire_on_behalf_of(&job_a), usage_error);
    EXPECT_THROW(limiter.release_on_behalf_of(&job_c), usage_error);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { auto c = co_await limiter.acquire_on_behalf_of(&job_c); });
        co_await wait_all_tasks_blocked();
        CO_EXPECT_THROW(co_await limiter.acquire_on_behalf_of(&job_c), usage_error);  // it waits already
        a.disown();
        limiter.release_on_behalf_of(&job_a);
    });
    EXPECT_EQ(limiter.borrowed_tokens(), 1u);
}

//
ASYNC_TEST(CapacityLimiter, ItsSizeChangesInUse) {
    capacity_limiter limiter(1);
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const char name : std::string("abcdef")) {
            group.create_task(borrow, std::ref(limiter), std::ref(trace), name);
            co_await wait_all_tasks_blocked();
        }
        EXPECT_EQ(trace, "a");
        limiter.set_total_tokens(3);  // wakes two at once
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "abc");
        limiter.set_total_tokens(1);  // takes effect as tokens come back
        EXPECT_EQ(limiter.borrowed_tokens(), 3u);
        EXPECT_EQ(limiter.available_tokens(), 0u);
        co_await sleep_for(1500ms);
        EXPECT_EQ(trace, "abcd");
    });
    EXPECT_EQ(trace, "abcdef");
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
    EXPECT_EQ(limiter.statistics().peak_borrowed, 3u);
    EXPECT_EQ(limiter.statistics().peak, 5u);
    EXPECT_EQ(limiter.statistics().grants, 5u);
    EXPECT_THROW(limiter.set_total_tokens(0), std::invalid_argument);
    EXPECT_THROW(capacity_limiter(0), std::invalid_argument);
}

//
ASYNC_TEST(CapacityLimiter, NobodyOvertakesAGrantedWaiter) {
    capacity_limiter limiter(1);
    std::string trace;
    auto own = co_await limiter.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(borrow, std::ref(limiter), std::ref(trace), 'a');
        co_await wait_all_tasks_blocked();
        own.release();
        limiter.set_total_tokens(2);
        co_await borrow(limiter, trace, 'b');
    });
    EXPECT_EQ(trace, "ab");
}

//
ASYNC_TEST(CapacityLimiter, ACancelledGrantPassesOn) {
    capacity_limiter limiter(1);
    std::string trace;
    auto own = co_await limiter.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task(borrow, std::ref(limiter), std::ref(trace), 'a');
        co_await wait_all_tasks_blocked();
        group.create_task(borrow, std::ref(limiter), std::ref(trace), 'b');
        co_await wait_all_tasks_blocked();
        own.release();
        first.cancel();
    });
    EXPECT_EQ(trace, "b");
    EXPECT_EQ(limiter.available_tokens(), 1u);
}

TEST(CancelAtEveryAwait, CapacityLimiterLosesNoToken) {
    std::optional<capacity_limiter> limiter;
    std::string trace;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            limiter.emplace(2);
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 5; ++i) group.create_task(borrow, std::ref(*limiter), std::ref(trace), 'x');
                co_return;
            });
        },
        [&]() -> task<> {
            EXPECT_EQ(limiter->borrowed_tokens(), 0u);
            EXPECT_EQ(limiter->statistics().waiters, 0u);
            co_return;
        });
}

}  // namespace
