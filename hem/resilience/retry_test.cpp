// Retry by its rules (RT-n), on virtual time.
#include "hem/resilience/retry.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

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

ASYNC_TEST(Retry, RT1_AtMostThreeCallsAndTheLastErrorItself) {
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

ASYNC_TEST(Retry, RT2_ExponentialWaitsAreExact) {
    const hem::retry_policy policy{
        {.name = "rt2", .stop = hem::stop_after_attempt(6), .wait = hem::wait_exponential({.max = 10s}), .jitter = hem::jitter::none}};
    std::vector<hem::duration> at;
    const int got = co_await hem::retry(policy, [&]() -> hem::task<int> {
        at.push_back(virtual_clock::elapsed());
        if (at.size() < 6) throw refused();
        co_return 9;
    });
    EXPECT_EQ(got, 9);
    EXPECT_EQ(at, (std::vector<hem::duration>{0s, 1s, 3s, 7s, 15s, 25s}));
}

TEST(Retry, RT2_AnyAttemptNumberSaturates) {
    EXPECT_EQ(hem::wait_exponential({.max = 10s}).after(INT_MAX), 10s);
    EXPECT_EQ(hem::wait_incrementing(1s, 2s, 8s).after(3), 5s);
    EXPECT_EQ(hem::wait_incrementing(1s, 2s, 8s).after(INT_MAX), 8s);
    EXPECT_EQ(hem::wait_fixed(0s).after(INT_MAX), 0s);
    EXPECT_EQ(hem::wait_exponential({.min = 4s}).after(1), 4s);
}

ASYNC_TEST(Retry, RT3_JitterStaysInItsRange) {
    static std::vector<hem::duration> waits;
    for (const auto kind : {hem::jitter::full, hem::jitter::equal, hem::jitter::decorrelated}) {
        waits.clear();
        const hem::retry_policy policy{{.name = "rt3",
                                        .stop = hem::stop_after_attempt(200),
                                        .wait = hem::wait_exponential({.multiplier = 2s, .max = 8s}),
                                        .jitter = kind,
                                        .before_sleep = [](const hem::retry_state& state) { waits.push_back(state.wait); }}};
        CO_EXPECT_THROW(co_await hem::retry(policy,
                                            []() -> hem::task<> {
                                                throw refused();
                                                co_return;
                                            }),
                        refused);
        CO_ASSERT_EQ(waits.size(), 199u);
        const auto least = *std::min_element(waits.begin() + 3, waits.end());
        const auto most = *std::max_element(waits.begin(), waits.end());
        EXPECT_LE(most, 8s);
        EXPECT_GT(most, 7s);
        if (kind == hem::jitter::full) EXPECT_LT(least, 1s);
        if (kind == hem::jitter::equal) EXPECT_GE(least, 4s);
        if (kind == hem::jitter::decorrelated) EXPECT_GE(least, 2s);
    }
}

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

ASYNC_TEST(Retry, RT1_StopAfterDelay) {
    const hem::retry_policy policy{{.name = "rt1b",
                                    .stop = hem::stop_after_attempt(100) | hem::stop_after_delay(5s),
                                    .wait = hem::wait_fixed(2s),
                                    .jitter = hem::jitter::none}};
    EXPECT_EQ(co_await calls_until_given_up<refused>(policy, false), 3);  // at 0, 2 and 4 s
    EXPECT_EQ(virtual_clock::elapsed(), 4s);
}

ASYNC_TEST(Retry, RT11_AnErrorOfTheClassifierLeaves) {
    const hem::retry_policy policy{{.name = "rt11", .retry_if = [](const std::exception_ptr&) -> bool { throw wrong(); }}};
    CO_EXPECT_THROW(co_await hem::retry(policy,
                                        []() -> hem::task<> {
                                            throw refused();
                                            co_return;
                                        }),
                    wrong);
}

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

TEST(Retry, G5_BadOptionsAreRefused) {
    EXPECT_THROW(hem::retry_policy({.stop = hem::stop_after_attempt(0)}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.wait = hem::wait_exponential({.min = 2s, .max = 1s})}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.wait = hem::wait_fixed(-1s)}), hem::usage_error);
}

}  // namespace
