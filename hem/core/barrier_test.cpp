// Barriers.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <algorithm>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

//
ASYNC_TEST(Barrier, AssignsEachIndexOnceWhenItTrips) {
    barrier meeting(3);
    std::vector<std::size_t> indices;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 1; i <= 3; ++i) {
            group.create_task([&, i]() -> task<> {
                co_await sleep_for(i * 1s);
                indices.push_back(co_await meeting.wait());
                EXPECT_EQ(virtual_clock::elapsed(), 3s);
            });
        }
        co_await sleep_for(2500ms);
        EXPECT_EQ(meeting.n_waiting(), 2u);
    });
    std::sort(indices.begin(), indices.end());
    EXPECT_EQ(indices, (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(meeting.statistics().rounds, 1u);
    EXPECT_EQ(meeting.statistics().grants, 2u);
}

//
ASYNC_TEST(Barrier, AWaiterThatLeavesDoesNotBreakIt) {
    barrier meeting(2);
    co_await with_task_group([&](task_group& group) -> task<> {
        CO_EXPECT_THROW(co_await timeout(1s, meeting.wait()), timeout_error);
        EXPECT_EQ(meeting.n_waiting(), 0u);
        EXPECT_FALSE(meeting.broken());
        group.create_task([&]() -> task<> { (void)co_await meeting.wait(); });
        co_await sleep_for(1s);
        (void)co_await meeting.wait();
    });
    EXPECT_EQ(meeting.statistics().rounds, 1u);
}

// late arrivals wait until the round has drained, then enter the next one.
ASYNC_TEST(Barrier, LateArrivalsAreHeldBack) {
    barrier meeting(2);
    std::string trace;
    auto come = [&](char name) -> task<> {
        (void)co_await meeting.wait();
        trace += name;
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(come, 'a');
        co_await wait_all_tasks_blocked();
        co_await come('b');  // trips it; a has not resumed
        EXPECT_EQ(trace, "b");
        group.create_task({.eager_start = true}, come, 'c');
        EXPECT_EQ(meeting.n_waiting(), 0u);
        EXPECT_EQ(meeting.statistics().held_back, 1u);
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "ba");
        EXPECT_EQ(meeting.n_waiting(), 1u);
        EXPECT_EQ(meeting.statistics().held_back, 0u);
        co_await come('d');
    });
    EXPECT_EQ(trace, "badc");
}

// a pass that was given and is cancelled is used by nobody; the others have theirs.
ASYNC_TEST(Barrier, ACancelledPassHoldsNobodyUp) {
    barrier meeting(2);
    co_await with_task_group([&](task_group& group) -> task<> {
        auto first = group.create_task([&]() -> task<> { (void)co_await meeting.wait(); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(co_await meeting.wait(), 1u);
        first.cancel();
        CO_EXPECT_THROW(co_await first, task_cancelled);
        group.create_task([&]() -> task<> { EXPECT_EQ(co_await meeting.wait(), 0u); });
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(co_await meeting.wait(), 1u);
    });
}

//
ASYNC_TEST(Barrier, ResetBreaksTheCurrentRoundOnly) {
    barrier meeting(2, "meeting");
    std::string trace;
    auto come = [&](char name) -> task<> {
        try {
            (void)co_await meeting.wait();
            trace += name;
        } catch (const broken_barrier&) {
            trace += std::string("!") + name;
        }
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(come, 'a');
        co_await wait_all_tasks_blocked();
        meeting.reset();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "!a");
        EXPECT_FALSE(meeting.broken());

        group.create_task(come, 'b');
        co_await wait_all_tasks_blocked();
        co_await come('c');
        group.create_task({.eager_start = true}, come, 'd');
        meeting.reset();  // b has its pass and has not resumed; d is held back
        EXPECT_EQ(meeting.n_waiting(), 1u);
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "!ac!b");
        co_await come('e');
    });
    EXPECT_EQ(trace, "!ac!bed");
}

//
ASYNC_TEST(Barrier, AbortBreaksForEverybodyUntilReset) {
    barrier meeting(2);
    int broken = 0;
    auto come = [&]() -> task<> {
        try {
            (void)co_await meeting.wait();
        } catch (const broken_barrier&) {
            ++broken;
        }
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(come);
        co_await wait_all_tasks_blocked();
        co_await come();
        group.create_task({.eager_start = true}, come);
        meeting.abort();
        EXPECT_TRUE(meeting.broken());
        co_await come();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(broken, 3);
        meeting.reset();
        EXPECT_FALSE(meeting.broken());
        group.create_task(come);
        co_await wait_all_tasks_blocked();
        co_await come();
    });
    EXPECT_EQ(broken, 3);
}

ASYNC_TEST(Barrier, OfOneNeverWaitsAndOfNoneIsRefused) {
    barrier alone(1);
    EXPECT_EQ(co_await alone.wait(), 0u);
    EXPECT_EQ(co_await alone.wait(), 0u);
    EXPECT_THROW(barrier(0), std::invalid_argument);
}

TEST(CancelAtEveryAwait, BarrierKeepsNobody) {
    std::optional<barrier> meeting;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            meeting.emplace(3);
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 3; ++i) {
                    group.create_task([&]() -> task<> {
                        (void)co_await meeting->wait();
                        (void)co_await meeting->wait();
                    });
                }
                co_return;
            });
            EXPECT_EQ(meeting->statistics().rounds, 2u);
        },
        [&]() -> task<> {
            EXPECT_EQ(meeting->statistics().waiters, 0u);
            EXPECT_FALSE(meeting->broken());
            co_return;
        });
}

}  // namespace
