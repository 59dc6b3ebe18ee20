// Task lists, trees and stacks: the rules R-120 to R-122.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <latch>
#include <set>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace hem;

const task_info& named(const std::vector<task_info>& tasks, std::string_view name) {
    for (const auto& task : tasks) {
        if (task.name == name) return task;
    }
    static const task_info none;
    ADD_FAILURE() << "there is no task " << name;
    return none;
}

std::string file_of(const std::source_location& where) {
    return hem::detail::to_string(where).substr(0, hem::detail::to_string(where).find(':'));
}

task<> sleep_long() { co_await sleep_for(1h); }
task<> sleep_longer() { co_await sleep_long(); }

// R-120
ASYNC_TEST(AllTasks, ListsExactlyTheLivingOnes) {
    co_await with_task_group([&](task_group& group) -> task<> {
        auto done = group.create_task({.name = "done"}, []() -> task<> { co_return; });
        co_await done;
        group.create_task({.name = "waits"}, sleep_long);
        co_await sleep_for(2s);
        std::size_t inside_eager_start = 0;
        group.create_task({.name = "eager", .eager_start = true}, [&]() -> task<> {
            const auto tasks = all_tasks();
            inside_eager_start = tasks.size();
            EXPECT_EQ(named(tasks, "eager").state, task_state::running);
            EXPECT_EQ(named(tasks, "main").state, task_state::running);
            EXPECT_FALSE(named(tasks, "main").stack.empty());
            co_return;
        });
        group.create_task({.name = "queued"}, sleep_long);
        const auto tasks = all_tasks();
        EXPECT_EQ(inside_eager_start, 3u);
        CO_ASSERT_EQ(tasks.size(), 3u);
        EXPECT_EQ(named(tasks, "main").state, task_state::running);
        EXPECT_EQ(named(tasks, "main").parent, 0u);
        EXPECT_EQ(named(tasks, "waits").state, task_state::waiting);
        EXPECT_EQ(named(tasks, "waits").parent, named(tasks, "main").id);
        EXPECT_EQ(named(tasks, "waits").age, 2s);
        EXPECT_EQ(named(tasks, "waits").resumes, 1u);
        EXPECT_EQ(named(tasks, "queued").state, task_state::created);
        EXPECT_TRUE(named(tasks, "queued").stack.empty());
        group.cancel();
    });
    EXPECT_EQ(all_tasks().size(), 1u);
}

// R-120: the place of the spawn, however the child was made.
ASYNC_TEST(AllTasks, SayWhereTheyWereSpawned) {
    co_await with_task_group([&](task_group& group) -> task<> {
        const auto line = std::source_location::current().line();
        auto plain = group.create_task(sleep_long);
        auto with_argument = group.create_task([](int) -> task<> { co_await sleep_for(1h); }, 1);
        auto with_options = group.create_task({.name = "options"}, sleep_long);
        std::vector<task_info> tasks = all_tasks();
        CO_ASSERT_EQ(tasks.size(), 4u);
        for (int i = 1; i <= 3; ++i) {
            EXPECT_EQ(file_of(tasks[std::size_t(i)].spawned), "introspection_test.cpp");
            EXPECT_EQ(tasks[std::size_t(i)].spawned.line(), line + unsigned(i));
        }
        group.cancel();
    });
    std::source_location of_gather;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto both = group.create_task([]() -> task<> { co_await gather(sleep_long(), sleep_long()); });
        co_await sleep_for(1s);
        for (const auto& task : all_tasks()) {
            if (task.parent == both.id()) of_gather = task.spawned;
        }
        group.cancel();
    });
    EXPECT_EQ(file_of(of_gather), "introspection_test.cpp");
}

