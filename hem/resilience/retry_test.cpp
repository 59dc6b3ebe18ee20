// Retry by its rules (RT-n), on virtual time.
#include "hem/resilience/retry.hpp"

#include "hem/core.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/testing.hpp"
#include "hem/testing/once.hpp"

namespace {

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

struct refused : hem::network_error {
    refused() : hem::network_error("connection refused", hem::failure_kind::not_sent) {}
};
struct reset : hem::network_error {
    reset() : hem::network_error("reset by peer", hem::failure_kind::transient) {}
};
struct busy : std::runtime_error, hem::unavailable {
    explicit busy(hem::duration after) : std::runtime_error("busy"), hem::unavailable(after) {}
};

// RT-1
ASYNC_TEST_ONCE(Retry, RT1_AtMostThreeCallsAndTheLastErrorItself) {
    const hem::retry_policy policy{{.name = "rt1"}};
    int calls = 0;
    CO_EXPECT_THROW(co_await hem::retry(policy,
                                        [&]() -> hem::task<int> {
                                            ++calls;
                                            throw refused();
                                            co_return 0;
                                        }),
                    refused);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(policy.retries(), 2u);
}

// RT-4
ASYNC_TEST(Retry, RT4_RetryAfterIsAFloor) {
    const hem::retry_policy policy{{.name = "rt4", .idempotent = true}};
    int calls = 0;
    co_await hem::retry(policy, [&]() -> hem::task<> {
        if (++calls == 1) throw busy(20s);
        co_return;
    });
    EXPECT_GE(virtual_clock::elapsed(), 20s);
    EXPECT_LE(virtual_clock::elapsed(), 22s);
    calls = 0;
    const auto before = virtual_clock::elapsed();
    CO_EXPECT_THROW(co_await hem::retry(policy,
                                        [&]() -> hem::task<> {
                                            ++calls;
                                            throw busy(61s);
                                            co_return;
                                        }),
                    busy);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(virtual_clock::elapsed(), before);
}

template <class Error>
hem::task<int> calls_until_given_up(const hem::retry_policy& policy, bool marked) {
    int calls = 0;
    auto fails = [&]() -> hem::task<> {
        ++calls;
        throw Error();
        co_return;
    };
    try {
        if (marked) {
            co_await hem::retry(policy, hem::idempotent(fails));
        } else {
            co_await hem::retry(policy, fails);
        }
    } catch (const Error&) {
        co_return calls;
    }
    co_return 0;
}

struct timed_out : hem::timeout_error {
    timed_out() : hem::timeout_error("late") {}
};
struct wrong : std::invalid_argument {
    wrong() : std::invalid_argument("wrong") {}
};
struct no_exception {};

// RT-5, RT-6
ASYNC_TEST(Retry, RT5_RT6_WhatIsRepeated) {
    const hem::retry_policy policy{{.name = "rt5"}};
    EXPECT_EQ(co_await calls_until_given_up<refused>(policy, false), 3);
    EXPECT_EQ(co_await calls_until_given_up<reset>(policy, false), 1);
    EXPECT_EQ(co_await calls_until_given_up<reset>(policy, true), 3);
    EXPECT_EQ(co_await calls_until_given_up<timed_out>(policy, false), 1);
    EXPECT_EQ(co_await calls_until_given_up<timed_out>(policy, true), 3);
    EXPECT_EQ(co_await calls_until_given_up<wrong>(policy, true), 1);
    EXPECT_EQ(co_await calls_until_given_up<no_exception>(policy, true), 1);
    const hem::retry_policy chosen{{.name = "rt5b", .retry_if = hem::retry_if_exception_type<wrong>}};
    EXPECT_EQ(co_await calls_until_given_up<wrong>(chosen, false), 3);
    EXPECT_EQ(co_await calls_until_given_up<refused>(chosen, false), 1);
}

// RT-7
ASYNC_TEST(Retry, RT7_NoWaitPastTheDeadline) {
    const hem::retry_policy policy{{.name = "rt7", .wait = hem::wait_fixed(10s), .jitter = hem::jitter::none}};
    CO_EXPECT_THROW(co_await hem::timeout(5s, hem::retry(policy,
                                                         []() -> hem::task<> {
                                                             throw refused();
                                                             co_return;
                                                         })),
                    refused);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
    int calls = 0;
    const hem::retry_policy eager{{.name = "rt7b", .idempotent = true}};
    CO_EXPECT_THROW(co_await hem::timeout(5s, hem::retry(eager,
                                                         [&]() -> hem::task<> {
                                                             ++calls;
                                                             co_await hem::sleep_forever();
                                                         })),
                    hem::timeout_error);
    EXPECT_EQ(calls, 1);
}

// RT-1
ASYNC_TEST(Retry, RT1_StopAfterDelay) {
    const hem::retry_policy policy{{.name = "rt1b",
                                    .stop = hem::stop_after_attempt(100) | hem::stop_after_delay(5s),
                                    .wait = hem::wait_fixed(2s),
                                    .jitter = hem::jitter::none}};
    EXPECT_EQ(co_await calls_until_given_up<refused>(policy, false), 3);  // at 0, 2 and 4 s
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

// RT-11
ASYNC_TEST(Retry, RT11_AnErrorOfTheClassifierLeaves) {
    const hem::retry_policy policy{{.name = "rt11", .retry_if = [](const std::exception_ptr&) -> bool { throw wrong(); }}};
    CO_EXPECT_THROW(co_await hem::retry(policy,
                                        []() -> hem::task<> {
                                            throw refused();
                                            co_return;
                                        }),
                    wrong);
}

// G-3
TEST(Retry, G3_CancellationIsNeverRetried) {
    int calls = 0;
    const hem::retry_policy policy{{.name = "g3"}};
    hem::testing::cancel_at_every_await([&]() -> hem::task<> {
        calls = 0;
        try {
            co_await hem::retry(policy, [&]() -> hem::task<> {
                ++calls;
                co_await hem::sleep_for(1s);
                throw refused();
            });
        } catch (const refused&) {
            EXPECT_EQ(calls, 3);
        }
    });
    EXPECT_EQ(calls, 3);
}

// Everything that is logged while it lives.
class captured {
public:
    captured() {
        struct to_string final : hem::log::sink {
            explicit to_string(std::string& into) : out(into) {}
            void write(std::string_view lines) override { out += lines; }
            std::string& out;
        };
        hem::log::set_sink(std::make_unique<to_string>(text), hem::log::form::json);
    }
    ~captured() { hem::log::set_sink(nullptr); }
    captured(const captured&) = delete;
    bool has(std::string_view part) const { return text.find(part) != text.npos; }
    std::string text;
};

// RT-1, RT-8
ASYNC_TEST(Retry, RT1_RT8_RecordsCountAttemptsAndTime) {
    const captured lines;
    const hem::retry_policy policy{{.name = "rt8", .wait = hem::wait_fixed(2s), .jitter = hem::jitter::none}};
    EXPECT_EQ(co_await calls_until_given_up<refused>(policy, false), 3);
    EXPECT_TRUE(lines.has("\"event\":\"retry\"")) << lines.text;
    EXPECT_TRUE(lines.has("\"policy\":\"rt8\",\"next\":\"attempt 2 of 3\",\"wait\":2,")) << lines.text;
    EXPECT_TRUE(lines.has("\"next\":\"attempt 3 of 3\"")) << lines.text;
    EXPECT_TRUE(lines.has("\"event\":\"retry_gave_up\"")) << lines.text;
    EXPECT_TRUE(lines.has("\"why\":\"no attempt left\",\"attempts\":3,\"elapsed\":4,")) << lines.text;
    EXPECT_TRUE(lines.has("connection refused")) << lines.text;
}

// RT-1
ASYNC_TEST(Retry, RT1_StopConditionsCombine) {
    const auto calls_with = [](hem::stop_condition stop) -> hem::task<int> {
        const hem::retry_policy policy{{.name = "rt1c", .stop = stop, .wait = hem::wait_fixed(1s), .jitter = hem::jitter::none}};
        co_return co_await calls_until_given_up<refused>(policy, false);
    };
    EXPECT_EQ(co_await calls_with(hem::stop_after_attempt(3) | hem::stop_after_delay(10s)), 3);
    EXPECT_EQ(co_await calls_with(hem::stop_after_attempt(30) | hem::stop_after_delay(10s)), 10);
    EXPECT_EQ(co_await calls_with(hem::stop_after_attempt(3) & hem::stop_after_delay(10s)), 10);
    EXPECT_EQ(co_await calls_with(hem::stop_after_attempt(30) & hem::stop_after_delay(10s)), 30);
    EXPECT_EQ(co_await calls_with((hem::stop_after_attempt(2) & hem::stop_after_delay(5s)) | hem::stop_after_attempt(4)), 4);
    static_assert((hem::stop_after_attempt(2), true), "conditions are constants");
    EXPECT_EQ((hem::stop_after_attempt(2) | hem::stop_after_attempt(7)).attempts(), 2);
    EXPECT_EQ((hem::stop_after_attempt(2) & hem::stop_after_attempt(7)).attempts(), 7);
    EXPECT_EQ(hem::stop_after_delay(1s).attempts(), INT_MAX);
}

// RT-1
ASYNC_TEST(Retry, RT1_ATokenEndsTheRetryAndAWaitThatHasBegun) {
    hem::event shutting_down;
    const hem::retry_policy policy{{.name = "rt1t",
                                    .stop = hem::stop_after_attempt(100) | hem::stop_when(shutting_down),
                                    .wait = hem::wait_fixed(10s),
                                    .jitter = hem::jitter::none}};
    int calls = 0;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> { calls = co_await calls_until_given_up<refused>(policy, false); });
        co_await hem::sleep_for(25s);
        shutting_down.set();
    });
    EXPECT_EQ(calls, 3);  // at 0, 10 and 20 s
    EXPECT_EQ(virtual_clock::elapsed(), 25s);
    EXPECT_EQ(co_await calls_until_given_up<refused>(policy, false), 1);
    // Set, but not enough by itself.
    const hem::retry_policy both{{.name = "rt1u",
                                  .stop = hem::stop_after_attempt(3) & hem::stop_when(shutting_down),
                                  .wait = hem::wait_fixed(10s),
                                  .jitter = hem::jitter::none}};
    EXPECT_EQ(co_await calls_until_given_up<refused>(both, false), 3);
    EXPECT_EQ(virtual_clock::elapsed(), 45s);
}

