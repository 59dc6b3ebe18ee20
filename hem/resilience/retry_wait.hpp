// How long a retry waits: `wait_exponential({.multiplier = 1s, .max = 10s})`, sums of them, and chains that name a strategy per attempt.
// Every attempt number is safe: a wait saturates at its strategy's longest.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/random.hpp"

namespace hem {

class wait_strategy {
public:
    // The wait after attempt n, from 1, without what chance adds and before jitter.
    duration after(int attempt) const noexcept;
    // No wait after attempt n is longer.
    duration longest(int attempt) const noexcept;
    // What wait_random parts add, chosen anew each time.
    duration by_chance(int attempt, random_generator& random) const noexcept;
    bool has_chance() const noexcept;
    // What is wrong with it; null if nothing is.
    const char* problem() const noexcept;

    // Waits for the sum of both.
    friend wait_strategy operator+(const wait_strategy& a, const wait_strategy& b);

private:
    struct term {
        duration first{};  // plus step * (n - 1), times factor^(n - 1), between min and max
        duration step{};
        double factor = 1;
        duration min{};
        duration max{};
        duration random_min{};
        duration random_max{};
    };
    using stage = std::vector<term>;  // added up

    explicit wait_strategy(const term& only) : stages_{{only}} {}
    explicit wait_strategy(std::vector<stage> stages) : stages_(std::move(stages)) {}
    const stage& stage_of(int attempt) const noexcept;

    friend wait_strategy wait_fixed(duration wait);
    friend wait_strategy wait_incrementing(duration first, duration step, duration max);
    friend wait_strategy wait_random(duration min, duration max);
    friend wait_strategy wait_exponential(struct exponential_options options);
    friend wait_strategy wait_chain(std::initializer_list<wait_strategy> each);

    std::vector<stage> stages_;  // one per attempt; the last one for all that follow
};

wait_strategy wait_fixed(duration wait);
// first, first + step, first + 2 * step … up to max.
wait_strategy wait_incrementing(duration first, duration step, duration max);
// Uniform between both, without further jitter.
wait_strategy wait_random(duration min, duration max);

struct exponential_options {
    duration multiplier = std::chrono::seconds(1);  // the first wait
    duration min = duration::zero();
    duration max = std::chrono::minutes(1);
    double factor = 2;
};
wait_strategy wait_exponential(exponential_options options = {});

// The n-th strategy after attempt n, the last one after all that follow: `wait_chain({wait_fixed(0s), wait_fixed(1s),
// wait_exponential()})`. usage_error without any.
wait_strategy wait_chain(std::initializer_list<wait_strategy> each);

// After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Waits are never above the strategy's longest.
enum class jitter : std::uint8_t {
    none,
    full,          // uniform in [0, d]
    equal,         // d/2 + uniform in [0, d/2]
    decorrelated,  // uniform in [first wait, 3 * the wait before]
};

}  // namespace hem
