// Work on other threads and the way back: rules.
#include "hem/core/to_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <semaphore>
#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;
using hem::testing::expect_report;

context_var<int> level{"level", 1};

// Opened by the test, waited for by workers.
struct gate {
    std::latch opened{1};
    void open() { opened.count_down(); }
    void pass() { opened.wait(); }
};

// Waits, without blocking the loop, until a worker has set it.
task<> until(const std::atomic<bool>& flag) {
    while (!flag.load()) {
        // The virtual clock stands still while a worker is busy: a sleep would wait for it.
        if (hem::detail::current_kernel().virtual_clock) {
            co_await yield_now();
        } else {
            co_await sleep_for(std::chrono::microseconds(100));
        }
    }
}

// the worker has a copy; what it changes stays there.
ASYNC_TEST(ToThread, TheFunctionHasACopyOfTheContext) {
    auto bound = level.bind(4);
    EXPECT_EQ(co_await to_thread([] {
                  const int before = level.get();
                  level.set(9);
                  return before;
              }),
              4);
    EXPECT_EQ(level.get(), 4);
}

int length(const std::string& text) { return static_cast<int>(text.size()); }

ASYNC_TEST(ToThread, ReferencesGoByStdRefAndResultsMayBeMoveOnly) {
    std::string text = "hem";
    EXPECT_EQ(co_await to_thread(
                  [](std::string& changed) {
                      changed += "!";
                      return length(changed);
                  },
                  std::ref(text)),
              4);
    EXPECT_EQ(text, "hem!");
    auto owned = co_await to_thread(
        [](std::unique_ptr<int> n) {
            ++*n;
            return n;
        },
        std::make_unique<int>(6));
    EXPECT_EQ(*owned, 7);
}

// check_cancelled throws once the waiting task was cancelled, with the reason; it passes to that task.
ASYNC_TEST(ToThread, TheFunctionMayEndEarlyWhenItsTaskIsCancelled) {
    std::atomic<bool> started{false};
    cancel_reason seen;
    bool resumed = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            try {
                co_await to_thread([&] {
                    started.store(true);
                    for (;;) from_thread::check_cancelled();
                });
                resumed = true;
            } catch (const cancelled& end) {
                seen = end.reason();
                throw;
            }
        });
        co_await until(started);
        child.cancel("not wanted any more");
        CO_EXPECT_THROW(co_await child, task_cancelled);
    });
    EXPECT_FALSE(resumed);
    EXPECT_EQ(seen.text, "not wanted any more");
}

// in a scope that is cancelled already nothing is submitted.
ASYNC_TEST(ToThread, ACancelledScopeSubmitsNothing) {
    bool ran = false;
    cancel_scope scope;
    scope.cancel();
    EXPECT_FALSE(co_await scope.run([&]() -> task<> { co_await to_thread([&] { ran = true; }); }));
    EXPECT_FALSE(ran);
}

//
ASYNC_TEST(ToThread, AnAbandonedCallLeavesAtOnceAndEndsAlone) {
    auto reports = expect_report(report_kind::suppressed_error);
    auto shared = std::make_shared<gate>();
    std::atomic<bool> started{false}, told{false};
    const bool in_time =
        co_await move_on_after(1s, with_task_group([&](task_group& group) -> task<> {
                                   auto child = group.create_task([&]() -> task<> {
                                       co_await to_thread({.abandon_on_cancel = true}, [shared, flag = &started, heard = &told] {
                                           flag->store(true);
                                           shared->pass();
                                           try {
                                               from_thread::check_cancelled();
                                           } catch (...) {
                                               heard->store(true);
                                           }
                                           throw std::out_of_range("too late");
                                       });
                                   });
                                   co_await until(started);
                                   child.cancel();
                                   CO_EXPECT_THROW(co_await child, task_cancelled);
                               }));
    EXPECT_TRUE(in_time);
    EXPECT_FALSE(told.load());
    shared->open();
    while (reports.texts().empty()) co_await yield_now();
    EXPECT_TRUE(told.load());
    EXPECT_NE(reports.texts().front().find("too late"), std::string::npos);
}

// a value that comes late is destroyed; one that comes in time is given.
ASYNC_TEST(ToThread, AnAbandonableCallThatEndsInTimeIsLikeAnyOther) {
    EXPECT_EQ(co_await to_thread({.abandon_on_cancel = true}, length, std::string("four")), 4);
    EXPECT_EQ(co_await to_thread({.abandon_on_cancel = false}, length, std::string("three")), 5);
    CO_EXPECT_THROW(co_await to_thread({.abandon_on_cancel = true}, []() -> int { throw std::out_of_range("x"); }), std::out_of_range);
}

