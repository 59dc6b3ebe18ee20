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
    if (options.window.calls < 0 || options.window.time_span < duration::zero()) refuse("the window must not be negative");
    if (options.window.time_span > duration::zero() && options.window.time_span < std::chrono::milliseconds(10))
        refuse("a window of time must be at least 10 ms");
    if (options.min_calls < 1) refuse("min_calls must be at least 1");
    if (options.window.calls > 0 && options.min_calls > options.window.calls) refuse("min_calls must not be above the window's calls");
    if (!(options.failure_ratio > 0 && options.failure_ratio <= 1)) refuse("failure_ratio must be above 0 and at most 1");
    if (!(options.slow_ratio > 0 && options.slow_ratio <= 1)) refuse("slow_ratio must be above 0 and at most 1");
    if (options.slow_after <= duration::zero()) refuse("slow_after must be above 0");
    if (options.slow_after != duration::max() && !options.window) refuse("slow_after needs a window to count in");
    if (options.recovery_timeout <= duration::zero()) refuse("recovery_timeout must be above 0");
    if (options.max_recovery_timeout < options.recovery_timeout) refuse("max_recovery_timeout must not be below recovery_timeout");
    if (options.probes < 1) refuse("probes must be at least 1");
    if (options.success_threshold < 1) refuse("success_threshold must be at least 1");
    if (options.probe_timeout && *options.probe_timeout <= duration::zero()) refuse("probe_timeout must be above 0");
    if (!options.is_failure) refuse("is_failure must be a function");
    return options;
}

metrics::counter event_metric(const std::string& breaker, enum circuit_event::kind kind) {
    return {"hem_breaker_events_total",
            "Changes of state of circuit breakers, and refused calls",
            {{"breaker", breaker}, {"event", to_string(kind)}}};
}

}  // namespace

std::string_view to_string(enum circuit_event::kind kind) noexcept {
    switch (kind) {
    case circuit_event::kind::opened: return "opened";
    case circuit_event::kind::half_opened: return "half_opened";
    case circuit_event::kind::closed: return "closed";
    case circuit_event::kind::refused: return "refused";
    }
    return "unknown";
}

std::string_view to_string(circuit_state state) noexcept {
    switch (state) {
    case circuit_state::closed: return "closed";
    case circuit_state::open: return "open";
    case circuit_state::half_open: return "half open";
    }
    return "unknown";
}

std::string_view to_string(circuit_mode mode) noexcept {
    switch (mode) {
    case circuit_mode::automatic: return "automatic";
    case circuit_mode::forced_open: return "forced open";
    case circuit_mode::forced_closed: return "forced closed";
    case circuit_mode::metrics_only: return "metrics only";
    }
    return "unknown";
}

bool counts_as_failure(const std::exception_ptr& error) { return classify(error).fault; }

circuit_breaker::circuit_breaker(circuit_breaker_options options)
    : options_(checked(options)),
      event_metrics_{event_metric(options_.name, circuit_event::kind::opened),
                     event_metric(options_.name, circuit_event::kind::half_opened),
                     event_metric(options_.name, circuit_event::kind::closed), event_metric(options_.name, circuit_event::kind::refused)},
      break_(options_.recovery_timeout), window_(options_.window) {
    probes_.reserve(static_cast<std::size_t>(options_.probes));
}

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
    publish({.kind = circuit_event::kind::refused,
             .breaker = options_.name,
             .why = why,
             .failures_in_row = failures_in_row_,
             .window = window_.numbers(),
             .retry_after = retry_after});
    throw circuit_open_error("circuit breaker '" + options_.name + "' is " + why + ": the call was not made", retry_after);
}

void circuit_breaker::admit(permit& p) {
    if (mode_ == circuit_mode::forced_open) refuse("forced open", std::nullopt);
    if (mode_ == circuit_mode::automatic && state_ != circuit_state::closed) [[unlikely]] {
        const auto now = clock::now();
        const auto probe_timeout = options_.probe_timeout.value_or(break_);
        if (state_ == circuit_state::half_open && !probes_.empty() && now - probes_.front()->began_ >= probe_timeout) {
            open("a probe did not end in time");
        }
        if (state_ == circuit_state::open) {
            if (now < open_until_) refuse("open", open_until_ - now);
            change(circuit_state::half_open, "the break is over");
        }
        if (probes_.size() >= static_cast<std::size_t>(options_.probes)) refuse("half open and its probes are out", std::nullopt);
        p.began_ = now;
        probes_.push_back(&p);
        p.probe_ = true;
    } else if (options_.slow_after != duration::max()) {
        p.began_ = clock::now();
    }
    p.generation_ = generation_;
    ++calls_;
}

