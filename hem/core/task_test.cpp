// Tasks, `run`, outcomes: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

static_assert(std::is_nothrow_move_constructible_v<task<int>>);
static_assert(!std::is_copy_constructible_v<task<int>>);
static_assert(!std::is_convertible_v<task<int>, bool>);
static_assert(!std::is_base_of_v<std::exception, cancelled>);

task<int> number(int n) { co_return n; }

struct noisy {
    explicit noisy(std::vector<std::string>& l, std::string n) : log(l), name(std::move(n)) {}
    noisy(const noisy&) = delete;
    ~noisy() { log.push_back(name); }
    std::vector<std::string>& log;
    std::string name;
};

//
TEST(Task, NothingRunsBeforeItIsAwaited) {
    hem::testing::report_collector reports;
    bool ran = false;
    {
        auto lazy = [&]() -> task<> {
            ran = true;
            co_return;
        };
        [[maybe_unused]] task<> dropped = lazy();
    }
    EXPECT_FALSE(ran);
    ASSERT_EQ(reports.unclaimed().size(), 1u);
    EXPECT_NE(reports.unclaimed()[0].find("task_test.cpp"), std::string::npos);
}

// its arguments are destroyed with it, and the report names the function.
TEST(Task, ATaskThatIsNeverStartedDestroysItsArguments) {
    hem::testing::report_collector reports;
    auto witness = std::make_shared<int>(1);
    {
        auto keep = [](std::shared_ptr<int>) -> task<> { co_return; };
        [[maybe_unused]] task<> dropped = keep(witness);
        EXPECT_EQ(witness.use_count(), 2);
    }
    EXPECT_EQ(witness.use_count(), 1);
    ASSERT_EQ(reports.unclaimed().size(), 1u);
    EXPECT_NE(reports.unclaimed()[0].find("never awaited"), std::string::npos) << reports.unclaimed()[0];
}

//
ASYNC_TEST(Task, AMovedFromTaskIsRefused) {
    auto first = number(1);
    auto second = std::move(first);
    CO_EXPECT_THROW(co_await std::move(first), usage_error);  // NOLINT(bugprone-use-after-move): that is the point
    EXPECT_EQ(co_await std::move(second), 1);
}

//
ASYNC_TEST(Task, AwaitingOneselfIsRefused) {
    std::optional<task_handle<void>> self;
    co_await with_task_group([&](task_group& group) -> task<> {
        self = group.create_task([&]() -> task<> { CO_EXPECT_THROW(co_await *self, usage_error); });
        co_return;
    });
}

//
ASYNC_TEST(Task, AChildRunsAtOnceInTheSameTask) {
    std::vector<std::string> log;
    const auto id = hem::detail::current_task_header().id;
    auto child = [&](std::shared_ptr<noisy> parameter) -> task<int> {
        noisy local(log, "local");
        log.push_back(hem::detail::current_task_header().id == id ? "same task" : "other task");
        co_return parameter ? 1 : 0;
    };
    EXPECT_EQ(co_await child(std::make_shared<noisy>(log, "parameter")), 1);
    EXPECT_EQ(log, (std::vector<std::string>{"same task", "local", "parameter"}));
}

// no checkpoint, the same context, and no cancellation falls between the child's return and the caller's next statement.
ASYNC_TEST(Task, TheCallerGoesOnInTheStepInWhichItsChildReturns) {
    static context_var<int> depth{"depth", 0};
    bool went_on = false;
    bool others = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&others]() -> task<> {
            others = true;
            co_return;
        });
        cancel_scope scope;
        EXPECT_FALSE(co_await scope.run([&]() -> task<> {
            auto child = [&scope]() -> task<int> {
                depth.set(depth.get() + 1);
                scope.cancel();
                co_return 5;
            };
            EXPECT_EQ(co_await child(), 5);
            EXPECT_EQ(depth.get(), 1);
            EXPECT_FALSE(others);
            went_on = true;
            co_await checkpoint();
        }));
    });
    EXPECT_TRUE(went_on);
}

//
ASYNC_TEST(Task, AMillionReadyChildrenUseConstantStack) {
    long sum = 0;
    for (int i = 0; i < 1'000'000; ++i) sum += co_await number(1);
    EXPECT_EQ(sum, 1'000'000);
}

//
ASYNC_TEST(Task, DeepScopesAreCancelledWithoutRecursion) {
    auto nest = [](auto& self, int depth) -> task<> {
        if (depth == 0) {
            co_await sleep_forever();
        } else {
            co_await with_cancel_scope([&self, depth](cancel_scope&) -> task<> { co_await self(self, depth - 1); });
        }
    };
    EXPECT_FALSE(co_await move_on_after(1s, nest(nest, 5000)));
}

//
ASYNC_TEST(Task, AReleasePassesThroughManyWaitersWithConstantStack) {
    constexpr int count = 200'000;
    semaphore permits(0);
    int passed = 0;
    co_await with_task_group({.warn_above = 0}, [&](task_group& group) -> task<> {
        for (int i = 0; i < count; ++i) {
            group.create_task([&]() -> task<> {
                auto permit = co_await permits.acquire();
                ++passed;
            });
        }
        co_await yield_now();
        permits.release();
    });
    EXPECT_EQ(passed, count);
    EXPECT_EQ(permits.available(), 1u);
}

//
ASYNC_TEST(Task, DroppingAHandleLosesNothing) {
    bool done = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        {
            auto handle = group.create_task([&]() -> task<> {
                co_await sleep_for(1s);
                done = true;
            });
        }
        co_return;
    });
    EXPECT_TRUE(done);
}