// every submitted job runs or is withdrawn, whoever is cancelled when.
ASYNC_TEST(ToThread, EveryJobRunsOrIsWithdrawn) {
    std::atomic<int> ran{0};
    int given = 0, withdrawn = 0;
    co_await with(worker_pool({.threads = 2, .name = "two"}), [&](worker_pool& pool) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 200; ++i) {
                auto child = group.create_task([&]() -> task<> {
                    try {
                        co_await to_thread({.pool = pool}, [&ran] { ran.fetch_add(1); });
                        ++given;
                    } catch (const cancelled&) {
                        ++withdrawn;
                        throw;
                    }
                });
                if (i % 3 == 0) {
                    co_await yield_now();
                    child.cancel();
                }
            }
        });
    });
    EXPECT_EQ(given, ran.load());
    EXPECT_EQ(given + withdrawn, 200);
}

// never more than the limiter's tokens run; one of an abandoned call stays taken until its function has ended.
ASYNC_TEST(ToThread, ALimiterBoundsWhatRunsAbandonedCallsIncluded) {
    capacity_limiter limiter(2);
    std::atomic<int> inside{0}, most{0};
    const auto work = [&] {
        const int now = inside.fetch_add(1) + 1;
        for (int seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        inside.fetch_sub(1);
    };
    std::vector<int> items(50, 0);
    co_await map_concurrent(items,
                            [&](int) -> task<int> {
                                co_await to_thread({.limiter = limiter}, work);
                                co_return 0;
                            },
                            {.limit = 20});
    EXPECT_LE(most.load(), 2);
    EXPECT_EQ(limiter.borrowed_tokens(), 0u);

    auto held = std::make_shared<gate>();
    std::atomic<bool> began{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            co_await to_thread({.limiter = limiter, .abandon_on_cancel = true}, [held, flag = &began] {
                flag->store(true);
                held->pass();
            });
        });
        co_await until(began);
        child.cancel();
    });
    EXPECT_EQ(limiter.borrowed_tokens(), 1u);
    held->open();
    while (limiter.borrowed_tokens() != 0) co_await yield_now();
}

// in the waiting task's scope and context; what the coroutine changes there stays.
ASYNC_TEST(FromThread, ACoroutineRunsOnBehalfOfTheWaitingTask) {
    auto bound = level.bind(3);
    const auto here = std::this_thread::get_id();
    const int result = co_await to_thread([here] {
        EXPECT_NE(std::this_thread::get_id(), here);
        const int n = from_thread::run(
            [here](int add) -> task<int> {
                EXPECT_EQ(std::this_thread::get_id(), here);
                co_await sleep_for(2s);
                level.set(level.get() + add);
                co_return level.get();
            },
            4);
        return from_thread::run_sync([n] { return n + level.get(); });
    });
    EXPECT_EQ(result, 14);
    EXPECT_EQ(level.get(), 7);
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 2s) << "a worker that waits for the loop does not hold the clock";
}

// errors arrive in the worker, task_cancelled too.
ASYNC_TEST(FromThread, TheOutcomeArrivesInTheWorker) {
    CO_EXPECT_THROW(co_await to_thread([] {
                        from_thread::run([]() -> task<> {
                            throw std::out_of_range("on the loop");
                            co_return;
                        });
                    }),
                    std::out_of_range);
    CO_EXPECT_THROW(co_await to_thread([] { from_thread::run_sync([]() -> int { throw std::length_error("sync"); }); }), std::length_error);

    std::atomic<bool> began{false}, worker_saw_it{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            co_await to_thread([&] {
                try {
                    from_thread::run([&]() -> task<> {
                        began.store(true);
                        co_await sleep_forever();
                    });
                } catch (const task_cancelled&) {
                    worker_saw_it.store(true);
                }
            });
            co_await checkpoint();
        });
        co_await until(began);
        child.cancel();
        CO_EXPECT_THROW(co_await child, task_cancelled);
    });
    EXPECT_TRUE(worker_saw_it.load());
}