// RT-5
ASYNC_TEST(Retry, RT5_ConditionsReplaceAndExtendTheRules) {
    const auto calls_with = [](hem::retry_condition condition, auto error) -> hem::task<int> {
        const hem::retry_policy policy{{.name = "rt5c", .retry_if = condition}};
        co_return co_await calls_until_given_up<decltype(error)>(policy, false);
    };
    const auto is_wrong =
        hem::retry_if([](const std::exception_ptr& e) { return hem::detail::describe(e).find("wrong") != std::string::npos; });
    EXPECT_EQ(co_await calls_with(is_wrong, wrong()), 3);
    EXPECT_EQ(co_await calls_with(is_wrong, refused()), 1);
    EXPECT_EQ(co_await calls_with(hem::retry_by_rule || is_wrong, wrong()), 3);
    EXPECT_EQ(co_await calls_with(hem::retry_by_rule || is_wrong, refused()), 3);
    EXPECT_EQ(co_await calls_with(hem::retry_by_rule || is_wrong, reset()), 1);
    EXPECT_EQ(co_await calls_with(hem::retry_by_rule && !hem::retry_if_exception_type<refused>, refused()), 1);
    EXPECT_EQ(co_await calls_with(hem::retry_if_exception_type<reset, wrong>, reset()), 3);
}

