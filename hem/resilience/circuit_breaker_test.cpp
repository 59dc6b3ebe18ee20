// The circuit breaker by its rules (CB-n), on virtual time.
#include "hem/resilience/circuit_breaker.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using enum hem::circuit_state;
using hem::circuit_breaker;
using hem::testing::virtual_clock;

hem::task<> good(circuit_breaker& breaker) {
    co_await breaker.call([]() -> hem::task<> { co_return; });
}
template <class Error = std::runtime_error>
hem::task<> bad(circuit_breaker& breaker) {
    struct failure : Error {
        failure() : Error("bad") {}
    };
    CO_EXPECT_THROW(co_await breaker.call([]() -> hem::task<> {
        throw failure();
        co_return;
    }),
                    failure);
}
hem::task<> trip(circuit_breaker& breaker) {
    for (int i = 0; i < 5; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
}
hem::task<bool> is_refused(circuit_breaker& breaker) {
    bool called = false;
    try {
        co_await breaker.call([&]() -> hem::task<> {
            called = true;
            co_return;
        });
    } catch (const hem::circuit_open_error&) {
        EXPECT_FALSE(called);
        co_return true;
    }
    co_return false;
}

ASYNC_TEST(CircuitBreaker, CB1_FiveFailuresInARowOpen) {
    circuit_breaker breaker{{.name = "cb1"}};
    for (int i = 0; i < 4; ++i) co_await bad(breaker);
    co_await good(breaker);
    for (int i = 0; i < 4; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
}

ASYNC_TEST(CircuitBreaker, CB1_AWindowOpensAtItsRatio) {
    circuit_breaker breaker{{.name = "cb1w", .failure_threshold = 1000, .window_calls = 20, .min_calls = 10}};
    for (int i = 0; i < 20; ++i) co_await good(breaker);
    for (int i = 0; i < 9; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
}

ASYNC_TEST(CircuitBreaker, CB2_OpenRefusesUntilTheBreakIsOver) {
    circuit_breaker breaker{{.name = "cb2"}};
    co_await trip(breaker);
    EXPECT_TRUE(co_await is_refused(breaker));
    try {
        co_await good(breaker);
    } catch (const hem::unavailable& e) {
        CO_ASSERT_TRUE(e.retry_after().has_value());
        EXPECT_GE(*e.retry_after(), 54s);
        EXPECT_LE(*e.retry_after(), 66s);
    }
    co_await hem::sleep_for(53s);
    EXPECT_TRUE(co_await is_refused(breaker));
    co_await hem::sleep_for(13s);
    EXPECT_FALSE(co_await is_refused(breaker));
    EXPECT_EQ(breaker.state(), closed);
}

ASYNC_TEST(CircuitBreaker, CB2_CB5_EachFailedRoundDoublesTheBreak) {
    circuit_breaker breaker{{.name = "cb5"}};
    co_await trip(breaker);
    hem::duration least = 54s;
    for (int round = 0; round < 6; ++round) {
        co_await hem::sleep_for(least - 1s);
        EXPECT_TRUE(co_await is_refused(breaker));
        co_await hem::sleep_for(least / 4 + 1s);
        co_await bad(breaker);
        EXPECT_EQ(breaker.state(), open);
        least = std::min<hem::duration>(least * 2, 540s);
    }
    co_await hem::sleep_for(10min);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await trip(breaker);
    co_await hem::sleep_for(67s);  // the first break again
    EXPECT_FALSE(co_await is_refused(breaker));
}

ASYNC_TEST(CircuitBreaker, CB3_OneOfAHundredPasses) {
    circuit_breaker breaker{{.name = "cb3"}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    int passed = 0, refused = 0;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (int i = 0; i < 100; ++i) {
            group.create_task([&]() -> hem::task<> {
                try {
                    co_await breaker.call([&]() -> hem::task<> {
                        ++passed;
                        co_await hem::sleep_for(1s);
                    });
                } catch (const hem::circuit_open_error&) {
                    ++refused;
                }
            });
        }
        co_return;
    });
    EXPECT_EQ(passed, 1);
    EXPECT_EQ(refused, 99);
    EXPECT_EQ(breaker.state(), closed);
}

ASYNC_TEST(CircuitBreaker, CB4_CB5_ACancelledProbeIsNeither) {
    circuit_breaker breaker{{.name = "cb4"}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    const bool ended = co_await hem::move_on_after(1s, breaker.call([]() -> hem::task<> { co_await hem::sleep_forever(); }));
    EXPECT_FALSE(ended);
    EXPECT_EQ(breaker.state(), half_open);
    EXPECT_EQ(breaker.statistics().probes_in_flight, 0);
    EXPECT_FALSE(co_await is_refused(breaker));
    EXPECT_EQ(breaker.state(), closed);
}

ASYNC_TEST(CircuitBreaker, CB5_SuccessThreshold) {
    circuit_breaker breaker{{.name = "cb5s", .success_threshold = 2}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), half_open);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), closed);
}

