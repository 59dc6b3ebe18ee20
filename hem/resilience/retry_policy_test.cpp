// How a retry chooses its waits, what its budget allows, and what it says of retries inside it (RT-n), on virtual time.
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

hem::task<> fail() {
    throw refused();
    co_return;
}

// Thousands of attempts need no record each.
struct quiet {
    quiet() { hem::log::set_level(hem::log::level::off); }
    ~quiet() { hem::log::set_level(before); }
    quiet(const quiet&) = delete;
    hem::log::level before = hem::log::current_level();
};

// RT-2
ASYNC_TEST(RetryWait, RT2_ExponentialWaitsAreExact) {
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

// RT-2
TEST(RetryWait, RT2_AnyAttemptNumberSaturates) {
    EXPECT_EQ(hem::wait_exponential({.max = 10s}).after(INT_MAX), 10s);
    EXPECT_EQ(hem::wait_incrementing(1s, 2s, 8s).after(3), 5s);
    EXPECT_EQ(hem::wait_incrementing(1s, 2s, 8s).after(INT_MAX), 8s);
    EXPECT_EQ(hem::wait_fixed(0s).after(INT_MAX), 0s);
    EXPECT_EQ(hem::wait_exponential({.min = 4s}).after(1), 4s);
}

// RT-3
ASYNC_TEST(RetryWait, RT3_JitterStaysInItsRange) {
    const quiet no_records;
    std::vector<hem::duration> waits;
    for (const auto kind : {hem::jitter::full, hem::jitter::equal, hem::jitter::decorrelated}) {
        waits.clear();
        const hem::retry_policy policy{{.name = "rt3",
                                        .stop = hem::stop_after_attempt(200),
                                        .wait = hem::wait_exponential({.multiplier = 2s, .max = 8s}),
                                        .jitter = kind,
                                        .before_sleep = [&](const hem::retry_state& state) { waits.push_back(state.wait); }}};
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

// RT-2
TEST(RetryWait, RT2_ChainsAndSums) {
    const auto chain = hem::wait_chain({hem::wait_fixed(0s), hem::wait_fixed(1s), hem::wait_exponential({.max = 30s})});
    EXPECT_EQ(chain.after(1), 0s);
    EXPECT_EQ(chain.after(2), 1s);
    EXPECT_EQ(chain.after(3), 4s);  // the exponential's own third
    EXPECT_EQ(chain.after(4), 8s);
    EXPECT_EQ(chain.after(INT_MAX), 30s);
    const auto sum = hem::wait_fixed(3s) + hem::wait_exponential({.max = 10s});
    EXPECT_EQ(sum.after(1), 4s);
    EXPECT_EQ(sum.after(3), 7s);
    EXPECT_EQ(sum.after(INT_MAX), 13s);
    EXPECT_EQ((chain + hem::wait_fixed(1s)).after(2), 2s);
    EXPECT_EQ((chain + hem::wait_fixed(1s)).after(INT_MAX), 31s);
    EXPECT_EQ((hem::wait_fixed(hem::duration::max()) + hem::wait_fixed(1s)).after(1), hem::duration::max());
}

// RT-2
ASYNC_TEST(RetryWait, RT2_RandomPartsAreAddedBetweenTheirBounds) {
    const quiet no_records;
    const auto strategy = hem::wait_fixed(3s) + hem::wait_random(1s, 2s);
    hem::duration least = 1h, most{};
    std::vector<hem::duration> waits;
    const hem::retry_policy policy{{.name = "rt2r",
                                    .stop = hem::stop_after_attempt(300),
                                    .wait = strategy,
                                    .jitter = hem::jitter::none,
                                    .before_sleep = [&](const hem::retry_state& state) { waits.push_back(state.wait); }}};
    CO_EXPECT_THROW(co_await hem::retry(policy, fail), refused);
    for (const auto wait : waits) least = std::min(least, wait), most = std::max(most, wait);
    EXPECT_GE(least, 4s);
    EXPECT_LT(least, 4100ms);
    EXPECT_LE(most, 5s);
    EXPECT_GT(most, 4900ms);
}

// The contention of the article: each client reads a version over a slow network and writes it back; a write of an old version fails.
hem::task<int> calls_of_contending_clients(hem::jitter kind, int clients) {
    int version = 0, calls = 0;
    const hem::retry_policy policy{{.name = "rt3s",
                                    .stop = hem::stop_after_attempt(1000),
                                    .wait = hem::wait_exponential({.multiplier = 5ms, .max = 2s}),
                                    .jitter = kind}};
    const auto network = []() -> hem::task<> {
        double normal = -6;
        for (int i = 0; i < 12; ++i) normal += hem::loop::current().random().uniform();
        co_await hem::sleep_for(std::chrono::duration<double, std::milli>(std::abs(10 + 2 * normal)));
    };
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (int i = 0; i < clients; ++i) {
            group.create_task([&]() -> hem::task<> {
                co_await hem::retry(policy, [&]() -> hem::task<> {
                    co_await network();
                    const int seen = version;
                    co_await network();
                    co_await network();
                    ++calls;
                    if (seen != version) throw refused();
                    ++version;
                });
            });
        }
        co_return;
    });
    EXPECT_EQ(version, clients);
    co_return calls;
}

// RT-3
ASYNC_TEST(RetryWait, RT3_FullJitterHalvesTheCallsOfContendingClients) {
    const quiet no_records;
    const int without = co_await calls_of_contending_clients(hem::jitter::none, 100);
    const int with_full = co_await calls_of_contending_clients(hem::jitter::full, 100);
    EXPECT_LT(2 * with_full, without) << with_full << " calls with full jitter, " << without << " without";
}

// G-1
TEST(RetryWait, G1_TheSameSeedGivesTheSameWaits) {
    const auto waits_of = [](std::uint64_t seed) {
        std::vector<hem::duration> waits;
        hem::run({.clock = hem::clock_kind::virtual_time, .seed = seed}, [&]() -> hem::task<> {
            const hem::retry_policy policy{{.name = "g1",
                                            .stop = hem::stop_after_attempt(5),
                                            .before_sleep = [&](const hem::retry_state& state) { waits.push_back(state.wait); }}};
            CO_EXPECT_THROW(co_await hem::retry(policy, fail), refused);
        });
        return waits;
    };
    EXPECT_EQ(waits_of(7), waits_of(7));
    EXPECT_NE(waits_of(7), waits_of(8));
}

// RT-9
ASYNC_TEST(RetryBudget, RT9_UnderAFullOutageTheLoadGrowsByAFifthPlusTenASecond) {
    const quiet no_records;
    hem::retry_budget budget{{.name = "rt9"}};
    const hem::testing::no_backoff at_once;
    const hem::retry_policy policy{{.name = "rt9", .stop = hem::stop_after_attempt(4), .budget = &budget}};
    constexpr int seconds = 60, per_second = 200;
    int calls = 0;
    for (int i = 0; i < seconds * per_second; ++i) {
        CO_EXPECT_THROW(co_await hem::retry(policy,
                                            [&]() -> hem::task<> {
                                                ++calls;
                                                throw refused();
                                                co_return;
                                            }),
                        refused);
        co_await hem::sleep_for(1s / static_cast<double>(per_second));
    }
    const int first = seconds * per_second, extra = calls - first;
    EXPECT_LE(extra, first / 5 + 10 * seconds);
    EXPECT_GE(extra, (first / 5 + 10 * seconds) * 9 / 10);  // and what is allowed is used
    const auto statistics = budget.statistics();
    EXPECT_EQ(statistics.calls, static_cast<std::uint64_t>(first));
    EXPECT_EQ(statistics.retries, static_cast<std::uint64_t>(extra));
    EXPECT_GT(statistics.refused, 0u);
}

// RT-9
ASYNC_TEST(RetryBudget, RT9_AQuietDependencyKeepsItsReserveAndOldCallsExpire) {
    hem::retry_budget budget{{.name = "rt9q", .ratio = 0.5, .min_per_second = 1, .ttl = 10s}};
    EXPECT_DOUBLE_EQ(budget.balance(), 10);
    for (int i = 0; i < 8; ++i) budget.deposit();
    EXPECT_DOUBLE_EQ(budget.balance(), 14);
    for (int i = 0; i < 14; ++i) EXPECT_TRUE(budget.withdraw());
    EXPECT_FALSE(budget.withdraw());
    co_await hem::sleep_for(10s);
    EXPECT_DOUBLE_EQ(budget.balance(), 10);
    EXPECT_EQ(budget.statistics().refused, 1u);
}

hem::task<> nested(const hem::retry_policy& outer, const hem::retry_policy& inner, std::vector<int>& attempts) {
    co_await hem::retry(outer, [&]() -> hem::task<> {
        co_await hem::retry(inner, [&]() -> hem::task<> {
            attempts.push_back(hem::current_retry_attempt());
            co_await hem::yield_now();
            throw refused();
        });
    });
}

// RT-10
ASYNC_TEST_ONCE(RetryNesting, RT10_IsReportedOncePerPlaceWithTheProduct) {
    const auto reported = hem::testing::expect_report(hem::report_kind::lint);
    const hem::retry_policy outer{{.name = "outer"}}, inner{{.name = "inner", .stop = hem::stop_after_attempt(4)}};
    std::vector<int> attempts;
    EXPECT_EQ(hem::current_retry_attempt(), 0);
    for (int i = 0; i < 2; ++i) CO_EXPECT_THROW(co_await nested(outer, inner, attempts), refused);
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_NE(reported.texts()[0].find("retry inside retry: 3 x 4 attempts at retry_policy_test.cpp:"), std::string::npos)
        << reported.texts()[0];
    CO_ASSERT_EQ(attempts.size(), 24u);
    for (int i = 0; i < 12; ++i) EXPECT_EQ(attempts[static_cast<std::size_t>(i)], i + 1);
    EXPECT_EQ(hem::current_retry_attempt(), 0);
}

// RT-10
ASYNC_TEST_ONCE(RetryNesting, RT10_IsNotReportedWhereItIsMeant) {
    const hem::retry_policy outer{{.name = "outer", .retries_inside = true}}, inner{{.name = "inner"}};
    std::vector<int> attempts;
    // A place of its own: a report would fail the test.
    CO_EXPECT_THROW(co_await hem::retry(outer,
                                        [&]() -> hem::task<> {
                                            co_await hem::retry(inner, [&]() -> hem::task<> {
                                                attempts.push_back(hem::current_retry_attempt());
                                                throw refused();
                                                co_return;
                                            });
                                        }),
                    refused);
    EXPECT_EQ(attempts, (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

// RT-10
ASYNC_TEST_ONCE(RetryNesting, RT10_ChildrenAreInsideButNotTheWait) {
    const auto reported = hem::testing::expect_report(hem::report_kind::lint);
    const hem::retry_policy policy{
        {.name = "rt10", .before_sleep = [](const hem::retry_state&) { EXPECT_EQ(hem::current_retry_attempt(), 0); }}};
    int calls = 0;
    co_await hem::retry(policy, [&]() -> hem::task<> {
        if (++calls == 1) throw refused();
        co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
            group.create_task([&]() -> hem::task<> {
                EXPECT_EQ(hem::current_retry_attempt(), 2);
                co_await hem::retry(policy, []() -> hem::task<> { co_return; });
            });
            co_return;
        });
    });
    EXPECT_EQ(reported.texts().size(), 1u);
}

// G-5
TEST(RetryPolicy, G5_BadOptionsAreRefused) {
    int none = 0;  // a constant would not compile
    hem::event one, two;
    EXPECT_THROW(hem::retry_policy({.stop = hem::stop_when(one) | hem::stop_when(two)}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.wait = hem::wait_random(2s, 1s)}), hem::usage_error);
    EXPECT_THROW(hem::wait_chain({}), hem::usage_error);
    EXPECT_THROW(hem::retry_budget({.ratio = 1.5}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.stop = hem::stop_after_attempt(none)}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.wait = hem::wait_exponential({.min = 2s, .max = 1s})}), hem::usage_error);
    EXPECT_THROW(hem::retry_policy({.wait = hem::wait_fixed(-1s)}), hem::usage_error);
}

}  // namespace