// a task that may leave stays until what runs in its scope has ended, and no new child comes after it.
ASYNC_TEST(FromThread, AnAbandoningTaskWaitsForItsChildrenOnTheLoop) {
    auto shared = std::make_shared<gate>();
    std::atomic<bool> began{false}, refused{false};
    std::string order;
    std::atomic<bool> ended{false};
    co_await with_task_group([&](task_group& group) -> task<> {
        auto child = group.create_task([&]() -> task<> {
            co_await to_thread({.abandon_on_cancel = true}, [&, shared] {
                try {
                    from_thread::run([&]() -> task<> {
                        began.store(true);
                        co_await finally(sleep_forever(), [&]() -> task<> {
                            co_await yield_now();
                            order += "child;";
                        });
                    });
                } catch (const task_cancelled&) {
                }
                shared->pass();
                try {
                    from_thread::run([]() -> task<> { co_return; });
                } catch (const task_cancelled&) {
                    refused.store(true);
                }
                ended.store(true);
            });
        });
        co_await until(began);
        child.cancel();
        CO_EXPECT_THROW(co_await child, task_cancelled);
        order += "task;";
        shared->open();
        co_await until(ended);
        while (loop::current().statistics().outside_work != 0) co_await yield_now();  // the worker's answer
    });
    EXPECT_EQ(order, "child;task;");
    EXPECT_TRUE(refused.load());
}

//
ASYNC_TEST(FromThread, MisuseIsRefused) {
    EXPECT_THROW(from_thread::run([]() -> task<> { co_return; }), usage_error);
    EXPECT_THROW(from_thread::run_sync([] {}), usage_error);
    EXPECT_THROW(from_thread::check_cancelled(), usage_error);
    std::promise<std::string> text;
    std::thread([&] {
        try {
            from_thread::run_sync([] {});
        } catch (const usage_error& error) {
            text.set_value(error.what());
        }
    }).join();
    EXPECT_NE(text.get_future().get().find("blocking_portal"), std::string::npos);
    co_return;
}

// on a loop that has ended run_finished, without a hang; the pool's end waits for the function.
TEST(FromThread, ALoopThatHasEndedRefusesAtOnce) {
    gate main_ended;
    std::atomic<bool> started{false}, refused{false};
    {
        runner once;
        once.run([&]() -> task<> {
            cancel_scope scope;
            co_await with_task_group([&](task_group& group) -> task<> {
                auto child = group.create_task([&]() -> task<> {
                    co_await to_thread({.abandon_on_cancel = true}, [&] {
                        started.store(true);
                        main_ended.pass();
                        try {
                            from_thread::run_sync([] {});
                        } catch (const task_cancelled&) {
                            refused.store(true);
                        } catch (const run_finished&) {
                            refused.store(true);
                        }
                    });
                });
                co_await until(started);
                child.cancel();
            });
        });
        // Main has ended; the call is posted to a loop that will not run again, or refused by one that has ended.
        main_ended.open();
    }
    EXPECT_TRUE(refused.load());
}

// P17: threads are started when no other is free, up to the limit, and end with the scope.
ASYNC_TEST(WorkerPool, GrowsWhenNobodyIsFree) {
    gate go;
    co_await with(worker_pool({.threads = 3, .name = "growing"}), [&](worker_pool& pool) -> task<> {
        EXPECT_EQ(pool.statistics().threads, 0u);
        for (int i = 0; i < 5; ++i) co_await to_thread(pool, [] {});
        EXPECT_EQ(pool.statistics().threads, 1u) << "one that is free is used again";
        co_await with_task_group([&](task_group& group) -> task<> {
            std::atomic<int> inside{0};
            for (int i = 0; i < 5; ++i) {
                group.create_task([&]() -> task<> {
                    co_await to_thread(pool, [&] {
                        inside.fetch_add(1);
                        go.pass();
                    });
                });
            }
            while (inside.load() != 3 || pool.statistics().waiting != 2) co_await yield_now();
            EXPECT_EQ(pool.statistics().threads, 3u);
            EXPECT_EQ(pool.statistics().running, 3u);
            EXPECT_EQ(pool.statistics().waiting, 2u);
            go.open();
            co_await group.join();
            EXPECT_EQ(inside.load(), 5);
        });
    });
    EXPECT_THROW(worker_pool({.threads = 0}), std::invalid_argument);
}