void circuit_breaker::forget_probe(const permit& p) noexcept { std::erase(probes_, &p); }

void circuit_breaker::release(permit& p) noexcept {
    if (p.probe_) forget_probe(p);
}

// Why, or null.
const char* circuit_breaker::window_trips() const noexcept {
    if (!options_.window) return nullptr;
    const auto numbers = window_.numbers();
    if (numbers.calls < static_cast<std::uint64_t>(options_.min_calls)) return nullptr;
    const auto calls = static_cast<double>(numbers.calls);
    if (static_cast<double>(numbers.failures) >= options_.failure_ratio * calls) return "failures in the window";
    const bool counts_slow = options_.slow_after != duration::max();
    return counts_slow && static_cast<double>(numbers.slow) >= options_.slow_ratio * calls ? "slow calls in the window" : nullptr;
}

void circuit_breaker::record(permit& p, bool failure) {
    failures_ += failure;
    if (p.generation_ != generation_) return;  // what began before the last change says nothing about now
    if (p.probe_) {
        forget_probe(p);
        if (failure) {
            open("a probe failed");
        } else if (++good_probes_ >= options_.success_threshold) {
            change(circuit_state::closed, "the probes succeeded");
        }
        return;
    }
    failures_in_row_ = failure ? failures_in_row_ + 1 : 0;
    if (options_.window) window_.note(failure, options_.slow_after != duration::max() && clock::now() - p.began_ >= options_.slow_after);
    if (mode_ != circuit_mode::automatic) return;
    if (failures_in_row_ >= options_.failure_threshold) {
        open("failures in a row");
    } else if (const char* why = window_trips()) {
        open(why);
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
    change(circuit_state::open, why);
}

void circuit_breaker::change(circuit_state to, std::string_view why) {
    const auto numbers = window_.numbers();
    const int in_row = failures_in_row_;
    log::warning("circuit_breaker_changed", {{"breaker", options_.name},
                                             {"from", to_string(state_)},
                                             {"to", to_string(to)},
                                             {"why", why},
                                             {"failures_in_row", in_row},
                                             {"window_calls", numbers.calls},
                                             {"window_failures", numbers.failures},
                                             {"window_slow", numbers.slow}});
    state_ = to;
    ++generation_;
    probes_.clear();
    good_probes_ = 0;
    if (to == circuit_state::closed) {
        failed_rounds_ = 0;
        failures_in_row_ = 0;
        window_.clear();
    }
    const bool breaks = to == circuit_state::open && mode_ == circuit_mode::automatic;
    publish({.kind = to == circuit_state::open        ? circuit_event::kind::opened
                     : to == circuit_state::half_open ? circuit_event::kind::half_opened
                                                      : circuit_event::kind::closed,
             .breaker = options_.name,
             .why = why,
             .failures_in_row = in_row,
             .window = numbers,
             .retry_after = breaks ? std::optional(open_until_ - clock::now()) : std::nullopt});
}

// Last in whatever happens: a listener may use the breaker.
void circuit_breaker::publish(const circuit_event& event) noexcept {
    event_metrics_[static_cast<std::size_t>(event.kind)].increment();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        try {
            const auto listener = listeners_[i];
            listener(event);
        } catch (...) {
            log::error("listener_failed",
                       {{"breaker", options_.name}, {"heard", to_string(event.kind)}, {"error", std::current_exception()}});
        }
    }
}

void circuit_breaker::set_mode(circuit_mode mode) {
    mode_ = mode;
    change(mode == circuit_mode::forced_open ? circuit_state::open : circuit_state::closed,
           mode == circuit_mode::automatic ? "reset" : to_string(mode));
}
void circuit_breaker::force_open() { set_mode(circuit_mode::forced_open); }
void circuit_breaker::force_closed() { set_mode(circuit_mode::forced_closed); }
void circuit_breaker::metrics_only() { set_mode(circuit_mode::metrics_only); }
void circuit_breaker::reset() { set_mode(circuit_mode::automatic); }

circuit_breaker_statistics circuit_breaker::statistics() const noexcept {
    return {.state = state_,
            .mode = mode_,
            .failures_in_row = failures_in_row_,
            .window = window_.numbers(),
            .calls = calls_,
            .failures = failures_,
            .refused = refused_,
            .opened = opened_,
            .probes_in_flight = static_cast<int>(probes_.size())};
}

}  // namespace hem
