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
#include <string_view>
#include <utility>
#include <vector>

#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"
#include "hem/resilience/detail/result_window.hpp"
#include "hem/resilience/detail/shared_function.hpp"
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

// What a person may decide; all but `automatic` hold until changed. metrics_only: counts and never opens.
enum class circuit_mode : std::uint8_t { automatic, forced_open, forced_closed, metrics_only };
std::string_view to_string(circuit_mode mode) noexcept;

// True for what speaks against the dependency: connection errors, timeouts, 5xx, and what nobody classifies; see failure.hpp.
bool counts_as_failure(const std::exception_ptr& error);

struct circuit_breaker_options {
    std::string name = "circuit_breaker";
    int failure_threshold = 5;  // in a row
    // Over the results of the window, once there are `min_calls`: opens at this part of failures, or of calls that took `slow_after`
    // or longer, whatever they gave. A call counts when it ends.
    circuit_window window;
    int min_calls = 20;
    double failure_ratio = 0.5;
    double slow_ratio = 0.5;
    duration slow_after = duration::max();                 // max: no call is slow
    duration recovery_timeout = std::chrono::seconds(60);  // the first break, +-10 %; doubles with each failed round
    duration max_recovery_timeout = std::chrono::minutes(10);
    int probes = 1;                         // in flight at once when half-open
    int success_threshold = 1;              // good probes until closed
    std::optional<duration> probe_timeout;  // an older probe counts as failed; without: the break
    bool (*is_failure)(const std::exception_ptr&) = counts_as_failure;

    bool operator==(const circuit_breaker_options&) const = default;
};

struct circuit_breaker_statistics {
    circuit_state state = circuit_state::closed;
    circuit_mode mode = circuit_mode::automatic;
    int failures_in_row = 0;
    window_numbers window;
    std::uint64_t calls = 0, failures = 0, refused = 0, opened = 0;
    int probes_in_flight = 0;
};

// What listeners hear.
struct circuit_event {
    enum class kind : std::uint8_t { opened, half_opened, closed, refused };
    circuit_event::kind kind;
    const std::string& breaker;
    std::string_view why;
    int failures_in_row;
    window_numbers window;
    std::optional<duration> retry_after;  // the rest of the break, if one runs
};
std::string_view to_string(enum circuit_event::kind kind) noexcept;

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
        time_point began_{};  // of a probe, and where slow calls count
        bool probe_ = false;
    };

    // An open breaker whose break is over still says open: the next call looks at the clock.
    circuit_state state() const noexcept { return state_; }
    const std::string& name() const noexcept { return options_.name; }
    circuit_breaker_statistics statistics() const noexcept;
    const circuit_breaker_options& options() const noexcept { return options_; }

    // Called after each change of state and for each refused call, with the numbers that led to it. What it throws is logged and ignored.
    void on_event(detail::shared_function<void(const circuit_event&)> listener) { listeners_.push_back(std::move(listener)); }

    // Until changed again: refuse every call, let every call through, or (metrics_only) count and never open. `reset` closes and forgets.
    void force_open();
    void force_closed();
    void metrics_only();
    void reset();
    // The same by value; `automatic` is what reset does.
    void set_mode(circuit_mode mode);

private:
    void admit(permit& p);
    void release(permit& p) noexcept;
    void record(permit& p, bool failure);
    void forget_probe(const permit& p) noexcept;
    const char* window_trips() const noexcept;
    void publish(const circuit_event& event) noexcept;
    void open(const char* why);
    void change(circuit_state to, std::string_view why);
    [[noreturn]] void refuse(const char* why, std::optional<duration> retry_after);

    circuit_breaker_options options_;
    std::vector<detail::shared_function<void(const circuit_event&)>> listeners_;
    metrics::counter event_metrics_[4];
    circuit_state state_ = circuit_state::closed;
    circuit_mode mode_ = circuit_mode::automatic;
    std::uint64_t generation_ = 0;
    time_point open_until_{};
    duration break_{};
    int failed_rounds_ = 0;
    int failures_in_row_ = 0;
    int good_probes_ = 0;
    std::vector<const permit*> probes_;  // in flight, oldest first
    detail::result_window window_;
    std::uint64_t calls_ = 0, failures_ = 0, refused_ = 0, opened_ = 0;
};

}  // namespace hem
