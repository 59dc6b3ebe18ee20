// The circuit breaker by its rules (CB-n), on virtual time.
#include "hem/resilience/circuit_breaker.hpp"

#include "hem/core.hpp"
#include "hem/resilience/breaker_registry.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/testing.hpp"
#include "hem/testing/once.hpp"

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

// CB-1
ASYNC_TEST(CircuitBreaker, CB1_FiveFailuresInARowOpen) {
    circuit_breaker breaker{{.name = "cb1"}};
    for (int i = 0; i < 4; ++i) co_await bad(breaker);
    co_await good(breaker);
    for (int i = 0; i < 4; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
}

// CB-1
ASYNC_TEST(CircuitBreaker, CB1_AWindowOpensAtItsRatio) {
    circuit_breaker breaker{{.name = "cb1w", .failure_threshold = 1000, .window = hem::circuit_window::count(20), .min_calls = 10}};
    for (int i = 0; i < 20; ++i) co_await good(breaker);
    for (int i = 0; i < 9; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
}

hem::task<> slow(circuit_breaker& breaker, hem::duration length) {
    co_await breaker.call([length]() -> hem::task<> { co_await hem::sleep_for(length); });
}

// CB-1
ASYNC_TEST(CircuitBreaker, CB1_AWindowNeedsItsLeastNumberOfCalls) {
    circuit_breaker breaker{{.name = "cb1m", .failure_threshold = 1000, .window = hem::circuit_window::count(100)}};
    for (int i = 0; i < 19; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    EXPECT_EQ(breaker.statistics().window, (hem::window_numbers{.calls = 19, .failures = 19}));
    co_await good(breaker);  // the twentieth: 19 of 20 failed
    EXPECT_EQ(breaker.state(), open);
}

// CB-1
ASYNC_TEST(CircuitBreaker, CB1_AWindowOfTimeForgets) {
    circuit_breaker breaker{{.name = "cb1t", .failure_threshold = 1000, .window = hem::circuit_window::time(30s), .min_calls = 10}};
    for (int i = 0; i < 9; ++i) co_await bad(breaker);
    co_await hem::sleep_for(31s);
    EXPECT_EQ(breaker.statistics().window, hem::window_numbers());
    for (int i = 0; i < 6; ++i) co_await good(breaker);
    co_await hem::sleep_for(15s);
    for (int i = 0; i < 5; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);  // 5 of 11
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);  // 6 of 12
}

// CB-1, CB-9
ASYNC_TEST(CircuitBreaker, CB1_CB9_SlowCallsCountWhenTheyEnd) {
    circuit_breaker breaker{
        {.name = "cb1s", .window = hem::circuit_window::count(10), .min_calls = 4, .slow_ratio = 0.5, .slow_after = 2s}};
    co_await slow(breaker, 1999ms);
    co_await good(breaker);
    co_await slow(breaker, 2s);
    EXPECT_EQ(breaker.statistics().window, (hem::window_numbers{.calls = 3, .slow = 1}));
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(slow, std::ref(breaker), 10s);
        co_await hem::sleep_for(9s);  // long over the limit, and not counted yet
        EXPECT_EQ(breaker.statistics().window.calls, 3u);
        EXPECT_EQ(breaker.state(), closed);
    });
    EXPECT_EQ(breaker.state(), open);
    EXPECT_EQ(breaker.statistics().failures, 0u);
}

// CB-2
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

// CB-2, CB-5
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

// CB-3
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

// CB-4, CB-5
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