// RT-5, RT-8
ASYNC_TEST(Retry, RT5_RT8_ResultsAreRefusedAndTheLastOneIsReturned) {
    const hem::retry_policy policy{{.name = "rt8r", .wait = hem::wait_fixed(1s), .jitter = hem::jitter::none}};
    int calls = 0;
    const auto poll = [&]() -> hem::task<std::string> {
        ++calls;
        co_return "state " + std::to_string(calls);
    };
    const auto until = [](std::string done) { return hem::retry_if_result([done](const std::string& state) { return state != done; }); };
    EXPECT_EQ(co_await hem::retry(policy, poll, until("state 2")), "state 2");
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
    calls = 0;
    EXPECT_EQ(co_await hem::retry(policy, poll, until("never")), "state 3");
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
    // Errors keep their own rules.
    CO_EXPECT_THROW(co_await hem::retry(
                        policy,
                        []() -> hem::task<int> {
                            throw wrong();
                            co_return 0;
                        },
                        hem::retry_if_result([](int) { return true; })),
                    wrong);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// RT-6
ASYNC_TEST(Retry, RT6_TheErrorThePolicyOrTheMarkMayAllowIt) {
    struct safe_reset : reset {
        bool idempotent() const noexcept override { return true; }
    };
    EXPECT_EQ(co_await calls_until_given_up<safe_reset>(hem::retry_policy({.name = "rt6"}), false), 3);
    EXPECT_EQ(co_await calls_until_given_up<reset>(hem::retry_policy({.name = "rt6", .idempotent = true}), false), 3);
    EXPECT_EQ(co_await calls_until_given_up<reset>(hem::retry_policy({.name = "rt6"}), true), 3);
    EXPECT_EQ(co_await calls_until_given_up<reset>(hem::retry_policy({.name = "rt6"}), false), 1);
}

// RT-7
ASYNC_TEST(Retry, RT7_AnAttemptsOwnTimeoutIsRepeated) {
    const hem::retry_policy policy{{.name = "rt7c", .wait = hem::wait_fixed(1s), .jitter = hem::jitter::none, .idempotent = true}};
    int calls = 0;
    CO_EXPECT_THROW(co_await hem::timeout(60s, hem::retry(policy,
                                                          [&]() -> hem::task<> {
                                                              ++calls;
                                                              co_await hem::timeout(2s, hem::sleep_forever());
                                                          })),
                    hem::timeout_error);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 8s);
}

