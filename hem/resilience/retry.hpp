// Calls a function again when it failed in a way that another try may mend.
//
//     const hem::retry_policy policy{{.name = "orders", .wait = hem::wait_exponential({.min = 1s, .max = 10s})}};
//     auto page = co_await hem::retry(policy, [&]() -> hem::task<response> { co_return co_await client.get("/orders"); });
//
// A call that was provably not sent is repeated always; a timeout, reset or overload only if the error, the policy or hem::idempotent says
// that repeating does no harm; everything else never. What leaves is the last error itself. `cancelled` passes untouched.
#pragma once

#include <atomic>
#include <climits>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "hem/core/async_generator.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/context.hpp"
#include "hem/core/task.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/resilience/retry_budget.hpp"
#include "hem/resilience/retry_condition.hpp"
#include "hem/resilience/retry_stop.hpp"
#include "hem/resilience/retry_wait.hpp"
#include "hem/telemetry/metrics.hpp"

namespace hem {

// What hooks see.
struct retry_state {
    const std::string& name;
    int attempt = 1;                  // that begins or ended, from 1
    int attempts = INT_MAX;           // never more than that; INT_MAX without such a limit
    duration elapsed{};               // since the first began
    duration wait{};                  // before the next; only for before_sleep
    const std::exception_ptr& error;  // null where there is none (yet)
};
// An exception in a hook ends the retry and leaves as itself.
using retry_hook = detail::shared_function<void(const retry_state&)>;

struct retry_options {
    std::string name = "retry";
    stop_condition stop = stop_after_attempt(3);
    wait_strategy wait = wait_exponential();
    hem::jitter jitter = hem::jitter::full;
    double retry_after_spread = 0.1;                      // up to so much of a Retry-After is added by chance
    duration max_retry_after = std::chrono::seconds(60);  // a longer Retry-After ends the retry at once
    bool idempotent = false;                              // every call through this policy may be repeated
    retry_condition retry_if;                             // default: the rules above
    bool retries_inside = false;                          // the call retries other failures by itself: that is meant, not reported
    retry_budget* budget = nullptr;                       // of the dependency; must outlive the policy
    retry_hook before;                                    // before each attempt
    retry_hook after;                                     // after each that was not cancelled
    retry_hook before_sleep;                              // when another one will follow
};

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
    int attempts_;
    metrics::counter retries_;
};

// The number of the attempt that this code runs in, over all retries around it: 0 outside of a retry, 1 in a first call. `http` sends it
// as X-Retry-Attempt from the second on.
int current_retry_attempt() noexcept;

namespace detail {
struct retry_position {
    int attempt = 0;            // overall
    int attempts = 1;           // of all retries around this code, multiplied
    bool expects_more = false;  // the innermost of them says that there are others inside
};
inline context_var<retry_position> retry_around{"hem.retry"};
extern std::atomic<int> no_backoff_count;
}  // namespace detail

// One call with its repetitions; what hem::retry does with each failure.
class retry_run {
public:
    retry_run(const retry_policy& policy, bool idempotent, const std::source_location& where);
    retry_run(const retry_run&) = delete;

    void before_attempt();
    // Around the call.
    context_var<detail::retry_position>::binding enter() const;
    void succeeded();
    // True for what the `after` hook threw in succeeded(): it is no failure of the call.
    bool in_hook() const noexcept { return in_hook_; }
    // The wait before the next attempt. Throws `error` itself when there is none.
    duration next(const std::exception_ptr& error);
    // The same after a result that is no answer yet; empty when it has to do.
    std::optional<duration> next_after_result();
    // Waits. False if the policy's token says that there is no next attempt.
    task<bool> pause(duration wait);
    bool has_token() const noexcept { return policy_.options_.stop.token() != nullptr; }

private:
    retry_state state(const std::exception_ptr& error, duration wait = {}) const;
    duration choose_wait(const failure_facts& facts);
    // Why there is no further attempt; null if there is one.
    const char* reason_to_stop(const failure_facts& facts, duration wait) const;
    void go_on(const std::exception_ptr& error, duration wait);
    void note_end(const std::exception_ptr& error, const char* why) const;