// R-120: from another thread the loop serves it; one that has ended says so.
TEST(AllTasks, AreServedToOtherThreads) {
    std::optional<loop_handle> handle;
    event* finish = nullptr;
    std::latch ready(1);
    std::thread other([&] {
        run({.name = "server"}, [&]() -> task<> {
            event finished;
            finish = &finished;
            handle = loop::current().handle();
            co_await with_task_group([&](task_group& group) -> task<> {
                group.create_task({.name = "child"}, sleep_long);
                co_await yield_now();
                ready.count_down();
                co_await finished.wait();
                group.cancel();
            });
        });
    });
    ready.wait();
    const auto tasks = all_tasks(*handle);
    EXPECT_EQ(tasks.size(), 2u);
    EXPECT_EQ(named(tasks, "server").waits_for.kind, "event");
    EXPECT_EQ(named(tasks, "child").waits_for.kind, "sleep");
    EXPECT_TRUE(handle->call_soon_threadsafe([&] { finish->set(); }));
    other.join();
    EXPECT_THROW(all_tasks(*handle), run_finished);
}

// R-120: a loop that something holds does not hang the one who asks.
TEST(AllTasks, AHeldLoopIsATimeout) {
    std::optional<loop_handle> handle;
    std::latch ready(1), go(1);
    std::thread other([&] {
        run({.watchdog = {.threshold = 0s}}, [&]() -> task<> {
            handle = loop::current().handle();
            ready.count_down();
            go.wait();
            co_return;
        });
    });
    ready.wait();
    EXPECT_THROW(all_tasks(*handle, 1ms), timeout_error);
    go.count_down();
    other.join();
}

// R-122: kind, name of the object, owner, place.
ASYNC_TEST(AllTasks, NameWhatTheyWaitFor) {
    future<int> result;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto worker = group.create_task({.name = "worker"}, sleep_long);
        group.create_task({.name = "watcher"}, [worker]() -> task<> { co_await worker; });
        group.create_task({.name = "reader"}, [&]() -> task<> { co_await result; });
        group.create_task({.name = "parent"}, []() -> task<> {
            co_await with_task_group({.name = "inner"}, [](task_group& inner) -> task<> {
                inner.create_task(sleep_long);
                co_return;
            });
        });
        co_await sleep_for(10s);
        const auto tasks = all_tasks();
        const auto& sleeps = named(tasks, "worker").waits_for;
        EXPECT_EQ(sleeps.kind, "sleep");
        EXPECT_EQ(sleeps.remaining, 1h - 10s);
        EXPECT_EQ(file_of(sleeps.where), "introspection_test.cpp");
        const auto& watches = named(tasks, "watcher").waits_for;
        EXPECT_EQ(watches.kind, "task");
        EXPECT_EQ(watches.owner, "worker");
        EXPECT_EQ(named(tasks, "reader").waits_for.kind, "future");
        const auto& joins = named(tasks, "parent").waits_for;
        EXPECT_EQ(joins.kind, "group.exit");
        EXPECT_EQ(joins.name, "inner");
        for (const auto& task : tasks) {
            if (task.state == task_state::waiting) EXPECT_NE(task.waits_for.where.line(), 0u) << task.name;
        }
        group.cancel();
    });
}

