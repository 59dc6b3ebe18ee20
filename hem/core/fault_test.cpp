// Every primitive and combinator under every fault: cancelled at each await, without memory at each allocation. One line per case: a name
// and a coroutine that makes everything anew, uses it with two or three tasks, and leaves nothing behind. Add a line for what you add.
#include "hem/core.hpp"
#include "hem/testing.hpp"
#include "hem/testing/allocation.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

struct use_case {
    const char* name;
    task<> (*body)();
    bool threads = false;  // how their steps interleave is nobody's promise
};

// Runs the bodies side by side in a group.
template <class... Bodies>
task<> together(Bodies... bodies) {
    co_await with_task_group([&](task_group& group) -> task<> {
        (group.create_task(bodies), ...);
        co_return;
    });
}
task<int> after(duration d, int value) {
    co_await sleep_for(d);
    co_return value;
}
task<> pause() { co_await sleep_for(1s); }

async_generator<int> counting(int n) {
    for (int i = 0; i < n; ++i) {
        co_await sleep_for(1s);
        co_yield i;
    }
}
async_context<int> opened() {
    co_await sleep_for(1s);
    co_yield 7;
    co_await sleep_for(1s);
}

const use_case cases[] = {
    {"sleep", []() -> task<> { co_await sleep_for(1s); }},
    {"yield", []() -> task<> { co_await yield_now(); }},
    {"awaited_child", []() -> task<> { EXPECT_EQ(co_await after(1s, 1), 1); }},
    {"task_group", []() -> task<> { co_await together(pause, pause, pause); }},
    {"group_in_group", []() -> task<> { co_await together(pause, []() -> task<> { co_await together(pause, pause); }); }},
    {"task_handle",
     []() -> task<> {
         co_await with_task_group([](task_group& group) -> task<> {
             auto child = group.create_task(after, duration(1s), 5);
             EXPECT_EQ(co_await child, 5);
         });
     }},
    {"named_and_eager_children",
     []() -> task<> {
         co_await with_task_group([](task_group& group) -> task<> {
             group.create_task({.name = "a child with a name that is long"}, pause);
             group.create_task({.eager_start = true}, pause);
             co_await group.join();
         });
     }},
    {"gather", []() -> task<> { (void)co_await gather(after(1s, 1), after(2s, 2), pause()); }},
    {"gather_range",
     []() -> task<> {
         std::vector<task<int>> tasks;
         for (int i = 0; i < 3; ++i) tasks.push_back(after(1s, i));
         EXPECT_EQ((co_await gather(std::move(tasks), {.limit = 2})).size(), 3u);
     }},
    {"gather_settled", []() -> task<> { (void)co_await gather_settled(after(1s, 1), after(2s, 2)); }},
    {"settled", []() -> task<> { (void)co_await settled(after(1s, 1)); }},
    {"map_concurrent",
     []() -> task<> {
         std::vector<int> items{1, 2, 3};
         auto twice = [](int i) -> task<int> { co_return 2 * co_await after(1s, i); };
         EXPECT_EQ((co_await map_concurrent(items, twice, {.limit = 2})).back(), 6);
     }},
    {"for_each_concurrent",
     []() -> task<> {
         std::vector<int> items{1, 2, 3};
         co_await for_each_concurrent(items, [](int) -> task<> { co_await pause(); }, {.limit = 2});
     }},
    {"timeout", []() -> task<> { (void)co_await timeout(2s, after(1s, 1)); }},
    {"move_on_after", []() -> task<> { EXPECT_FALSE(co_await move_on_after(1s, sleep_for(2s))); }},
    {"cancel_scope",
     []() -> task<> {
         cancel_scope scope;
         scope.set_deadline(clock::now() + 1s);
         EXPECT_FALSE(co_await scope.run([]() -> task<> { co_await sleep_for(2s); }));
     }},
    {"shield", []() -> task<> { co_await shield(2s, pause()); }},
    {"finally", []() -> task<> { co_await finally(pause(), []() -> task<> { co_await pause(); }); }},
    {"event",
     []() -> task<> {
         event flag;
         co_await together([&]() -> task<> { co_await flag.wait(); }, [&]() -> task<> { co_await pause(), flag.set(); });
     }},
    {"lock",
     []() -> task<> {
         lock mutex("accounts");
         auto use = [&]() -> task<> {
             auto guard = co_await mutex.acquire();
             co_await pause();
         };
         co_await together(use, use, use);
         EXPECT_FALSE(mutex.locked());
     }},
    {"semaphore",
     []() -> task<> {
         semaphore permits(2);
         auto use = [&]() -> task<> {
             auto permit = co_await permits.acquire();
             co_await pause();
         };
         co_await together(use, use, use);
         EXPECT_EQ(permits.available(), 2u);
     }},
    {"future",
     []() -> task<> {
         future<std::string> answer;
         co_await together([&]() -> task<> { EXPECT_EQ((co_await answer).size(), 40u); },
                           [&]() -> task<> { co_await pause(), answer.set_result(std::string(40, 'x')); });
     }},
    {"queue",
     []() -> task<> {
         queue<std::string> items(2);
         co_await together(
             [&]() -> task<> {
                 for (int i = 0; i < 4; ++i) co_await items.put(std::string(40, 'x'));
                 items.close();
             },
             [&]() -> task<> {
                 for (int i = 0; i < 4; ++i) EXPECT_EQ((co_await items.get()).size(), 40u);
             });
     }},
    {"rendezvous",
     []() -> task<> {
         queue<std::string> items(0);
         co_await together([&]() -> task<> { co_await items.put(std::string(40, 'x')); },
                           [&]() -> task<> { EXPECT_EQ((co_await items.get()).size(), 40u); });
     }},
    {"priority_queue",
     []() -> task<> {
         priority_queue<int> items(2);
         co_await together(
             [&]() -> task<> {
                 for (int i = 0; i < 4; ++i) co_await items.put(i);
             },
             [&]() -> task<> {
                 for (int i = 0; i < 4; ++i) (void)co_await items.get();
             });
     }},
    {"lifo_queue",
     []() -> task<> {
         lifo_queue<int> items(2);
         co_await together([&]() -> task<> { co_await items.put(1), co_await items.put(2), co_await items.put(3); },
                           [&]() -> task<> { co_await items.get(), co_await items.get(), co_await items.get(); });
     }},
    {"generator",
     []() -> task<> {
         co_await with(counting(3), [](auto& stream) -> task<> {
             while (auto item = co_await stream.next()) EXPECT_LT(*item, 3);
         });
     }},
    {"generator_left_early",
     []() -> task<> { co_await with(counting(3), [](auto& stream) -> task<> { EXPECT_EQ(co_await stream.next(), 0); }); }},
    {"async_context",
     []() -> task<> {
         co_await with(opened(), [](int& value) -> task<> {
             co_await pause();
             EXPECT_EQ(value, 7);
         });
     }},
    {"context_variable",
     []() -> task<> {
         static context_var<std::string> user{"user", std::string("nobody")};
         const auto bound = user.bind(std::string(40, 'u'));
         co_await together([&]() -> task<> {
             EXPECT_EQ(user.get().size(), 40u);
             co_await pause();
         });
     }},
    {"lock_context_and_generator",
     []() -> task<> {
         lock mutex;
         auto use = [&]() -> task<> {
             auto guard = co_await mutex.acquire();
             co_await pause();
         };
         auto read = []() -> task<> {
             co_await with(opened(), [](int&) -> task<> { EXPECT_EQ((co_await collect(counting(2))).size(), 2u); });
         };
         co_await together(use, use, read);
         EXPECT_FALSE(mutex.locked());
     }},
    {"race", []() -> task<> { EXPECT_GT(co_await race(after(1s, 1), after(2s, 2)), 0); }},
    {"any", []() -> task<> { EXPECT_GT(co_await hem::any(after(1s, 1), after(2s, 2)), 0); }},
    {"staggered_race",
     []() -> task<> {
         const auto candidate = []() -> task<int> { co_return co_await after(3s, 1); };
         EXPECT_EQ((co_await staggered_race(1s, candidate, candidate, candidate)).value, 1);
     }},
    {"as_completed",
     []() -> task<> {
         co_await for_each(as_completed(after(2s, 1), after(1s, 2), after(3s, 3)), [](completion<int> done) {
             if (done.outcome.has_value()) EXPECT_GT(done.outcome.value(), 0);
         });
     }},
    {"wait",
     []() -> task<> {
         co_await with_task_group([](task_group& group) -> task<> {
             const auto first = group.create_task(pause), second = group.create_task([]() -> task<> { co_await sleep_for(2s); });
             const auto some = co_await wait({first, second}, first_completed);
             EXPECT_EQ(some.done.size() + some.pending.size(), 2u);
             const auto all = co_await wait({first, second}, all_completed, {.timeout = 5s});
             EXPECT_EQ(all.done.size(), 2u);
         });
     }},
    {"group_start",
     []() -> task<> {
         co_await with_task_group([](task_group& group) -> task<> {
             const int port = co_await group.start([](task_status<int>& status) -> task<> {
                 co_await pause();
                 status.started(80);
                 co_await pause();
             });
             EXPECT_EQ(port, 80);
         });
     }},
    {"condition",
     []() -> task<> {
         condition changed;
         bool ready = false;
         auto wait_for_it = [&]() -> task<> {
             auto guard = co_await changed.acquire();
             co_await changed.wait([&] { return ready; });
             EXPECT_TRUE(changed.get_lock().locked());
         };
         co_await together(wait_for_it, wait_for_it, [&]() -> task<> {
             co_await pause();
             auto guard = co_await changed.acquire();
             ready = true;
             changed.notify_all();
         });
         EXPECT_FALSE(changed.get_lock().locked());
     }},
    {"barrier",
     []() -> task<> {
         barrier gate(2);
         auto pass = [&]() -> task<> {
             co_await pause();
             EXPECT_LT(co_await gate.wait(), 2u);
         };
         co_await together(pass, pass);
         EXPECT_EQ(gate.n_waiting(), 0u);
     }},
    {"latch",
     []() -> task<> {
         latch done(2);
         auto work = [&]() -> task<> { co_await pause(), done.count_down(); };
         co_await together(work, work, [&]() -> task<> { co_await done.wait(); });
         EXPECT_TRUE(done.done());
     }},
    {"rw_lock",
     []() -> task<> {
         rw_lock table("table");
         auto read = [&]() -> task<> {
             auto guard = co_await table.acquire_shared();
             co_await pause();
         };
         auto write = [&]() -> task<> {
             auto guard = co_await table.acquire();
             co_await pause();
         };
         co_await together(read, write, read);
         EXPECT_TRUE(!table.locked() && table.readers() == 0);
     }},
    {"bounded_semaphore",
     []() -> task<> {
         bounded_semaphore permits(1);
         auto use = [&]() -> task<> {
             auto permit = co_await permits.acquire();
             co_await pause();
         };
         co_await together(use, use);
         EXPECT_EQ(permits.available(), 1u);
     }},
    {"capacity_limiter",
     []() -> task<> {
         capacity_limiter connections(1);
         auto use = [&]() -> task<> {
             auto token = co_await connections.acquire();
             co_await pause();
         };
         co_await together(use, use, use);
         EXPECT_EQ(connections.statistics().waiters, 0u);
     }},
    {"channel",
     []() -> task<> {
         auto ends = channel<std::string>(1);
         co_await together(
             [&]() -> task<> {
                 for (int i = 0; i < 3; ++i) co_await ends.first.send(std::string(40, 'x'));
                 ends.first.close();
             },
             [&]() -> task<> {
                 while (auto item = co_await ends.second.next()) EXPECT_EQ(item->size(), 40u);
             });
     }},
    {"broadcast",
     []() -> task<> {
         broadcast<std::string> news(2);
         auto mine = news.subscribe(), yours = news.subscribe();
         auto read = [](subscription<std::string>& from) -> task<> {
             while (auto item = co_await from.next()) EXPECT_EQ(item->size(), 40u);
         };
         co_await together([&]() -> task<> { co_await read(mine); }, [&]() -> task<> { co_await read(yours); },
                           [&]() -> task<> {
                               co_await pause();
                               news.publish(std::string(40, 'x'));
                               news.close();
                           });
     }},
    {"watch",
     []() -> task<> {
         watch<std::string> level(std::string("low"));
         auto seen = level.subscribe();
         co_await together([&]() -> task<> { EXPECT_EQ((co_await seen.next()).value().size(), 40u); },
                           [&]() -> task<> { co_await pause(), level.set(std::string(40, 'x')); });
     }},
    {"scope_exit",
     []() -> task<> {
         co_await []() -> task<> {
             co_await scope_exit(pause);
             co_await pause();
         }();
     }},
    {"async_exit_stack",
     []() -> task<> {
         co_await with(async_exit_stack(), [](async_exit_stack& stack) -> task<> {
             EXPECT_EQ(co_await stack.enter(opened()), 7);
             stack.callback(pause);
             co_await pause();
         });
     }},
    {"map_filter_take",
     []() -> task<> {
         auto twice = [](int i) { return 2 * i; };
         auto kept = co_await collect(take(filter(map(counting(5), twice), [](int i) { return i > 0; }), 2));
         EXPECT_EQ(kept, (std::vector<int>{2, 4}));
     }},
    {"buffered", []() -> task<> { EXPECT_EQ((co_await collect(buffered(counting(3), 2))).size(), 3u); }},
    {"merge", []() -> task<> { EXPECT_EQ((co_await collect(merge(counting(2), counting(3)))).size(), 5u); }},
    {"from_callback",
     []() -> task<> {
         std::optional<resolver<int>> kept;
         event given;
         co_await together(
             [&]() -> task<> {
                 EXPECT_EQ(co_await from_callback<int>([&](resolver<int> resolve) { kept.emplace(std::move(resolve)), given.set(); }), 7);
             },
             [&]() -> task<> {
                 co_await given.wait();
                 co_await pause();
                 (*kept)(7);
             });
     }},
    {"to_thread", []() -> task<> { EXPECT_EQ(co_await to_thread([](int i) { return i + 1; }, 1), 2); }, true},
    {"from_thread",
     []() -> task<> {
         co_await to_thread([] {
             try {
                 EXPECT_EQ(from_thread::run(after, duration(1s), 5), 5);
             } catch (const task_cancelled&) {
                 from_thread::check_cancelled();
                 throw;
             }
         });
     },
     true},
    {"call_later",
     []() -> task<> {
         struct cancelled_at_end {
             timer_handle timer;
             ~cancelled_at_end() { timer.cancel(); }
         };
         event called;
         const cancelled_at_end due{loop::current().call_later(1s, [&] { called.set(); })};
         co_await called.wait();
     }},
};

class Fault : public ::testing::TestWithParam<use_case> {};

//
TEST_P(Fault, CancelledAtEveryAwait) { EXPECT_GT(hem::testing::cancel_at_every_await(GetParam().body), 0u); }

//
TEST_P(Fault, WithoutMemoryAtEveryAllocation) {
    if (!hem::testing::replaces_operator_new) GTEST_SKIP() << "ThreadSanitizer owns operator new";
    EXPECT_GT(hem::testing::fail_every_allocation(GetParam().body), 0u);
}

//
TEST_P(Fault, RepeatsItselfWithTheSameSeed) {
    if (!GetParam().threads) EXPECT_GT(hem::testing::check_determinism(GetParam().body), 0u);
}

INSTANTIATE_TEST_SUITE_P(Core, Fault, ::testing::ValuesIn(cases), [](const auto& info) { return std::string(info.param.name); });

}  // namespace
