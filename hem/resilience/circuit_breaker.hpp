// Stops calling a dependency that fails, so that callers fail fast and the dependency gets air; lets single probes through after a break.
//
//     hem::circuit_breaker search_breaker{{.name = "search", .failure_threshold = 5, .recovery_timeout = 60s}};
//     auto found = co_await search_breaker.call([&]() -> hem::task<hits> { co_return co_await search(text); });
//
// closed -> open after `failure_threshold` failures in a row or too many in a window; open -> half-open after the break, seen by the next
// call, no timer; half-open -> closed after enough good probes, -> open after a bad one, with a break twice as long. A result of a call
// that began before the last change of state changes nothing. A breaker belongs to one loop and outlives its calls.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"
#include "hem/telemetry/metrics.hpp"

namespace hem {

// The function was not called. `retry_after` is the rest of the break, if one runs.
class circuit_open_error : public std::runtime_error, public unavailable, public classified_failure {
public:
    circuit_open_error(const std::string& what, std::optional<duration> retry_after) : std::runtime_error(what), unavailable(retry_after) {}
    failure_kind kind() const noexcept override { return failure_kind::not_sent; }
};

enum class circuit_state : std::uint8_t { closed, open, half_open };
std::string_view to_string(circuit_state state) noexcept;

// True for connection errors, timeouts, overload and what nobody classifies and is not a hem::not_found, conflict, permission_denied or
// usage_error.
bool counts_as_failure(const std::exception_ptr& error);

struct circuit_breaker_options {
    std::string name = "circuit_breaker";
    int failure_threshold = 5;  // in a row
    // Over the last `window_calls` results (0: no window) once there are `min_calls`: open at this part of failures.
    int window_calls = 0;
    int min_calls = 20;
    double failure_ratio = 0.5;
    duration recovery_timeout = std::chrono::seconds(60);  // the first break, +-10 %; doubles with each failed round
    duration max_recovery_timeout = std::chrono::minutes(10);
    int probes = 1;                         // in flight at once when half-open
    int success_threshold = 1;              // good probes until closed
    std::optional<duration> probe_timeout;  // an older probe counts as failed; without: the break
    bool (*is_failure)(const std::exception_ptr&) = counts_as_failure;
};

struct circuit_breaker_statistics {
    circuit_state state = circuit_state::closed;
    int failures_in_row = 0;
    std::uint64_t calls = 0, failures = 0, refused = 0, opened = 0;
    int probes_in_flight = 0;
};

class circuit_breaker {
public:
    // usage_error for options that make no sense.
    explicit circuit_breaker(circuit_breaker_options options = {});
    circuit_breaker(const circuit_breaker&) = delete;
    circuit_breaker& operator=(const circuit_breaker&) = delete;

    // Runs `f()`, which returns a task, or throws circuit_open_error without calling it. Errors of `f` pass unchanged; cancellation counts
    // neither way.
    template <class F>
    auto call(F f) -> task<detail::await_result_t<decltype(f())>> {
        permit held(*this);
        try {
            if constexpr (std::is_void_v<detail::await_result_t<decltype(f())>>) {
                co_await f();
                held.succeeded();
            } else {
                decltype(auto) result = co_await f();
                held.succeeded();
                co_return static_cast<decltype(result)&&>(result);
            }
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            held.failed(std::current_exception());
            throw;
        }
    }

    // The right to make one call, for callers that cannot pass a function. Given back by the destructor, which counts neither way.
    class [[nodiscard("the permit is given back at once: keep it in a variable")]] permit {
    public:
        explicit permit(circuit_breaker& of);
        permit(const permit&) = delete;
        ~permit() {
            if (breaker_) breaker_->release(*this);
        }
        void succeeded() noexcept;
        void failed(const std::exception_ptr& error);

    private:
        friend class circuit_breaker;
        circuit_breaker* breaker_;
        std::uint64_t generation_ = 0;
        bool probe_ = false;
    };

    // An open breaker whose break is over still says open: the next call looks at the clock.
    circuit_state state() const noexcept { return state_; }
    const std::string& name() const noexcept { return options_.name; }
    circuit_breaker_statistics statistics() const noexcept;

    // Until changed again: refuse every call, let every call through, or (metrics_only) count and never open. `reset` closes and forgets.
    void force_open();
    void force_closed();
    void metrics_only();
    void reset();

private:
    enum class mode : std::uint8_t { automatic, forced_open, forced_closed, metrics_only };
    void admit(permit& p);
    void release(permit& p) noexcept;
    void record(permit& p, bool failure);
    void note_in_window(bool failure);
    bool window_trips() const noexcept;
    void open(const char* why);
    void change(circuit_state to, const char* why);
    void set_mode(mode next, const char* why);
    [[noreturn]] void refuse(const char* why, std::optional<duration> retry_after);

    circuit_breaker_options options_;
    metrics::counter opened_metric_, refused_metric_;
    circuit_state state_ = circuit_state::closed;
    mode mode_ = mode::automatic;
    std::uint64_t generation_ = 0;
    time_point open_until_{};
    time_point oldest_probe_{};
    duration break_{};
    int failed_rounds_ = 0;
    int failures_in_row_ = 0;
    int probes_in_flight_ = 0;
    int good_probes_ = 0;
    std::vector<std::uint8_t> window_;
    std::size_t window_next_ = 0, window_used_ = 0, window_failures_ = 0;
    std::uint64_t calls_ = 0, failures_ = 0, refused_ = 0, opened_ = 0;
};

}  // namespace hem