// R-122: what a combinator or another thread is asked for; the place is the user's, not the combinator's.
ASYNC_TEST(AllTasks, NameWhatTheirCombinatorsWaitFor) {
    resolver<>* resolve = nullptr;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto slow = group.create_task({.name = "slow"}, sleep_long);
        auto quick = group.create_task({.name = "quick"}, sleep_long);
        const std::vector<task_handle<void>> both{slow, quick};
        group.create_task({.name = "all"}, [both]() -> task<> { (void)co_await wait(both, all_completed); });
        group.create_task({.name = "first"}, [both]() -> task<> { (void)co_await wait(both, first_completed); });
        group.create_task({.name = "limited"}, [slow]() -> task<> { (void)co_await wait({slow}, all_completed, {.timeout = 1h}); });
        group.create_task({.name = "race"}, []() -> task<> { co_await race(sleep_long(), sleep_long()); });
        group.create_task({.name = "any"}, []() -> task<> { co_await hem::any(sleep_long(), sleep_long()); });
        group.create_task({.name = "callback"}, [&resolve]() -> task<> {
            std::optional<resolver<>> kept;
            co_await from_callback([&](resolver<> given) { resolve = &kept.emplace(std::move(given)); });
        });
        group.create_task({.name = "start"},
                          [&group]() -> task<> { co_await group.start([](task_status<void>&) -> task<> { co_await sleep_for(1h); }); });
        co_await sleep_for(1s);
        const auto tasks = all_tasks();
        EXPECT_EQ(named(tasks, "all").waits_for.kind, "wait");
        EXPECT_EQ(named(tasks, "all").waits_for.owner, "slow");
        EXPECT_EQ(named(tasks, "first").waits_for.name, "slow");
        EXPECT_EQ(named(tasks, "first").waits_for.owner, "");
        EXPECT_EQ(named(tasks, "limited").waits_for.owner, "");
        EXPECT_EQ(named(tasks, "race").waits_for.kind, "contest");
        EXPECT_EQ(named(tasks, "race").waits_for.name, "race");
        EXPECT_EQ(named(tasks, "any").waits_for.name, "any");
        EXPECT_EQ(named(tasks, "callback").waits_for.kind, "callback");
        EXPECT_EQ(named(tasks, "start").waits_for.kind, "group.start");
        EXPECT_NE(named(tasks, "start").waits_for.owner, "");
        for (const char* name : {"all", "first", "limited", "race", "any", "callback", "start"})
            EXPECT_EQ(file_of(named(tasks, name).waits_for.where), "introspection_test.cpp") << name;
        CO_ASSERT_NE(resolve, nullptr);
        (*resolve)();
        group.cancel();
    });
}

// R-122
TEST(AllTasks, NameTheSignalsAndTheLoopThatTheyWaitFor) {
    std::string signal, loop_name;
    run([&]() -> task<> {
        std::optional<loop_handle> there;
        event* finish = nullptr;
        std::latch ready(1);
        std::thread other([&] {
            run([&]() -> task<> {
                event finished;
                finish = &finished;
                there = loop::current().handle();
                ready.count_down();
                co_await finished.wait();
            });
        });
        ready.wait();
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task({.name = "signals"}, []() -> task<> {
                co_await with(signals({SIGUSR1, SIGHUP}), [](auto& stream) -> task<> { (void)co_await stream.next(); });
            });
            group.create_task({.name = "remote"}, [&there]() -> task<> { co_await submit_to(*there, sleep_long); });
            co_await yield_now();
            const auto tasks = all_tasks();
            signal = named(tasks, "signals").waits_for.name;
            loop_name = named(tasks, "remote").waits_for.name;
            group.cancel();
        });
        EXPECT_TRUE(there->call_soon_threadsafe([finish] { finish->set(); }));
        other.join();
    });
    EXPECT_EQ(signal, "SIGUSR1 SIGHUP");
    EXPECT_EQ(loop_name, "loop 1");
}

// R-122: the chain of coroutines, innermost first; generators and contexts are links of it.
ASYNC_TEST(AsyncStack, ShowsEveryLink) {
    auto numbers = []() -> async_generator<int> {
        co_await sleep_for(1h);
        co_yield 1;
    };
    auto opened = []() -> async_context<> {
        co_await sleep_for(1h);
        co_yield {};
    };
    co_await with_task_group([&](task_group& group) -> task<> {
        auto plain = group.create_task(sleep_longer);
        auto generator = group.create_task([&]() -> task<> { co_await for_each(numbers(), [](int) {}); });
        auto context = group.create_task([&]() -> task<> { co_await with(opened(), []() -> task<> { co_return; }); });
        EXPECT_TRUE(async_stack(plain).empty());
        co_await sleep_for(1s);
        const auto stack = async_stack(plain);
        CO_ASSERT_EQ(stack.size(), 2u);
        EXPECT_NE(std::string_view(stack[0].function.function_name()).find("sleep_long("), std::string_view::npos);
        EXPECT_NE(std::string_view(stack[1].function.function_name()).find("sleep_longer("), std::string_view::npos);
        EXPECT_EQ(stack[0].awaiting.line() + 1, stack[1].awaiting.line());
        for (const auto& handle : {generator, context}) {
            const auto deep = async_stack(handle);
            CO_ASSERT_GE(deep.size(), 3u);
            EXPECT_EQ(file_of(deep.front().awaiting), "introspection_test.cpp") << to_string(deep);
            EXPECT_EQ(file_of(deep.back().awaiting), "introspection_test.cpp") << to_string(deep);
        }
        group.cancel();
    });
}

