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
    {"group_in_group",
     []() -> task<> {
         co_await together(pause, []() -> task<> { co_await together(pause, pause); });
     }},
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
     []() -> task<> {
         co_await with(counting(3), [](auto& stream) -> task<> { EXPECT_EQ(co_await stream.next(), 0); });
     }},
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
    {"to_thread", []() -> task<> { EXPECT_EQ(co_await to_thread([](int i) { return i + 1; }, 1), 2); }},
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
    if (GetParam().name != std::string_view("to_thread")) EXPECT_GT(hem::testing::check_determinism(GetParam().body), 0u);
}

INSTANTIATE_TEST_SUITE_P(Core, Fault, ::testing::ValuesIn(cases), [](const auto& info) { return std::string(info.param.name); });

}  // namespace
