// Generators, contexts, workers, signals: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <atomic>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

async_generator<int> count_to(int n, bool& cleaned) {
    struct note {
        bool& flag;
        ~note() { flag = true; }
    } at_end{cleaned};
    for (int i = 1; i <= n; ++i) {
        co_await sleep_for(1s);
        co_yield i;
    }
}

//
ASYNC_TEST(Generator, CleansUpBeforeWithReturns) {
    bool cleaned = false;
    const int first = co_await with(count_to(9, cleaned), [](auto& stream) -> task<int> { co_return *co_await stream.next(); });
    EXPECT_EQ(first, 1);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(co_await collect(count_to(3, cleaned)), (std::vector<int>{1, 2, 3}));
}

//
ASYNC_TEST(Generator, AYieldInsideItsOwnScopeIsRefused) {
    auto wrong = []() -> async_generator<int> {
        detail::timed_scope scope;
        detail::scope_entry entry(scope);
        co_yield 1;
    };
    CO_EXPECT_THROW(co_await collect(wrong()), usage_error);
}

//
ASYNC_TEST(Generator, ErrorsComeOutOfTheStepAndTheEndStaysTheEnd) {
    auto fails = []() -> async_generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    co_await with(fails(), [](auto& stream) -> task<> {
        EXPECT_EQ(*co_await stream.next(), 1);
        CO_EXPECT_THROW(co_await stream.next(), std::runtime_error);
        EXPECT_FALSE(co_await stream.next());
        EXPECT_FALSE(co_await stream.next());
    });
}

//
ASYNC_TEST(Generator, ACancellationInAStepUnwindsTheGenerator) {
    bool cleaned = false;
    CO_EXPECT_THROW(co_await timeout(2500ms, collect(count_to(9, cleaned))), timeout_error);
    EXPECT_TRUE(cleaned);
}

async_context<std::string> transaction(std::string& log) {
    std::string work = "begin";
    std::exception_ptr failed;
    try {
        co_yield work;
    } catch (...) {
        failed = std::current_exception();
    }
    co_await sleep_for(1s);
    log += failed ? "rollback" : "commit";
    if (failed) std::rethrow_exception(failed);
}

//
ASYNC_TEST(AsyncContext, TearsDownOnEveryWayOut) {
    std::string log;
    EXPECT_EQ(co_await with(transaction(log), [](std::string& work) -> task<std::size_t> { co_return work.size(); }), 5u);
    EXPECT_EQ(log, "commit");
    log.clear();
    CO_EXPECT_THROW(co_await with(transaction(log),
                                  [](std::string&) -> task<> {
                                      throw std::runtime_error("body");
                                      co_return;
                                  }),
                    std::runtime_error);
    EXPECT_EQ(log, "rollback");
    log.clear();
    CO_EXPECT_THROW(co_await timeout(5s, with(transaction(log), [](std::string&) -> task<> { co_await sleep_forever(); })), timeout_error);
    EXPECT_EQ(log, "rollback");
    auto never = []() -> async_context<int> { co_return; };
    CO_EXPECT_THROW(co_await with(never(), [](int&) -> task<> { co_return; }), usage_error);
}

struct resource {
    std::string* log;
    task<> aclose() {
        co_await sleep_for(1s);
        *log += "closed";
    }
};

ASYNC_TEST(With, ClosesShielded) {
    std::string log;
    CO_EXPECT_THROW(co_await timeout(1s, with(resource{&log}, [](resource&) -> task<> { co_await sleep_forever(); })), timeout_error);
    EXPECT_EQ(log, "closed");
}

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

TEST(LoopHandle, PostsFromOtherThreadsAndOutlivesTheLoop) {
    std::optional<loop_handle> kept;
    int sum = 0;
    run([&]() -> task<> {
        kept = loop::current().handle();
        event all;
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 4; ++i) {
                group.create_task([&]() -> task<> {
                    co_await to_thread([&] {
                        for (int k = 0; k < 100; ++k) {
                            kept->call_soon_threadsafe([&] {
                                if (++sum == 400) all.set();
                            });
                        }
                    });
                });
            }
            co_await all.wait();
        });
    });
    EXPECT_EQ(sum, 400);
    EXPECT_FALSE(kept->call_soon_threadsafe([] {}));
}

//
TEST(Signals, CoalesceUntilTaken) {
    run([]() -> task<> {
        co_await with(signals({SIGUSR1, SIGUSR2}), [](signal_stream& arriving) -> task<> {
            ::raise(SIGUSR1);
            ::raise(SIGUSR1);
            ::raise(SIGUSR2);
            EXPECT_EQ(co_await arriving.next(), SIGUSR1);
            EXPECT_EQ(co_await arriving.next(), SIGUSR2);
            EXPECT_FALSE(co_await move_on_after(1ms, arriving.next()));
        });
        EXPECT_THROW((void)signals({}), std::invalid_argument);
        EXPECT_THROW((void)signals({SIGKILL}), std::invalid_argument);
    });
}

// R-18 for every primitive: whatever is cancelled, nothing is lost.
TEST(CancelAtEveryAwait, LocksContextsAndGeneratorsBalance) {
    bool cleaned = true;
    std::string log;
    hem::testing::cancel_at_every_await([&]() -> task<> {
        lock mutex;
        cleaned = false;
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 3; ++i) {
                group.create_task([&]() -> task<> {
                    auto guard = co_await mutex.acquire();
                    co_await sleep_for(1s);
                });
            }
            co_await with(transaction(log), [&](std::string&) -> task<> { co_await collect(count_to(2, cleaned)); });
            co_await group.join();
            EXPECT_FALSE(mutex.locked());
        });
    });
    EXPECT_TRUE(cleaned);
}

}  // namespace