task<std::vector<stack_frame>> stack_here() {
    co_await yield_now();
    co_return current_async_stack();
}

// The running coroutine's own stack: after a suspension, after a child returned, after a child started eagerly, between two steps of a
// generator.
ASYNC_TEST(AsyncStack, OfTheRunningCoroutine) {
    const auto own = current_async_stack().size();
    const auto inner = co_await stack_here();
    EXPECT_EQ(inner.size(), own + 1);
    EXPECT_NE(std::string_view(inner[0].function.function_name()).find("stack_here"), std::string_view::npos);
    EXPECT_EQ(current_async_stack().size(), own);
    co_await with_task_group([&](task_group& group) -> task<> {
        const auto in_body = current_async_stack().size();
        EXPECT_GT(in_body, own);
        group.create_task({.eager_start = true}, []() -> task<> {
            EXPECT_EQ(current_async_stack().size(), 1u);
            co_await sleep_for(1s);
            EXPECT_EQ(current_async_stack().size(), 1u);
        });
        EXPECT_EQ(current_async_stack().size(), in_body);
        co_return;
    });
    EXPECT_EQ(current_async_stack().size(), own);
    auto numbers = []() -> async_generator<std::size_t> {
        co_yield current_async_stack().size();
        co_yield current_async_stack().size();
    };
    co_await with(numbers(), [](auto& stream) -> task<> {
        const auto outside = current_async_stack().size();
        EXPECT_EQ(co_await stream.next(), outside + 1);
        EXPECT_EQ(current_async_stack().size(), outside);
        EXPECT_EQ(co_await stream.next(), outside + 1);
        EXPECT_EQ(current_async_stack().size(), outside);
    });
    try {
        co_await []() -> task<> {
            throw std::out_of_range("x");
            co_return;
        }();
    } catch (const std::out_of_range&) {
    }
    EXPECT_EQ(current_async_stack().size(), own);
}

TEST(AsyncStack, IsEmptyOutsideOfALoop) { EXPECT_TRUE(current_async_stack().empty()); }

// R-121: each task once, shared waits and circles included; ten times the tasks, ten times the text.
ASYNC_TEST(TaskTree, VisitsEachTaskOnce) {
    std::size_t lines_of_ten = 0;
    for (const int count : {10, 100}) {
        future<> shared;
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < count; ++i) {
                group.create_task({.name = "waiter-" + std::to_string(i)},
                                  [&]() -> task<> { co_await with_cancel_scope([&](cancel_scope&) -> task<> { co_await shared; }); });
            }
            co_await sleep_for(1s);
            const std::string tree = task_tree();
            const auto lines = static_cast<std::size_t>(std::count(tree.begin(), tree.end(), '\n'));
            for (int i = 0; i < count; ++i) {
                const std::string name = "'waiter-" + std::to_string(i) + "'";
                const auto at = tree.find(name);
                CO_ASSERT_NE(at, std::string::npos);
                EXPECT_EQ(tree.find(name, at + 1), std::string::npos);
            }
            if (count == 10) {
                lines_of_ten = lines;
            } else {
                EXPECT_LT(lines, 11 * lines_of_ten);
            }
            shared.set_result();
        });
    }
}

// R-121
ASYNC_TEST(TaskTree, ACircleOfWaitsPrints) {
    auto expected = hem::testing::expect_report(report_kind::deadlock);
    std::optional<task_handle<void>> first, second;
    co_await with_task_group([&](task_group& group) -> task<> {
        first = group.create_task({.name = "first"}, [&]() -> task<> { co_await *second; });
        second = group.create_task({.name = "second"}, [&]() -> task<> { co_await *first; });
        co_await sleep_for(1s);
        const std::string tree = task_tree();
        EXPECT_NE(tree.find("task 'first' waits for task 'second'"), std::string::npos) << tree;
        EXPECT_NE(tree.find("task 'second' waits for task 'first'"), std::string::npos) << tree;
        group.cancel();
    });
    first.reset();
    second.reset();
}