// RT-11
ASYNC_TEST(Retry, RT11_HooksSeeEveryAttempt) {
    std::vector<std::string> seen;
    const auto note = [&](const char* what) {
        return [&seen, what](const hem::retry_state& state) {
            seen.push_back(std::string(what) + " " + std::to_string(state.attempt) + "/" + std::to_string(state.attempts) + " at " +
                           std::to_string(state.elapsed / 1s) + (state.error ? " error" : "") +
                           (state.wait > 0s ? " wait " + std::to_string(state.wait / 1s) : ""));
        };
    };
    const hem::retry_policy policy{{.name = "rt11h",
                                    .wait = hem::wait_fixed(2s),
                                    .jitter = hem::jitter::none,
                                    .before = note("before"),
                                    .after = note("after"),
                                    .before_sleep = note("sleep")}};
    int calls = 0;
    co_await hem::retry(policy, [&]() -> hem::task<> {
        if (++calls == 1) throw refused();
        co_return;
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"before 1/3 at 0", "after 1/3 at 0 error", "sleep 1/3 at 0 error wait 2", "before 2/3 at 2",
                                              "after 2/3 at 2"}));
}

// RT-11
ASYNC_TEST(Retry, RT11_AnErrorOfAHookLeaves) {
    const auto fail = [](const hem::retry_state&) { throw wrong(); };
    for (const bool call_fails : {false, true}) {
        for (int which = 0; which < 3; ++which) {
            hem::retry_options options{.name = "rt11e", .retry_if = [](const std::exception_ptr&) { return true; }};
            (which == 0 ? options.before : which == 1 ? options.after : options.before_sleep) = fail;
            const hem::retry_policy policy(options);
            int calls = 0;
            bool left = false;
            try {
                co_await hem::retry(policy, [&]() -> hem::task<> {
                    ++calls;
                    if (call_fails) throw refused();
                    co_return;
                });
            } catch (const wrong&) {
                left = true;
            }
            EXPECT_EQ(left, which != 2 || call_fails) << which << call_fails;
            EXPECT_EQ(calls, which == 0 ? 0 : 1) << which << call_fails;
        }
    }
}