// CB-4
ASYNC_TEST(CircuitBreaker, CB4_EveryEndGivesTheProbesPermitBack) {
    enum class ending { value, error, cancel, timeout, destruction };
    for (const auto how : {ending::value, ending::error, ending::cancel, ending::timeout, ending::destruction}) {
        circuit_breaker breaker{{.name = "cb4e", .success_threshold = 2}};
        co_await trip(breaker);
        co_await hem::sleep_for(67s);
        const auto endless = [&]() -> hem::task<> { co_await breaker.call([]() -> hem::task<> { co_await hem::sleep_forever(); }); };
        switch (how) {
        case ending::value: co_await good(breaker); break;
        case ending::error: co_await bad(breaker); break;
        case ending::cancel: co_await hem::move_on_after(1s, endless()); break;
        case ending::timeout: CO_EXPECT_THROW(co_await hem::timeout(1s, endless()), hem::timeout_error); break;
        case ending::destruction: {
            circuit_breaker::permit dropped(breaker);
        } break;
        }
        EXPECT_EQ(breaker.statistics().probes_in_flight, 0) << static_cast<int>(how);
        EXPECT_EQ(breaker.state(), how == ending::error ? open : half_open) << static_cast<int>(how);
    }
}

// CB-4, G-3
TEST(CircuitBreaker, CB4_ACancelAtAnyAwaitLeavesNothingBehind) {
    hem::testing::cancel_at_every_await([]() -> hem::task<> {
        circuit_breaker breaker{{.name = "cb4c", .failure_threshold = 1}};
        struct at_end {
            circuit_breaker& breaker;
            ~at_end() { EXPECT_EQ(breaker.statistics().probes_in_flight, 0); }
        } checking{breaker};
        try {
            co_await breaker.call([]() -> hem::task<> {
                co_await hem::sleep_for(1s);
                throw std::runtime_error("bad");
            });
        } catch (const std::runtime_error&) {
            EXPECT_EQ(breaker.state(), open);
        }
        co_await hem::sleep_for(67s);
        co_await slow(breaker, 1s);
        EXPECT_EQ(breaker.state(), closed);
    });
}

// CB-5
ASYNC_TEST(CircuitBreaker, CB5_ClosesWithAnEmptyWindow) {
    circuit_breaker breaker{{.name = "cb5w", .failure_threshold = 1000, .window = hem::circuit_window::count(20), .min_calls = 4}};
    for (int i = 0; i < 4; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
    co_await hem::sleep_for(67s);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), closed);
    EXPECT_EQ(breaker.statistics().window, hem::window_numbers());
    for (int i = 0; i < 3; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
}

// CB-5
ASYNC_TEST(CircuitBreaker, CB5_SuccessThreshold) {
    circuit_breaker breaker{{.name = "cb5s", .success_threshold = 2}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), half_open);
    co_await good(breaker);
    EXPECT_EQ(breaker.state(), closed);
}

// CB-6
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

// CB-6
ASYNC_TEST(CircuitBreaker, CB6_WithoutALimitOfItsOwnAProbeMayLastTheBreak) {
    circuit_breaker breaker{{.name = "cb6b", .probes = 2}};
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    std::optional<circuit_breaker::permit> first(std::in_place, breaker);
    co_await hem::sleep_for(30s);
    circuit_breaker::permit second(breaker);
    first.reset();
    co_await hem::sleep_for(59s);  // the first would be over its limit, the second is not
    {
        circuit_breaker::permit third(breaker);
    }
    EXPECT_EQ(breaker.state(), half_open);
    co_await hem::sleep_for(1s);
    EXPECT_TRUE(co_await is_refused(breaker));
    EXPECT_EQ(breaker.state(), open);
}

// CB-7
ASYNC_TEST(CircuitBreaker, CB7_OlderResultsDoNotDecideForProbes) {
    circuit_breaker breaker{{.name = "cb7h"}};
    circuit_breaker::permit late_failure(breaker), late_success(breaker);
    co_await trip(breaker);
    co_await hem::sleep_for(67s);
    circuit_breaker::permit probe(breaker);
    late_failure.failed(std::make_exception_ptr(std::runtime_error("late")));
    EXPECT_EQ(breaker.state(), half_open);
    late_success.succeeded();
    EXPECT_EQ(breaker.state(), half_open);
    EXPECT_EQ(breaker.statistics().probes_in_flight, 1);
    EXPECT_EQ(breaker.statistics().failures, 6u);  // it is counted
    probe.succeeded();
    EXPECT_EQ(breaker.state(), closed);
}