ASYNC_TEST(TaskTree, SaysWhatIsWithScopes) {
    std::string tree;
    co_await move_on_after(3s, shield(1s, [](std::string& text) -> task<> {
                               co_await sleep_for(1s);
                               text = task_tree();
                           }(tree)));
    EXPECT_NE(tree.find("root scope"), std::string::npos) << tree;
    EXPECT_NE(tree.find("\n  scope, deadline in 2 s\n"), std::string::npos) << tree;
    EXPECT_NE(tree.find("\n    scope, shield\n"), std::string::npos) << tree;
    EXPECT_NE(tree.find("\n      task 'main' runs"), std::string::npos) << tree;
}

ASYNC_TEST(Snapshot, IsJsonOfTasksScopesAndCounters) {
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "a \"quoted\"\nname"}, sleep_long);
        co_await sleep_for(1s);
        const std::string json = loop::current().snapshot();
        EXPECT_EQ(json.find('\n'), std::string::npos);
        EXPECT_NE(json.find(R"("name":"a \"quoted\"\u000aname","state":"waiting","parent":1)"), std::string::npos) << json;
        EXPECT_NE(json.find(R"("waits_for":{"kind":"sleep","remaining_ms":3.599e+06,"at":"introspection_test.cpp:)"), std::string::npos)
            << json;
        for (const char* key : {"\"ticks\":", "\"resumes\":", "\"lag_ms\":", "\"scopes\":[{\"id\":0", "\"tasks\":[{\"id\":1"}) {
            EXPECT_NE(json.find(key), std::string::npos) << key << " in " << json;
        }
        EXPECT_EQ(std::count(json.begin(), json.end(), '{'), std::count(json.begin(), json.end(), '}'));
        group.cancel();
    });
}

struct event_log {
    std::vector<std::string> lines;
    std::set<std::uint64_t> alive;
};

TEST(Instrument, HearsOfSpawnResumeSuspendAndEnd) {
    event_log log;
    const instrument callbacks{
        .context = &log,
        .spawned = [](void* c,
                      const task_event& t) noexcept { static_cast<event_log*>(c)->lines.push_back("spawn " + std::string(t.name)); },
        .resumed = [](void* c,
                      const task_event& t) noexcept { static_cast<event_log*>(c)->lines.push_back("resume " + std::string(t.name)); },
        .suspended =
            [](void* c, const task_event& t, std::string_view kind) noexcept {
                static_cast<event_log*>(c)->lines.push_back("suspend " + std::string(t.name) + " " + std::string(kind));
            },
        .ended = [](void* c, const task_event& t) noexcept { static_cast<event_log*>(c)->lines.push_back("end " + std::string(t.name)); },
    };
    run({.clock = clock_kind::virtual_time, .instrument = &callbacks}, []() -> task<> {
        co_await with_task_group([](task_group& group) -> task<> {
            group.create_task({.name = "child"}, []() -> task<> { co_await sleep_for(1s); });
            co_return;
        });
    });
    EXPECT_EQ(log.lines, (std::vector<std::string>{"spawn main", "resume main", "spawn child", "suspend main group.exit", "resume child",
                                                   "suspend child sleep", "resume child", "end child", "resume main", "end main"}));
}

// Busy time is exact while somebody looks.
TEST(Measure, TimesEveryResume) {
    run({.watchdog = {.threshold = 0s}}, []() -> task<> {
        loop::current().measure(true);
        co_await yield_now();
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < 5ms) {
        }
        co_await yield_now();
        const auto tasks = all_tasks();
        EXPECT_GE(tasks.at(0).busy, 5ms);
        std::uint64_t timed = 0;
        for (const auto count : loop::current().resume_times().counts) timed += count;
        EXPECT_EQ(timed, 1u);  // the resume that began after measure(), not the one under way
    });
}

}  // namespace