// RT-12
ASYNC_TEST(Retry, RT12_EachAttemptIsCalledAnewAndLeavesNothing) {
    struct counted {
        explicit counted(int& n) : alive(n) { ++alive; }
        counted(const counted& other) : alive(other.alive) { ++alive; }
        ~counted() { --alive; }
        int& alive;
    };
    struct heavy : refused {
        explicit heavy(int& n) : held(n) {}
        counted held;
    };
    int alive = 0, alive_in_wait = -1;
    const hem::retry_policy policy{{.name = "rt12", .wait = hem::wait_fixed(2s), .jitter = hem::jitter::none}};
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            int calls = 0;
            co_await hem::retry(policy, [&]() -> hem::task<> {
                const counted local(alive);
                EXPECT_EQ(alive, 1);
                co_await hem::yield_now();
                if (++calls == 1) throw heavy(alive);
            });
        });
        co_await hem::sleep_for(1s);
        alive_in_wait = alive;
    });
    EXPECT_EQ(alive_in_wait, 0);
    EXPECT_EQ(alive, 0);
}

hem::async_generator<int> numbers(int& calls, int fail_before, int& closed) {
    struct note_end {
        int& n;
        ~note_end() { ++n; }
    } ending{closed};
    ++calls;
    co_await hem::yield_now();
    for (int i = 0; i < 3; ++i) {
        if (calls == 1 && i == fail_before) throw refused();
        co_yield i;
    }
}

struct begin_numbers {
    int& calls;
    int fail_before;
    int& closed;
    HEM_CORO_WRAPPER hem::async_generator<int> operator()() const { return numbers(calls, fail_before, closed); }
};

// RT-12
ASYNC_TEST(Retry, RT12_AStreamIsRepeatedOnlyBeforeItsFirstItem) {
    const hem::retry_policy policy{{.name = "rt12s"}};
    int calls = 0, closed = 0;
    EXPECT_EQ(co_await hem::collect(hem::retry_stream(policy, begin_numbers{calls, 0, closed})), (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(closed, 2);
    calls = 0;
    CO_EXPECT_THROW(co_await hem::collect(hem::retry_stream(policy, begin_numbers{calls, 1, closed})), refused);
    EXPECT_EQ(calls, 1);
    calls = closed = 0;
    co_await hem::with(hem::retry_stream(policy, begin_numbers{calls, 0, closed}), [](auto& stream) -> hem::task<> {
        EXPECT_EQ(co_await stream.next(), 0);  // and stops half way
    });
    EXPECT_EQ(closed, 2);
}

// RT-12
ASYNC_TEST(Retry, RT12_NoBackoffSetsAllWaitsToZero) {
    const hem::testing::no_backoff now;
    const hem::retry_policy policy{{.name = "rt12n", .wait = hem::wait_fixed(10s), .idempotent = true}};
    int calls = 0;
    CO_EXPECT_THROW(co_await hem::retry(policy,
                                        [&]() -> hem::task<> {
                                            ++calls;
                                            throw busy(30s);
                                            co_return;
                                        }),
                    busy);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

}  // namespace