// CB-7
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

// CB-8
ASYNC_TEST(CircuitBreaker, CB8_UsageErrorsAreNotFailures) {
    circuit_breaker breaker{{.name = "cb8", .failure_threshold = 1}};
    co_await bad<hem::usage_error>(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad<hem::timeout_error>(breaker);
    EXPECT_EQ(breaker.state(), open);
}

struct missing : std::runtime_error, hem::not_found {
    explicit missing(const char* what) : std::runtime_error(what) {}
};
struct stale : std::runtime_error, hem::conflict {
    explicit stale(const char* what) : std::runtime_error(what) {}
};
struct refused_connection : hem::network_error {
    explicit refused_connection(const char* what) : hem::network_error(what, hem::failure_kind::not_sent) {}
};
struct overloaded : std::runtime_error, hem::unavailable {
    explicit overloaded(const char* what) : std::runtime_error(what) {}
};

// CB-8
ASYNC_TEST(CircuitBreaker, CB8_WhatCountsAsAFailure) {
    circuit_breaker breaker{{.name = "cb8k"}};
    co_await bad<missing>(breaker);
    co_await bad<stale>(breaker);
    EXPECT_EQ(breaker.statistics().failures, 0u);
    co_await bad<refused_connection>(breaker);
    co_await bad<overloaded>(breaker);
    co_await bad<hem::timeout_error>(breaker);
    EXPECT_EQ(breaker.statistics().failures, 3u);
    circuit_breaker own{{.name = "cb8o", .failure_threshold = 1, .is_failure = hem::detail::holds<missing>}};
    co_await bad<overloaded>(own);
    EXPECT_EQ(own.state(), closed);
    co_await bad<missing>(own);
    EXPECT_EQ(own.state(), open);
}

// CB-9
ASYNC_TEST(CircuitBreaker, CB9_AClockThatStandsStillBreaksNothing) {
    circuit_breaker breaker{{.name = "cb9s", .failure_threshold = 1000, .window = hem::circuit_window::time(30s), .slow_after = 1s}};
    const hem::testing::virtual_clock::freeze still;
    for (int i = 0; i < 1000; ++i) co_await good(breaker);
    EXPECT_EQ(breaker.statistics().window.calls, 1000u);
    for (int i = 0; i < 999; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    co_await bad(breaker);
    EXPECT_EQ(breaker.state(), open);
    EXPECT_TRUE(co_await is_refused(breaker));
}

// CB-9
ASYNC_TEST(CircuitBreaker, CB9_AnHourAtOnceBreaksNothing) {
    circuit_breaker breaker{{.name = "cb9"}};
    co_await trip(breaker);
    virtual_clock::jump(1h);
    co_await hem::yield_now();
    EXPECT_FALSE(co_await is_refused(breaker));
}

// CB-10
ASYNC_TEST(CircuitBreaker, CB10_ForcedStatesHold) {
    circuit_breaker breaker{{.name = "cb10"}};
    breaker.force_open();
    co_await hem::sleep_for(1h);
    EXPECT_TRUE(co_await is_refused(breaker));
    breaker.force_closed();
    for (int i = 0; i < 10; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    EXPECT_EQ(breaker.statistics().mode, hem::circuit_mode::forced_closed);
    breaker.metrics_only();
    for (int i = 0; i < 10; ++i) co_await bad(breaker);
    EXPECT_EQ(breaker.state(), closed);
    EXPECT_EQ(breaker.statistics().failures, 20u);
    breaker.reset();
    EXPECT_EQ(breaker.statistics().mode, hem::circuit_mode::automatic);
    co_await trip(breaker);
}

// CB-10
TEST(CircuitBreaker, CB10_ADecisionForLaterBreakersIsKept) {
    EXPECT_EQ(hem::begin_breakers_in("cb10 later", hem::circuit_mode::forced_open), hem::circuit_mode::automatic);
    const auto mode_there = [](const char* name) {
        return hem::run({.clock = hem::clock_kind::virtual_time},
                        [name]() -> hem::task<hem::circuit_mode> { co_return hem::breakers(name).statistics().mode; });
    };
    EXPECT_EQ(mode_there("cb10 later"), hem::circuit_mode::forced_open);
    EXPECT_EQ(mode_there("cb10 other"), hem::circuit_mode::automatic);
    EXPECT_EQ(hem::begin_breakers_in("cb10 later", hem::circuit_mode::automatic), hem::circuit_mode::forced_open);
    EXPECT_EQ(mode_there("cb10 later"), hem::circuit_mode::automatic);
}

// CB-11
ASYNC_TEST_ONCE(CircuitBreaker, CB11_EventsCarryTheNumbers) {
    circuit_breaker breaker{{.name = "cb11", .window = hem::circuit_window::count(100)}};
    std::vector<std::string> heard;
    breaker.on_event([](const hem::circuit_event&) { throw std::runtime_error("a bad listener"); });  // logged and ignored
    breaker.on_event([&](const hem::circuit_event& event) {
        heard.push_back(event.breaker + " " + std::string(to_string(event.kind)) + " (" + std::string(event.why) + ") " +
                        std::to_string(event.failures_in_row) + " in a row, " + std::to_string(event.window.failures) + " of " +
                        std::to_string(event.window.calls) + (event.retry_after ? ", later" : ""));
    });
    co_await good(breaker);
    co_await trip(breaker);
    EXPECT_TRUE(co_await is_refused(breaker));
    co_await hem::sleep_for(67s);
    co_await good(breaker);
    EXPECT_EQ(heard, (std::vector<std::string>{"cb11 opened (failures in a row) 5 in a row, 5 of 6, later",
                                               "cb11 refused (open) 5 in a row, 5 of 6, later",
                                               "cb11 half_opened (the break is over) 5 in a row, 5 of 6",
                                               "cb11 closed (the probes succeeded) 5 in a row, 5 of 6"}));
    const auto text = hem::metrics::expose();
    for (const char* kind : {"opened", "half_opened", "closed", "refused"}) {
        EXPECT_NE(text.find("hem_breaker_events_total{breaker=\"cb11\",event=\"" + std::string(kind) + "\"} 1"), std::string::npos) << kind;
    }
}

// CB-11
TEST(CircuitBreaker, CB11_ADependencyHasOneBreakerPerLoop) {
    const auto trip_search = []() -> hem::task<> {
        EXPECT_EQ(hem::breakers("search").state(), closed);  // not the one of the loop before
        auto& search = hem::breakers({.name = "search", .failure_threshold = 5});
        EXPECT_EQ(&search, &hem::breakers("search"));
        EXPECT_NE(&search, &hem::breakers("mail"));
        co_await trip(search);
        EXPECT_EQ(hem::breakers("search").state(), open);
        EXPECT_EQ(hem::all_breakers(), (std::vector<circuit_breaker*>{&hem::breakers("mail"), &search}));
        CO_EXPECT_THROW(hem::breakers({.name = "search", .failure_threshold = 6}), hem::usage_error);
    };
    for (int i = 0; i < 2; ++i) hem::run({.clock = hem::clock_kind::virtual_time}, trip_search);
    EXPECT_THROW(hem::breakers("search"), hem::usage_error);
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

// G-5
TEST(CircuitBreaker, G5_BadOptionsAreRefused) {
    EXPECT_THROW(circuit_breaker({.failure_threshold = 0}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.recovery_timeout = 0s}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.window = hem::circuit_window::count(10), .min_calls = 20}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.slow_after = 1s}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.window = hem::circuit_window::count(100), .slow_ratio = 1.5}), hem::usage_error);
    EXPECT_THROW(circuit_breaker({.probes = 0}), hem::usage_error);
}

}  // namespace
