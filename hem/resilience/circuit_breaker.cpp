#include "hem/resilience/circuit_breaker.hpp"

#include <algorithm>

#include "hem/core/loop.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/telemetry/log.hpp"

namespace hem {
namespace {

const circuit_breaker_options& checked(const circuit_breaker_options& options) {
    const auto refuse = [&](const char* what) { throw usage_error("circuit_breaker '" + options.name + "': " + what); };
    if (options.failure_threshold < 1) refuse("failure_threshold must be at least 1");
    if (options.window_calls < 0) refuse("window_calls must not be negative");
    if (options.window_calls > 0 && (options.min_calls < 1 || options.min_calls > options.window_calls)) {
        refuse("min_calls must be between 1 and window_calls");
    }
    if (!(options.failure_ratio > 0 && options.failure_ratio <= 1)) refuse("failure_ratio must be above 0 and at most 1");
    if (options.recovery_timeout <= duration::zero()) refuse("recovery_timeout must be above 0");
    if (options.max_recovery_timeout < options.recovery_timeout) refuse("max_recovery_timeout must not be below recovery_timeout");
    if (options.probes < 1) refuse("probes must be at least 1");
    if (options.success_threshold < 1) refuse("success_threshold must be at least 1");
    if (options.probe_timeout && *options.probe_timeout <= duration::zero()) refuse("probe_timeout must be above 0");
    if (!options.is_failure) refuse("is_failure must be a function");
    return options;
}

}  // namespace

std::string_view to_string(circuit_state state) noexcept {
    switch (state) {
    case circuit_state::closed: return "closed";
    case circuit_state::open: return "open";
    case circuit_state::half_open: return "half open";
    }
    return "unknown";
}

bool counts_as_failure(const std::exception_ptr& error) {
    if (detail::holds<classified_failure>(error) || detail::holds<timeout_error>(error))
        return classify(error).kind != failure_kind::permanent;
    return !(detail::holds<not_found>(error) || detail::holds<conflict>(error) || detail::holds<permission_denied>(error) ||
             detail::holds<usage_error>(error));
}

circuit_breaker::circuit_breaker(circuit_breaker_options options)
    : options_(checked(options)),
      opened_metric_("hem_breaker_opened_total", "Times a circuit breaker opened", {{"breaker", options_.name}}),
      refused_metric_("hem_breaker_refused_total", "Calls refused by a circuit breaker", {{"breaker", options_.name}}),
      break_(options_.recovery_timeout), window_(static_cast<std::size_t>(options_.window_calls)) {}

circuit_breaker::permit::permit(circuit_breaker& of) : breaker_(&of) { of.admit(*this); }

void circuit_breaker::permit::succeeded() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->record(*this, false);
}

void circuit_breaker::permit::failed(const std::exception_ptr& error) {
    if (!breaker_) return;
    const bool failure = breaker_->options_.is_failure(error);
    std::exchange(breaker_, nullptr)->record(*this, failure);
}

void circuit_breaker::refuse(const char* why, std::optional<duration> retry_after) {
    ++refused_;
    refused_metric_.increment();
    throw circuit_open_error("circuit breaker '" + options_.name + "' is " + why + ": the call was not made", retry_after);
}

void circuit_breaker::admit(permit& p) {
    if (mode_ == mode::forced_open) refuse("forced open", std::nullopt);
    if (mode_ == mode::automatic && state_ != circuit_state::closed) [[unlikely]] {
        const auto now = clock::now();
        const auto probe_timeout = options_.probe_timeout.value_or(break_);
        if (state_ == circuit_state::half_open && probes_in_flight_ > 0 && now - oldest_probe_ >= probe_timeout) {
            open("a probe did not end in time");
        }
        if (state_ == circuit_state::open) {
            if (now < open_until_) refuse("open", open_until_ - now);
            change(circuit_state::half_open, "the break is over");
        }
        if (probes_in_flight_ >= options_.probes) refuse("half open and its probes are out", std::nullopt);
        if (probes_in_flight_ == 0) oldest_probe_ = now;
        ++probes_in_flight_;
        p.probe_ = true;
    }
    p.generation_ = generation_;
    ++calls_;
}

