// A call on a worker from its begin to its end: the rules. Pools, limiters and abandoned calls are in to_thread_test.cpp.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <atomic>

namespace {

using namespace std::chrono_literals;
using namespace hem;

int doubled(int n) { return 2 * n; }

//
ASYNC_TEST(ToThread, GivesValueOrErrorAndTakesTheContextAlong) {
    static context_var<int> level{"level", 1};
    auto bound = level.bind(4);
    EXPECT_EQ(co_await to_thread(doubled, 21), 42);
    EXPECT_EQ(co_await to_thread([] { return level.get(); }), 4);
    CO_EXPECT_THROW(co_await to_thread([]() -> int { throw std::out_of_range("worker"); }), std::out_of_range);
}

// one that runs is waited for, its result is given, the next await throws.
ASYNC_TEST(ToThread, ARunningCallIsWaitedFor) {
    event started;
    auto on_loop = loop::current().handle();
    std::atomic<bool> go{false};
    int result = 0;
    bool next_threw = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            result = co_await to_thread([&] {
                on_loop.call_soon_threadsafe([&] { started.set(); });
                while (!go.load()) {
                }
                return 7;
            });
            try {
                co_await checkpoint();
            } catch (const cancelled&) {
                next_threw = true;
                throw;
            }
        });
        co_await started.wait();
        child.cancel();
        go.store(true);
    });
    EXPECT_EQ(result, 7);
    EXPECT_TRUE(next_threw);
}

// a job that has not begun is withdrawn.
ASYNC_TEST(ToThread, AWaitingCallIsWithdrawn) {
    event started;
    auto on_loop = loop::current().handle();
    std::atomic<bool> go{false}, second_ran{false};
    co_await with(worker_pool({.threads = 1, .name = "one"}), [&](worker_pool& pool) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                co_await to_thread(pool, [&] {
                    on_loop.call_soon_threadsafe([&] { started.set(); });
                    while (!go.load()) {
                    }
                });
            });
            co_await started.wait();
            auto waiting = group.create_task([&]() -> task<> { co_await to_thread(pool, [&] { second_ran.store(true); }); });
            co_await yield_now();
            co_await yield_now();
            EXPECT_EQ(pool.statistics().waiting, 1u);
            waiting.cancel();
            CO_EXPECT_THROW(co_await waiting, task_cancelled);
            go.store(true);
        });
    });
    EXPECT_FALSE(second_ran.load());
}

ASYNC_TEST(ToThread, ManyCallsFromOneLoop) {
    std::vector<int> items(200, 1);
    auto results = co_await map_concurrent(items, [](int n) -> task<int> { co_return co_await to_thread(doubled, n); }, {.limit = 50});
    EXPECT_EQ(results, std::vector<int>(200, 2));
}

}  // namespace
