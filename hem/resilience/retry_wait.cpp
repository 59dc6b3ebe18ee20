#include "hem/resilience/retry_wait.hpp"

#include <algorithm>
#include <cmath>

#include "hem/core/errors.hpp"

namespace hem {
namespace {

duration sum(duration a, duration b) noexcept { return a > duration::max() - b ? duration::max() : a + b; }

}  // namespace

const wait_strategy::stage& wait_strategy::stage_of(int attempt) const noexcept {
    return stages_[std::min(static_cast<std::size_t>(std::max(attempt, 1) - 1), stages_.size() - 1)];
}

duration wait_strategy::after(int attempt) const noexcept {
    const double steps = static_cast<double>(std::max(attempt, 1) - 1);
    duration total{};
    for (const term& each : stage_of(attempt)) {
        const double wait =
            (static_cast<double>(each.first.count()) + static_cast<double>(each.step.count()) * steps) * std::pow(each.factor, steps);
        // NaN, too: 0 times infinity.
        const bool below = wait < static_cast<double>(each.max.count());
        total = sum(total, below ? std::max(each.min, duration(static_cast<duration::rep>(wait))) : each.max);
    }
    return total;
}

duration wait_strategy::longest(int attempt) const noexcept {
    duration total{};
    for (const term& each : stage_of(attempt)) total = sum(total, sum(each.max, each.random_max));
    return total;
}

duration wait_strategy::by_chance(int attempt, random_generator& random) const noexcept {
    duration total{};
    for (const term& each : stage_of(attempt)) {
        if (each.random_max == duration::zero()) continue;
        const auto range = static_cast<double>((each.random_max - each.random_min).count());
        total = sum(total, each.random_min + duration(static_cast<duration::rep>(range * random.uniform())));
    }
    return total;
}

bool wait_strategy::has_chance() const noexcept {
    return std::any_of(stages_.begin(), stages_.end(), [](const stage& parts) {
        return std::any_of(parts.begin(), parts.end(), [](const term& each) { return each.random_max > duration::zero(); });
    });
}

const char* wait_strategy::problem() const noexcept {
    for (const stage& parts : stages_) {
        for (const term& each : parts) {
            if (std::min({each.first, each.step, each.min, each.random_min}) < duration::zero())
                return "times to wait must not be negative";
            if (each.max < each.min || each.random_max < each.random_min) return "the longest wait must not be below the shortest";
            if (!(each.factor >= 1)) return "the factor must be at least 1";
        }
    }
    return nullptr;
}

wait_strategy operator+(const wait_strategy& a, const wait_strategy& b) {
    std::vector<wait_strategy::stage> stages;
    for (std::size_t i = 0; i < std::max(a.stages_.size(), b.stages_.size()); ++i) {
        const int attempt = static_cast<int>(i) + 1;
        auto& both = stages.emplace_back(a.stage_of(attempt));
        const auto& more = b.stage_of(attempt);
        both.insert(both.end(), more.begin(), more.end());
    }
    return wait_strategy(std::move(stages));
}

wait_strategy wait_fixed(duration wait) { return wait_strategy(wait_strategy::term{.first = wait, .max = wait}); }

wait_strategy wait_incrementing(duration first, duration step, duration max) {
    return wait_strategy(wait_strategy::term{.first = first, .step = step, .max = max});
}

wait_strategy wait_random(duration min, duration max) { return wait_strategy(wait_strategy::term{.random_min = min, .random_max = max}); }

wait_strategy wait_exponential(exponential_options options) {
    return wait_strategy(
        wait_strategy::term{.first = options.multiplier, .factor = options.factor, .min = options.min, .max = options.max});
}

wait_strategy wait_chain(std::initializer_list<wait_strategy> each) {
    if (each.size() == 0) throw usage_error("wait_chain needs at least one strategy");
    std::vector<wait_strategy::stage> stages;
    for (const wait_strategy& one : each) stages.push_back(one.stage_of(static_cast<int>(stages.size()) + 1));
    return wait_strategy(std::move(stages));
}

}  // namespace hem