void circuit_breaker::release(permit& p) noexcept {
    if (p.probe_ && p.generation_ == generation_) --probes_in_flight_;
}

void circuit_breaker::note_in_window(bool failure) {
    if (window_.empty()) return;
    if (window_used_ == window_.size()) {
        window_failures_ -= window_[window_next_];
    } else {
        ++window_used_;
    }
    window_[window_next_] = failure;
    window_failures_ += failure;
    window_next_ = (window_next_ + 1) % window_.size();
}

bool circuit_breaker::window_trips() const noexcept {
    return !window_.empty() && window_used_ >= static_cast<std::size_t>(options_.min_calls) &&
           static_cast<double>(window_failures_) >= options_.failure_ratio * static_cast<double>(window_used_);
}

void circuit_breaker::record(permit& p, bool failure) {
    failures_ += failure;
    if (p.generation_ != generation_) return;  // what began before the last change says nothing about now
    if (p.probe_) {
        --probes_in_flight_;
        if (failure) {
            open("a probe failed");
        } else if (++good_probes_ >= options_.success_threshold) {
            change(circuit_state::closed, "the probes succeeded");
        }
        return;
    }
    failures_in_row_ = failure ? failures_in_row_ + 1 : 0;
    note_in_window(failure);
    if (!failure || mode_ != mode::automatic) return;
    if (failures_in_row_ >= options_.failure_threshold) {
        open("failures in a row");
    } else if (window_trips()) {
        open("failures in the window");
    }
}

void circuit_breaker::open(const char* why) {
    const auto now = clock::now();
    break_ = options_.recovery_timeout;
    for (int i = 0; i < failed_rounds_ && break_ < options_.max_recovery_timeout; ++i) {
        break_ = std::min(break_ > options_.max_recovery_timeout / 2 ? options_.max_recovery_timeout : break_ * 2,
                          options_.max_recovery_timeout);
    }
    ++failed_rounds_;
    const double spread = 0.9 + 0.2 * loop::current().random().uniform();
    const duration spread_break(static_cast<duration::rep>(static_cast<double>(break_.count()) * spread));
    open_until_ = detail::saturating_add(now, std::min(spread_break, options_.max_recovery_timeout));
    ++opened_;
    opened_metric_.increment();
    change(circuit_state::open, why);
}

void circuit_breaker::change(circuit_state to, const char* why) {
    log::warning("circuit_breaker_changed", {{"breaker", options_.name},
                                             {"from", to_string(state_)},
                                             {"to", to_string(to)},
                                             {"why", why},
                                             {"failures_in_row", failures_in_row_},
                                             {"window_calls", window_used_},
                                             {"window_failures", window_failures_}});
    state_ = to;
    ++generation_;
    probes_in_flight_ = 0;
    good_probes_ = 0;
    if (to == circuit_state::closed) {
        failed_rounds_ = 0;
        failures_in_row_ = 0;
        window_next_ = window_used_ = window_failures_ = 0;
    }
}

void circuit_breaker::set_mode(mode next, const char* why) {
    mode_ = next;
    change(next == mode::forced_open ? circuit_state::open : circuit_state::closed, why);
}
void circuit_breaker::force_open() { set_mode(mode::forced_open, "forced open"); }
void circuit_breaker::force_closed() { set_mode(mode::forced_closed, "forced closed"); }
void circuit_breaker::metrics_only() { set_mode(mode::metrics_only, "metrics only"); }
void circuit_breaker::reset() { set_mode(mode::automatic, "reset"); }

circuit_breaker_statistics circuit_breaker::statistics() const noexcept {
    return {.state = state_,
            .failures_in_row = failures_in_row_,
            .calls = calls_,
            .failures = failures_,
            .refused = refused_,
            .opened = opened_,
            .probes_in_flight = probes_in_flight_};
}

}  // namespace hem