ASYNC_TEST(CircuitBreaker, CB6_AnOldProbeLosesItsPermit) {
    circuit_breaker breaker{{.name = "cb6", .probe_timeout = 10s}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    circuit_breaker::permit hanging(breaker);
    EXPECT_TRUE(co_await is_refused(breaker));
    EXPECT_EQ(breaker.state(), half_open);
    co_await hem::sleep_for(10s);
    EXPECT_TRUE(co_await is_refused(breaker));
    EXPECT_EQ(breaker.state(), open);
    hanging.succeeded();
    EXPECT_EQ(breaker.state(), open);
}

ASYNC_TEST(CircuitBreaker, CB7_LateResultsChangeNothing) {
    circuit_breaker breaker{{.name = "cb7"}};
    circuit_breaker::permit late_success(breaker), late_failure(breaker);
    co_await trip(breaker);
    late_success.succeeded();
    EXPECT_EQ(breaker.state(), open);
    co_await hem::sleep_for(67s);
    co_await good(breaker);
    late_failure.failed(std::make_exception_ptr(std::runtime_error("late")));
    EXPECT_EQ(breaker.statistics().failures_in_row, 0);
}

ASYNC_TEST(CircuitBreaker, CB8_UsageErrorsAreNotFailures) {
    circuit_breaker breaker{{.name = "cb8", .failure_threshold = 1}};
    co_await bad<hem::usage_error>(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad<hem::timeout_error>(breaker);
    EXPECT_EQ(breaker.state(), open);
}

ASYNC_TEST(CircuitBreaker, CB9_AnHourAtOnceBreaksNothing) {
    circuit_breaker breaker{{.name = "cb9"}};
    co_await trip(breaker);
    virtual_clock::jump(1h);
    co_await hem::yield_now();
    EXPECT_FALSE(co_await is_refused(breaker));
}

ASYNC_TEST(CircuitBreaker, CB10_ForcedStatesHold) {
    circuit_breaker breaker{{.name = "cb10"}};
    breaker.force_open();
    co_await hem::sleep_for(1h);
    EXPECT_TRUE(co_await is_refused(breaker));
    breaker.force_closed();
    for (int i = 0; i < 10; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    breaker.reset();
    co_await trip(breaker);
}

ASYNC_TEST(CircuitBreaker, ValuesAndForeignErrorsPass) {
    circuit_breaker breaker{{.name = "values"}};
    EXPECT_EQ(co_await breaker.call([]() -> hem::task<std::string> { co_return "answer"; }), "answer");
    CO_EXPECT_THROW(co_await breaker.call([]() -> hem::task<int> {
        throw 42;
        co_return 0;
    }),
                    int);
    EXPECT_EQ(breaker.statistics().failures_in_row, 1);
}

TEST(CircuitBreaker, G5_BadOptionsAreRefused) {
    EXPECT_THROW(circuit_breaker({.failure_threshold = 0}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.recovery_timeout = 0s}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.window_calls = 10, .min_calls = 20}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.probes = 0}), hem::usage_error);
}

}  // namespace
