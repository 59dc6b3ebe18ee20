// CB-12: the breaker against a model of ten lines, over random interleavings of start, end, cancel and clock.
#include "hem/core.hpp"
#include "hem/resilience/circuit_breaker.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using enum hem::circuit_state;
using hem::circuit_breaker;

struct model {
    const hem::circuit_breaker_options& o;
    hem::circuit_state state = closed;
    int in_row = 0, good = 0, generation = 0, rounds = 0;
    hem::time_point until{};
    hem::duration break_length{};
    std::vector<std::pair<hem::time_point, std::uint64_t>> probes{};  // began, call

    // clang-format off
    void change(hem::circuit_state to) { state = to; ++generation; good = 0; probes.clear(); if (to == closed) in_row = rounds = 0; }
    void open_now() { break_length = std::min<hem::duration>(o.recovery_timeout * (1 << std::min(rounds++, 10)), o.max_recovery_timeout); until = hem::time_point::max(); change(open); }
    bool start(std::uint64_t call, hem::time_point now) {
        if (state == half_open && !probes.empty() && now - probes[0].first >= o.probe_timeout.value_or(break_length)) open_now();
        if (state == open) { if (now < until) return false; change(half_open); }
        if (state == half_open) { if (std::ssize(probes) == o.probes) return false; probes.emplace_back(now, call); }
        return true;
    }
    void end(std::uint64_t call, int of_generation, int result) {  // 0 success, 1 failure, 2 cancelled
        if (of_generation != generation) return;
        std::erase_if(probes, [&](const auto& each) { return each.second == call; });
        if (result == 2) return;
        if (state == half_open) { if (result == 1) open_now(); else if (++good == o.success_threshold) change(closed); return; }
        in_row = result == 1 ? in_row + 1 : 0;
        if (in_row == o.failure_threshold) open_now();
    }
    // clang-format on
};

hem::task<> compare(std::uint64_t seed, std::size_t& times_opened) {
    auto& random = hem::loop::current().random();
    hem::circuit_breaker_options options{.name = "cb12", .recovery_timeout = 10s, .max_recovery_timeout = 60s};
    options.failure_threshold = 1 + static_cast<int>(random.below(4));
    options.probes = 1 + static_cast<int>(random.below(3));
    options.success_threshold = 1 + static_cast<int>(random.below(3));
    if (random.below(2) == 0) options.probe_timeout = 5s;
    circuit_breaker breaker(options);
    model expected{.o = options};
    std::size_t opened = 0;
    hem::duration break_heard{};
    breaker.on_event([&](const hem::circuit_event& event) {
        if (event.kind != hem::circuit_event::kind::opened) return;
        ++opened;
        break_heard = *event.retry_after;
    });
    struct running {
        std::uint64_t number;
        int generation;
        std::unique_ptr<circuit_breaker::permit> permit;
    };
    std::vector<running> calls;
    std::uint64_t next = 0;
    for (int step = 0; step < 400; ++step) {
        const auto opened_before = opened;
        const auto now = hem::clock::now();
        switch (random.below(8)) {
        case 0:
        case 1:
        case 2: {
            const auto number = next++;
            const bool admitted = expected.start(number, now);
            try {
                calls.push_back({number, expected.generation, std::make_unique<circuit_breaker::permit>(breaker)});
                EXPECT_TRUE(admitted) << "seed " << seed << " step " << step;
            } catch (const hem::circuit_open_error&) {
                EXPECT_FALSE(admitted) << "seed " << seed << " step " << step;
            }
            break;
        }
        case 3: co_await hem::sleep_for(std::chrono::milliseconds(random.below(20'000))); break;
        default: {
            if (calls.empty()) break;
            const auto which = static_cast<std::ptrdiff_t>(random.below(calls.size()));
            const running ended = std::move(calls[static_cast<std::size_t>(which)]);
            calls.erase(calls.begin() + which);
            const int result = static_cast<int>(random.below(3));
            expected.end(ended.number, ended.generation, result);
            if (result == 0) ended.permit->succeeded();
            if (result == 1) ended.permit->failed(std::make_exception_ptr(std::runtime_error("bad")));
        }
        }
        if (opened != opened_before) {
            // CB-2: the break is what the rounds say, 10 % more or less; its exact end is the breaker's to choose.
            EXPECT_GE(break_heard, expected.break_length * 9 / 10) << "seed " << seed << " step " << step;
            EXPECT_LE(break_heard, std::min<hem::duration>(expected.break_length * 11 / 10, options.max_recovery_timeout))
                << "seed " << seed;
            expected.until = hem::clock::now() + break_heard;
        }
        EXPECT_EQ(breaker.state(), expected.state) << "seed " << seed << " step " << step;
        EXPECT_EQ(breaker.statistics().probes_in_flight, std::ssize(expected.probes)) << "seed " << seed << " step " << step;  // CB-3
        EXPECT_LE(breaker.statistics().probes_in_flight, options.probes);
        if (::testing::Test::HasFailure()) co_return;
    }
    times_opened += opened;
}

// CB-12
TEST(CircuitBreakerModel, CB12_AgreesOnEveryInterleaving) {
    const auto level = hem::log::current_level();
    hem::log::set_level(hem::log::level::off);
    std::size_t times_opened = 0;
    for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
        hem::run({.clock = hem::clock_kind::virtual_time, .seed = seed}, compare, seed, std::ref(times_opened));
    }
    hem::log::set_level(level);
    EXPECT_GT(times_opened, 1000u);
}

}  // namespace