    const retry_policy& policy_;
    time_point began_;
    detail::retry_position outer_;
    duration last_wait_{};
    int attempt_ = 1;
    bool idempotent_;
    bool in_hook_ = false;
};

// Calls `f()`, which returns a task, anew for each attempt. The policy must outlive the call. Sleeps on the loop's clock; a wait that
// would pass the deadline of the surrounding scope is not begun: the error is thrown then.
template <class F>
auto retry(const retry_policy& policy, F f, std::source_location where = std::source_location::current())
    -> task<detail::await_result_t<decltype(f())>> {
    using R = detail::await_result_t<decltype(f())>;
    retry_run run(policy, is_idempotent<F>, where);
    while (true) {
        std::exception_ptr error;
        run.before_attempt();
        try {
            const auto inside = run.enter();
            if constexpr (std::is_void_v<R>) {
                co_await f();
                run.succeeded();
                co_return;
            } else {
                decltype(auto) result = co_await f();
                run.succeeded();
                co_return static_cast<decltype(result)&&>(result);
            }
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            if (run.in_hook()) throw;
            error = std::current_exception();
        }
        const duration wait = run.next(error);
        if (!run.has_token()) error = nullptr;  // nothing of a failed attempt lives on
        if (!co_await run.pause(wait)) std::rethrow_exception(error);
    }
}

// Also calls again while `again.again(result)` is true for what `f` gave. When there is no further attempt the last result is returned.
template <class F, class P>
auto retry(const retry_policy& policy, F f, retry_if_result<P> again, std::source_location where = std::source_location::current())
    -> task<detail::await_result_t<decltype(f())>> {
    using R = detail::await_result_t<decltype(f())>;
    static_assert(!std::is_void_v<R>, "hem: retry_if_result needs a function that gives a value");
    retry_run run(policy, is_idempotent<F>, where);
    while (true) {
        std::exception_ptr error;
        std::optional<R> result;
        run.before_attempt();
        try {
            const auto inside = run.enter();
            result.emplace(co_await f());
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        if (result) {
            const bool refused = again.again(std::as_const(*result));
            run.succeeded();
            if (!refused) co_return *std::move(result);
            const auto wait = run.next_after_result();
            if (!wait || !co_await run.pause(*wait)) co_return *std::move(result);
        } else {
            const duration wait = run.next(error);
            if (!run.has_token()) error = nullptr;
            if (!co_await run.pause(wait)) std::rethrow_exception(error);
        }
    }
}

namespace detail {
template <class T, class F>
async_generator<T> run_retried_stream(const retry_policy& policy, F f, std::source_location where) {
    retry_run run(policy, is_idempotent<F>, where);
    while (true) {
        std::exception_ptr error;
        run.before_attempt();
        generator_stream<T> stream(f());
        std::optional<T> item;
        try {
            const auto inside = run.enter();
            item = co_await stream.next();
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        if (error) {
            const duration wait = run.next(error);
            if (!run.has_token()) error = nullptr;
            if (!co_await run.pause(wait)) std::rethrow_exception(error);
            continue;
        }
        run.succeeded();
        std::exception_ptr leaving;
        try {
            while (item) {
                co_yield *std::move(item);
                item = co_await stream.next();
            }
        } catch (...) {
            leaving = std::current_exception();
        }
        if (!leaving) co_return;
        co_await stream.aclose();
        std::rethrow_exception(leaving);
    }
}
}  // namespace detail

// `f()` returns a generator: it is begun anew only while it has given no item; a later error leaves. The policy must outlive the stream.
template <class F>
HEM_CORO_WRAPPER auto retry_stream(const retry_policy& policy, F f, std::source_location where = std::source_location::current()) {
    return detail::run_retried_stream<typename decltype(f())::value_type>(policy, std::move(f), where);
}

namespace testing {

// While one lives, retries do not wait: neither back-off nor Retry-After.
class no_backoff {
public:
    no_backoff() noexcept { hem::detail::no_backoff_count.fetch_add(1, std::memory_order_relaxed); }
    no_backoff(const no_backoff&) = delete;
    ~no_backoff() { hem::detail::no_backoff_count.fetch_sub(1, std::memory_order_relaxed); }
};

}  // namespace testing
}  // namespace hem
