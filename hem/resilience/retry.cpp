#include "hem/resilience/retry.hpp"

#include <algorithm>
#include <cmath>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/loop.hpp"
#include "hem/telemetry/log.hpp"

namespace hem {
namespace {

duration scaled(duration d, double by) noexcept {
    const double product = static_cast<double>(d.count()) * by;
    return product >= 9.2e18 ? duration::max() : duration(static_cast<duration::rep>(product));
}

const retry_options& checked(const retry_options& options) {
    const auto refuse = [&](const char* what) { throw usage_error("retry_policy '" + options.name + "': " + what); };
    if (options.stop.attempts < 1) refuse("stop_after_attempt must be at least 1");
    if (options.stop.delay < duration::zero()) refuse("stop_after_delay must not be negative");
    const auto& wait = options.wait;
    if (wait.first < duration::zero() || wait.step < duration::zero() || wait.min < duration::zero() ||
        wait.random_min < duration::zero()) {
        refuse("times to wait must not be negative");
    }
    if (wait.max < wait.min || wait.random_max < wait.random_min) refuse("the longest wait must not be below the shortest");
    if (!(wait.factor >= 1)) refuse("the factor must be at least 1");
    if (options.max_retry_after < duration::zero()) refuse("max_retry_after must not be negative");
    return options;
}

}  // namespace

duration wait_strategy::after(int attempt) const noexcept {
    const double steps = static_cast<double>(attempt - 1);
    const double wait = (static_cast<double>(first.count()) + static_cast<double>(step.count()) * steps) * std::pow(factor, steps);
    if (!(wait < static_cast<double>(max.count()))) return max;  // NaN, too: 0 times infinity
    return std::max(min, duration(static_cast<duration::rep>(wait)));
}

retry_policy::retry_policy(retry_options options)
    : options_(checked(options)), retries_("hem_retries_total", "Repeated calls", {{"policy", options_.name}}) {}

void retry_run::give_up(const std::exception_ptr& error, const char* why) const {
    if (attempt_ > 1) {
        log::warning("retry_gave_up", {{"policy", policy_.options_.name},
                                       {"why", why},
                                       {"attempts", attempt_},
                                       {"elapsed", clock::now() - began_},
                                       {"error", error}});
    }
    std::rethrow_exception(error);
}

duration retry_run::pause_for(const failure_facts& facts) {
    const auto& options = policy_.options_;
    const auto& strategy = options.wait;
    auto& random = loop::current().random();
    duration wait = strategy.after(attempt_);
    switch (options.jitter) {
    case jitter::none: break;
    case jitter::full: wait = scaled(wait, random.uniform()); break;
    case jitter::equal: wait = wait / 2 + scaled(wait / 2, random.uniform()); break;
    case jitter::decorrelated: {
        const duration upper = std::max(strategy.first, scaled(std::max(last_wait_, strategy.first), 3));
        wait = std::min(strategy.max, strategy.first + scaled(upper - strategy.first, random.uniform()));
    }
    }
    if (strategy.random_max > duration::zero()) {
        // A random strategy is its own jitter.
        const duration chosen = strategy.random_min + scaled(strategy.random_max - strategy.random_min, random.uniform());
        wait = std::min(strategy.max, wait + chosen);
    }
    last_wait_ = wait;
    if (facts.retry_after && *facts.retry_after > wait) wait = *facts.retry_after + scaled(*facts.retry_after, 0.1 * random.uniform());
    return wait;
}

duration retry_run::next(const std::exception_ptr& error) {
    const auto& options = policy_.options_;
    const auto facts = classify(error);
    const bool again = options.retry_if ? options.retry_if(error)
                                        : facts.kind == failure_kind::not_sent ||
                                              (facts.kind != failure_kind::permanent && (idempotent_ || facts.idempotent));
    if (!again) give_up(error, "not a failure that another try may mend");
    if (attempt_ >= options.stop.attempts) give_up(error, "no attempt left");
    if (facts.retry_after && *facts.retry_after > options.max_retry_after) give_up(error, "asked to wait too long");
    const duration wait = pause_for(facts);
    const auto now = clock::now();
    if (now - began_ >= options.stop.delay || wait >= options.stop.delay - (now - began_)) give_up(error, "no time left");
    if (detail::saturating_add(now, wait) >= current_effective_deadline()) give_up(error, "the next wait would pass the deadline");
    if (options.before_sleep) {
        options.before_sleep({.name = options.name, .attempt = attempt_, .elapsed = now - began_, .wait = wait, .error = error});
    }
    log::info("retry",
              {{"policy", options.name}, {"failed_attempt", attempt_}, {"of", options.stop.attempts}, {"wait", wait}, {"error", error}});
    policy_.retries_.increment();
    ++attempt_;
    return wait;
}

}  // namespace hem
