// The lock of many readers or one writer.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using hem::testing::wait_all_tasks_blocked;

task<> hold(rw_lock& table, bool exclusive, duration time, std::string& trace, std::string name) {
    auto guard = exclusive ? co_await table.acquire() : co_await table.acquire_shared();
    trace += name;
    co_await sleep_for(time);
}

ASYNC_TEST(RwLock, ReadersShareAndAWriterIsAlone) {
    rw_lock table;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 3; ++i) group.create_task(hold, std::ref(table), false, 1s, std::ref(trace), "r");
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(table.readers(), 3u);
        EXPECT_FALSE(table.try_acquire().owns());
        EXPECT_TRUE(table.try_acquire_shared().owns());
        group.create_task(hold, std::ref(table), true, 1s, std::ref(trace), "w");
    });
    EXPECT_EQ(trace, "rrrw");
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_EQ(table.readers(), 0u);
}

// a reader behind a waiting writer waits; the readers behind it enter together.
ASYNC_TEST(RwLock, AReaderBehindAWaitingWriterWaits) {
    rw_lock table;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (const auto& [name, exclusive] : {std::pair("a", false), {"W", true}, {"b", false}, {"c", false}, {"X", true}, {"d", false}}) {
            group.create_task(hold, std::ref(table), exclusive, 1s, std::ref(trace), std::string(name));
            co_await wait_all_tasks_blocked();
        }
        EXPECT_FALSE(table.try_acquire_shared().owns());
        EXPECT_EQ(table.statistics().waiters, 5u);
    });
    EXPECT_EQ(trace, "aWbcXd");
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

// a writer that gives up lets the readers behind it in.
ASYNC_TEST(RwLock, ReadersPassAWriterThatLeft) {
    rw_lock table;
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task(hold, std::ref(table), false, 5s, std::ref(trace), "a");
        co_await wait_all_tasks_blocked();
        auto writer = group.create_task(hold, std::ref(table), true, 1s, std::ref(trace), "W");
        co_await wait_all_tasks_blocked();
        group.create_task(hold, std::ref(table), false, 5s, std::ref(trace), "b");
        co_await wait_all_tasks_blocked();
        writer.cancel();
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(trace, "ab");
    });
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

//
ASYNC_TEST(RwLock, ACancelledGrantPassesOn) {
    rw_lock table;
    std::string trace;
    auto own = co_await table.acquire();
    co_await with_task_group([&](task_group& group) -> task<> {
        auto writer = group.create_task(hold, std::ref(table), true, 1s, std::ref(trace), "W");
        co_await wait_all_tasks_blocked();
        group.create_task(hold, std::ref(table), false, 1s, std::ref(trace), "r");
        co_await wait_all_tasks_blocked();
        own.release();
        EXPECT_TRUE(table.locked());
        writer.cancel();
    });
    EXPECT_EQ(trace, "r");
    EXPECT_EQ(table.statistics().owner, 0u);
}

//
ASYNC_TEST(RwLock, AWriterMayNotEnterTwice) {
    rw_lock table("prices");
    auto own = co_await table.acquire();
    CO_EXPECT_THROW(co_await table.acquire(), usage_error);
    CO_EXPECT_THROW(co_await table.acquire_shared(), usage_error);
}

//
ASYNC_TEST(RwLock, AWriterThatEndsBreaksIt) {
    rw_lock table("prices");
    std::optional<rw_lock::guard> kept;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "careless"}, [&]() -> task<> {
            kept = co_await table.acquire();
            co_await sleep_for(1s);
        });
        co_await wait_all_tasks_blocked();
        group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await table.acquire_shared(), broken_resource); });
        co_return;
    });
    CO_EXPECT_THROW(co_await table.acquire(), broken_resource);
    kept.reset();
}

TEST(CancelAtEveryAwait, RwLockIsNeverLeftHeld) {
    std::optional<rw_lock> table;
    std::string trace;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            table.emplace();
            co_await with_task_group([&](task_group& group) -> task<> {
                for (const bool exclusive : {false, true, false, false, true}) {
                    group.create_task(hold, std::ref(*table), exclusive, 1s, std::ref(trace), "x");
                }
                co_return;
            });
        },
        [&]() -> task<> {
            EXPECT_FALSE(table->locked());
            EXPECT_EQ(table->readers(), 0u);
            EXPECT_EQ(table->statistics().waiters, 0u);
            auto all = co_await timeout(1s, table->acquire());
        });
}

}  // namespace