ASYNC_TEST(WorkerPool, AClosedPoolTakesNothing) {
    worker_pool pool({.threads = 1, .name = "closed"});
    EXPECT_EQ(co_await to_thread(pool, [] { return 1; }), 1);
    co_await pool.close();
    co_await pool.close(1s);
    try {
        co_await to_thread(pool, [] {});
        ADD_FAILURE() << "a closed pool took a job";
    } catch (const usage_error& error) {
        EXPECT_NE(std::string(error.what()).find("'closed'"), std::string::npos);
    }
}

// P17: what was submitted before runs.
ASYNC_TEST(WorkerPool, CloseWaitsForWhatWasSubmitted) {
    std::atomic<int> ran{0};
    gate go;
    co_await with(worker_pool({.threads = 1}), [&](worker_pool& pool) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 3; ++i) {
                group.create_task([&]() -> task<> {
                    co_await to_thread(pool, [&] {
                        go.pass();
                        ran.fetch_add(1);
                    });
                });
            }
            while (pool.statistics().running != 1 || pool.statistics().waiting != 2) co_await yield_now();
            go.open();
            co_await pool.close();
            EXPECT_EQ(ran.load(), 3);
        });
    });
}

ASYNC_TEST(WorkerPool, OneThatIsDroppedIsReported) {
    auto reports = expect_report(report_kind::unclosed_resource);
    worker_pool pool({.threads = 1, .name = "dropped"});
    co_await to_thread(pool, [] {});
    {
        const worker_pool gone(std::move(pool));
    }
    EXPECT_NE(reports.texts().at(0).find("'dropped'"), std::string::npos);
}

// a pool that exceeds the shutdown timeout is a report with the stacks of its threads, not an error.
TEST(WorkerPool, AStuckThreadIsReportedWithItsStack) {
    hem::testing::report_collector reports;
    auto stuck = std::make_shared<gate>();
    auto left = std::make_shared<std::binary_semaphore>(0);
    {
        const auto expected = expect_report(report_kind::pool_stuck);
        run({.workers = 2, .shutdown_timeout = 20ms}, [&]() -> task<> {
            std::atomic<bool> started{false};
            co_await with_task_group([&](task_group& group) -> task<> {
                auto child = group.create_task([&]() -> task<> {
                    co_await to_thread({.abandon_on_cancel = true}, [stuck, left, flag = &started] {
                        flag->store(true);
                        stuck->pass();
                        left->release();
                    });
                });
                co_await until(started);
                child.cancel();
            });
        });
        ASSERT_EQ(expected.texts().size(), 1u);
        const auto& text = expected.texts().front();
        EXPECT_NE(text.find("thread"), std::string::npos) << text;
#if !defined(__SANITIZE_THREAD__) && !(defined(__has_feature) && __has_feature(thread_sanitizer))
        EXPECT_NE(text.find(" < "), std::string::npos) << text;
#endif
    }
    stuck->open();
    left->acquire();
    EXPECT_TRUE(reports.unclaimed().empty());
}

TEST(WorkerPool, CloseHasATimeLimit) {
    hem::testing::report_collector reports;
    gate stuck;
    std::binary_semaphore left(0);
    {
        const auto expected = expect_report(report_kind::pool_stuck);
        run([&]() -> task<> {
            worker_pool pool({.threads = 1, .name = "slow"});
            std::atomic<bool> started{false};
            co_await with_task_group([&](task_group& group) -> task<> {
                group.create_task([&]() -> task<> {
                    co_await to_thread({.pool = pool}, [&] {
                        started.store(true);
                        stuck.pass();
                    });
                    left.release();
                });
                co_await until(started);
                co_await pool.close(20ms);
                stuck.open();
            });
        });
        ASSERT_EQ(expected.texts().size(), 1u);
        EXPECT_NE(expected.texts().front().find("'slow' still runs 1 job"), std::string::npos) << expected.texts().front();
    }
    left.acquire();
}

// whatever is cancelled, calls and pools balance.
TEST(CancelAtEveryAwait, WorkersBalance) {
    std::atomic<int> inside{0};
    hem::testing::cancel_at_every_await([&]() -> task<> {
        co_await with(worker_pool({.threads = 2}), [&](worker_pool& pool) -> task<> {
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 3; ++i) {
                    group.create_task([&]() -> task<> {
                        co_await to_thread({.pool = pool}, [&] {
                            inside.fetch_add(1);
                            inside.fetch_sub(1);
                        });
                    });
                }
                co_return;
            });
            co_await to_thread({.abandon_on_cancel = true}, [] {});
        });
        EXPECT_EQ(inside.load(), 0);
    });
}

}  // namespace