//
ASYNC_TEST(Task, AnOutcomeIsExactlyOneThing) {
    auto [value, error] = co_await gather_settled(number(7), []() -> task<int> {
        throw std::runtime_error("no");
        co_return 0;
    }());
    EXPECT_TRUE(value.has_value());
    EXPECT_EQ(value.value(), 7);
    EXPECT_FALSE(value.error());
    EXPECT_FALSE(error.has_value());
    EXPECT_FALSE(error.is_cancelled());
    EXPECT_THROW(error.value(), std::runtime_error);
    EXPECT_EQ(error.value_or(5), 5);
}

// a task that catches its cancellation and returns 42 has the value 42.
ASYNC_TEST(Task, ACaughtCancellationMayEndInAValue) {
    auto reported = hem::testing::expect_report(report_kind::swallowed_cancel);
    co_await with_task_group([&](task_group& group) -> task<> {
        auto handle = group.create_task([]() -> task<int> {
            try {
                co_await sleep_forever();
            } catch (const cancelled&) {
            }
            co_return 42;
        });
        co_await sleep_for(1s);
        handle.cancel();
        EXPECT_EQ(co_await handle, 42);
    });
}

// an outcome is cancelled only if `cancelled` left the body of a task that was cancelled itself.
ASYNC_TEST(Task, ACancellationInsideDoesNotMakeATaskCancelled) {
    co_await with_task_group([](task_group& group) -> task<> {
        auto own = group.create_task([]() -> task<int> {
            const bool done = co_await move_on_after(1s, sleep_forever());  // a scope of its own
            co_return done ? 1 : 2;
        });
        auto outer = group.create_task([]() -> task<int> {
            co_await sleep_forever();
            co_return 1;
        });
        EXPECT_EQ(co_await own, 2);
        EXPECT_TRUE(own.outcome().has_value());
        EXPECT_THROW((void)outer.outcome(), usage_error);  // not ended yet
        outer.cancel();
        CO_EXPECT_THROW(co_await outer, task_cancelled);
        EXPECT_TRUE(outer.outcome().is_cancelled());
        EXPECT_FALSE(outer.outcome().has_value());
        EXPECT_FALSE(outer.outcome().error());
    });
}

//
TEST(Run, GivesTheValueOrThrowsTheError) {
    EXPECT_EQ(run(number, 5), 5);
    EXPECT_EQ(run(number(6)), 6);
    EXPECT_THROW(run([]() -> task<> {
                     throw std::out_of_range("x");
                     co_return;
                 }),
                 std::out_of_range);
}

//
ASYNC_TEST(Run, NestedRunIsRefused) {
    bool started = false;
    try {
        run([&]() -> task<> {
            started = true;
            co_return;
        });
        ADD_FAILURE() << "run inside a loop was not refused";
    } catch (const usage_error& error) {
        EXPECT_NE(std::string(error.what()).find("'main'"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(started);
    co_return;
}

//
TEST(Run, ARunnerKeepsItsContext) {
    static context_var<int> counter{"counter", 0};
    runner keeper({.clock = clock_kind::virtual_time});
    auto next = []() -> task<int> {
        counter.set(counter.get() + 1);
        co_return counter.get();
    };
    EXPECT_EQ(keeper.run(next), 1);
    EXPECT_EQ(keeper.run(next), 2);
    keeper.close();
    EXPECT_THROW(keeper.run(next), usage_error);
}

//
TEST(Run, ACallbackThatThrowsEndsTheRun) {
    try {
        run({.clock = clock_kind::virtual_time}, []() -> task<> {
            loop::current().call_soon([] { throw std::runtime_error("callback"); });
            co_await sleep_forever();
        });
        FAIL();
    } catch (const internal_error& error) {
        EXPECT_NE(std::string(error.what()).find("callback"), std::string::npos);
    }
}

//
TEST(Run, AnInterruptCancelsMain) {
    bool cleaned = false;
    EXPECT_THROW(run([&]() -> task<> {
                     loop::current().call_soon([] { ::raise(SIGINT); });
                     try {
                         co_await sleep_forever();
                     } catch (const cancelled& reason) {
                         EXPECT_EQ(reason.reason().kind, cancel_kind::interrupt);
                         cleaned = true;
                         throw;
                     }
                 }),
                 interrupted);
    EXPECT_TRUE(cleaned);
}

// swallowed, and still not lost.
TEST(Run, AnInterruptThatMainSwallowsStillThrows) {
    EXPECT_THROW(run([]() -> task<> {
                     ::raise(SIGINT);
                     try {
                         co_await sleep_forever();
                     } catch (const cancelled&) {
                     }
                 }),
                 interrupted);
}

//
ASYNC_TEST(Timers, FireByDeadlineThenByRegistration) {
    std::string trace;
    co_await with_task_group([&](task_group& group) -> task<> {
        auto& current = loop::current();
        current.call_later(2s, [&] { trace += "c"; });
        current.call_later(1s, [&] { trace += "a"; });
        current.call_later(1s, [&] { trace += "b"; });
        auto never = current.call_later(1s, [&] { trace += "x"; });
        never.cancel();
        group.create_task([]() -> task<> { co_await sleep_for(3s); });
        co_return;
    });
    EXPECT_EQ(trace, "abc");
}

//
ASYNC_TEST(Timers, ACancelledSleepLeavesNoTimer) {
    EXPECT_FALSE(co_await move_on_after(1s, sleep_for(1h)));
    EXPECT_EQ(loop::current().statistics().timers, 0u);
    CO_EXPECT_THROW(co_await sleep_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())), std::invalid_argument);
}

}  // namespace
