// Calls a function again when it failed in a way that another try may mend.
//
//     const hem::retry_policy policy{{.name = "orders", .stop = hem::stop_after_attempt(3), .wait = hem::wait_exponential({.min = 1s, .max
//     = 10s})}}; auto page = co_await hem::retry(policy, [&]() -> hem::task<response> { co_return co_await client.get("/orders"); });
//
// A call that was provably not sent is repeated always; a timeout, reset or overload only if the error, the policy or hem::idempotent says
// that repeating does no harm; everything else never. What leaves is the last error itself. `cancelled` passes untouched.
#pragma once

#include <climits>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "hem/core/clock.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/telemetry/metrics.hpp"

namespace hem {

// When to give up: whichever of both comes first. `a | b` keeps the earlier of each.
struct stop_condition {
    int attempts = INT_MAX;            // calls, the first included
    duration delay = duration::max();  // since the first call began
};
constexpr stop_condition stop_after_attempt(int attempts) { return {.attempts = attempts}; }
constexpr stop_condition stop_after_delay(duration delay) { return {.delay = delay}; }
constexpr stop_condition operator|(stop_condition a, stop_condition b) {
    return {.attempts = a.attempts < b.attempts ? a.attempts : b.attempts, .delay = a.delay < b.delay ? a.delay : b.delay};
}

// How long to wait after attempt n, before jitter: first + step * (n - 1), times factor^(n - 1), between min and max. Saturates.
struct wait_strategy {
    duration first = std::chrono::seconds(1);
    duration step = duration::zero();
    double factor = 1;
    duration min = duration::zero();
    duration max = std::chrono::minutes(1);
    // A wait between these two, chosen anew each time, is added; equal: none.
    duration random_min = duration::zero();
    duration random_max = duration::zero();

    duration after(int attempt) const noexcept;
};
constexpr wait_strategy wait_fixed(duration wait) { return {.first = wait, .max = wait}; }
constexpr wait_strategy wait_incrementing(duration first, duration step, duration max) {
    return {.first = first, .step = step, .max = max};
}
constexpr wait_strategy wait_random(duration min, duration max) {
    return {.first = duration::zero(), .max = max, .random_min = min, .random_max = max};
}
struct exponential_options {
    duration multiplier = std::chrono::seconds(1);  // the first wait
    duration min = duration::zero();
    duration max = std::chrono::minutes(1);
    double factor = 2;
};
constexpr wait_strategy wait_exponential(exponential_options options = {}) {
    return {.first = options.multiplier, .factor = options.factor, .min = options.min, .max = options.max};
}

// After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Waits are never above the strategy's max.
enum class jitter {
    none,
    full,          // uniform in [0, d]
    equal,         // d/2 + uniform in [0, d/2]
    decorrelated,  // uniform in [first, 3 * the wait before]
};

// What hooks see.
struct retry_state {
    const std::string& name;
    int attempt;  // the one that just failed, from 1
    duration elapsed;
    duration wait;  // until the next
    const std::exception_ptr& error;
};

struct retry_options {
    std::string name = "retry";
    stop_condition stop = stop_after_attempt(3);
    wait_strategy wait = wait_exponential();
    hem::jitter jitter = hem::jitter::full;
    duration max_retry_after = std::chrono::seconds(60);  // a longer Retry-After ends the retry at once
    bool idempotent = false;                              // every call through this policy may be repeated
    // Replaces the default rules. An exception that it throws leaves the retry.
    bool (*retry_if)(const std::exception_ptr&) = nullptr;
    void (*before_sleep)(const retry_state&) = nullptr;
};

// For retry_options::retry_if: repeats these errors and no others.
template <class... E>
bool retry_if_exception_type(const std::exception_ptr& error) {
    return (detail::holds<E>(error) || ...);
}

class retry_policy {
public:
    // usage_error for options that make no sense (0 attempts, negative times, max below min).
    explicit retry_policy(retry_options options = {});
    const retry_options& options() const noexcept { return options_; }
    // Repetitions over the whole process, of every policy of this name.
    std::uint64_t retries() const noexcept { return retries_.value(); }

private:
    friend class retry_run;
    retry_options options_;
    metrics::counter retries_;
};

// One call with its repetitions; what hem::retry does with each failure.
class retry_run {
public:
    retry_run(const retry_policy& policy, bool idempotent)
        : policy_(policy), began_(clock::now()), idempotent_(idempotent || policy.options_.idempotent) {}
    // The wait before the next attempt. Throws `error` itself when there is none.
    duration next(const std::exception_ptr& error);
    int attempt() const noexcept { return attempt_; }

private:
    duration pause_for(const failure_facts& facts);
    [[noreturn]] void give_up(const std::exception_ptr& error, const char* why) const;
    const retry_policy& policy_;
    time_point began_;
    duration last_wait_{};
    int attempt_ = 1;
    bool idempotent_;
};

// Calls `f()`, which returns a task, anew for each attempt. The policy must outlive the call. Sleeps on the loop's clock; a wait that
// would pass the deadline of the surrounding scope is not begun: the error is thrown then.
template <class F>
auto retry(const retry_policy& policy, F f) -> task<detail::await_result_t<decltype(f())>> {
    retry_run run(policy, is_idempotent<F>);
    while (true) {
        std::exception_ptr error;
        try {
            co_return co_await f();
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        const duration wait = run.next(error);
        error = nullptr;  // nothing of a failed attempt lives on
        co_await sleep_for(wait);
    }
}

}  // namespace hem
