#include "hem/resilience/retry.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/event.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/report.hpp"
#include "hem/core/sleep.hpp"
#include "hem/telemetry/log.hpp"

namespace hem {
namespace detail {
std::atomic<int> no_backoff_count{0};
}

namespace {

duration scaled(duration d, double by) noexcept {
    const double product = static_cast<double>(d.count()) * by;
    return product >= 9.2e18 ? duration::max() : duration(static_cast<duration::rep>(product));
}

const retry_options& checked(const retry_options& options) {
    const auto refuse = [&](const char* what) { throw usage_error("retry_policy '" + options.name + "': " + what); };
    if (const char* problem = options.stop.problem()) refuse(problem);
    if (const char* problem = options.wait.problem()) refuse(problem);
    if (options.max_retry_after < duration::zero()) refuse("max_retry_after must not be negative");
    if (!(options.retry_after_spread >= 0 && options.retry_after_spread <= 1)) refuse("retry_after_spread must be between 0 and 1");
    return options;
}

std::string count_text(int attempts) { return attempts == INT_MAX ? "unlimited" : std::to_string(attempts); }

int product(int a, int b) noexcept { return a > INT_MAX / b ? INT_MAX : a * b; }

// True the first time for each place in the program.
bool is_new_place(const std::source_location& where) {
    static std::mutex mutex;
    static std::vector<std::source_location> seen;
    const std::lock_guard guard(mutex);
    for (const auto& each : seen) {
        if (each.line() == where.line() && std::strcmp(each.file_name(), where.file_name()) == 0) return false;
    }
    seen.push_back(where);
    return true;
}

[[gnu::noinline]] void report_nested(const std::string& name, int outer, int inner, const std::source_location& where) {
    if (!is_new_place(where)) return;
    detail::send_report({report_kind::lint,
                         "retry inside retry: " + count_text(outer) + " x " + count_text(inner) + " attempts at " +
                             detail::to_string(where) + " (policy '" + name + "'): let one of them be enough",
                         {},
                         where});
}

const std::exception_ptr no_error;

}  // namespace

retry_policy::retry_policy(retry_options options)
    : options_(checked(options)), attempts_(options_.stop.attempts()),
      retries_("hem_retries_total", "Repeated calls", {{"policy", options_.name}}) {}

int current_retry_attempt() noexcept { return detail::retry_around.get().attempt; }

retry_run::retry_run(const retry_policy& policy, bool idempotent, const std::source_location& where)
    : policy_(policy), began_(clock::now()), outer_(detail::retry_around.get()), idempotent_(idempotent || policy.options_.idempotent) {
    if (outer_.attempt != 0 && !outer_.expects_more) [[unlikely]]
        report_nested(policy.options_.name, outer_.attempts, policy.attempts_, where);
    if (policy.options_.budget) policy.options_.budget->deposit();
}

retry_state retry_run::state(const std::exception_ptr& error, duration wait) const {
    return {.name = policy_.options_.name,
            .attempt = attempt_,
            .attempts = policy_.attempts_,
            .elapsed = clock::now() - began_,
            .wait = wait,
            .error = error};
}

void retry_run::before_attempt() {
    if (policy_.options_.before) policy_.options_.before(state(no_error));
}

context_var<detail::retry_position>::binding retry_run::enter() const {
    int overall = attempt_;
    if (outer_.attempt > 1) {
        const int before = policy_.attempts_ == INT_MAX ? outer_.attempt - 1 : product(outer_.attempt - 1, policy_.attempts_);
        overall = before > INT_MAX - attempt_ ? INT_MAX : before + attempt_;
    }
    return detail::retry_around.bind(
        {.attempt = overall, .attempts = product(outer_.attempts, policy_.attempts_), .expects_more = policy_.options_.retries_inside});
}

void retry_run::succeeded() {
    if (!policy_.options_.after) return;
    in_hook_ = true;
    policy_.options_.after(state(no_error));
    in_hook_ = false;
}

void retry_run::note_end(const std::exception_ptr& error, const char* why) const {
    if (attempt_ == 1) return;
    const auto& name = policy_.options_.name;
    const duration elapsed = clock::now() - began_;
    if (error) {
        log::warning("retry_gave_up", {{"policy", name}, {"why", why}, {"attempts", attempt_}, {"elapsed", elapsed}, {"error", error}});
    } else {
        log::warning("retry_gave_up", {{"policy", name}, {"why", why}, {"attempts", attempt_}, {"elapsed", elapsed}});
    }
}

duration retry_run::choose_wait(const failure_facts& facts) {
    if (detail::no_backoff_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        return {};
    const auto& options = policy_.options_;
    const auto& strategy = options.wait;
    auto& random = loop::current().random();
    duration wait = strategy.after(attempt_);
    switch (options.jitter) {
    case jitter::none: break;
    case jitter::full: wait = scaled(wait, random.uniform()); break;
    case jitter::equal: wait = wait / 2 + scaled(wait / 2, random.uniform()); break;
    case jitter::decorrelated: {
        const duration first = strategy.after(1);
        const duration upper = std::max(first, scaled(std::max(last_wait_, first), 3));
        wait = first + scaled(upper - first, random.uniform());
    }
    }
    wait = std::min(strategy.longest(attempt_),
                    detail::saturating_add(time_point(wait), strategy.by_chance(attempt_, random)).time_since_epoch());
    last_wait_ = wait;
    if (facts.retry_after && *facts.retry_after > wait) {
        const duration spread = scaled(*facts.retry_after, options.retry_after_spread * random.uniform());
        wait = detail::saturating_add(time_point(*facts.retry_after), spread).time_since_epoch();
    }
    return wait;
}

const char* retry_run::reason_to_stop(const failure_facts& facts, duration wait) const {
    const auto& options = policy_.options_;
    if (attempt_ >= policy_.attempts_) return "no attempt left";
    if (facts.retry_after && *facts.retry_after > options.max_retry_after) return "asked to wait too long";
    const auto now = clock::now();
    if (options.stop.holds({.attempt = attempt_, .elapsed = now - began_, .wait = wait})) return "the stop condition holds";
    if (detail::saturating_add(now, wait) >= current_effective_deadline()) return "the next wait would pass the deadline";
    if (options.budget && !options.budget->withdraw()) return "the retry budget is empty";
    return nullptr;
}

void retry_run::go_on(const std::exception_ptr& error, duration wait) {
    const auto& options = policy_.options_;
    if (options.before_sleep) options.before_sleep(state(error, wait));
    const std::string next = policy_.attempts_ == INT_MAX ? fmt::format("attempt {}", attempt_ + 1)
                                                          : fmt::format("attempt {} of {}", attempt_ + 1, policy_.attempts_);
    if (error) {
        log::info("retry", {{"policy", options.name}, {"next", next}, {"wait", wait}, {"error", error}});
    } else {
        log::info("retry", {{"policy", options.name}, {"next", next}, {"wait", wait}});
    }
    policy_.retries_.increment();
    ++attempt_;
}

duration retry_run::next(const std::exception_ptr& error) {
    const auto& options = policy_.options_;
    if (options.after) options.after(state(error));
    const auto facts = classify(error);
    const bool by_rule =
        facts.kind == failure_kind::not_sent || (facts.kind != failure_kind::permanent && (idempotent_ || facts.idempotent));
    const char* why = "not a failure that another try may mend";
    duration wait{};
    if (options.retry_if(error, by_rule)) {
        wait = choose_wait(facts);
        why = reason_to_stop(facts, wait);
    }
    if (why) {
        note_end(error, why);
        std::rethrow_exception(error);
    }
    go_on(error, wait);
    return wait;
}

std::optional<duration> retry_run::next_after_result() {
    const duration wait = choose_wait({});
    if (const char* why = reason_to_stop({}, wait)) {
        note_end(nullptr, why);
        return std::nullopt;
    }
    go_on(nullptr, wait);
    return wait;
}

task<bool> retry_run::pause(duration wait) {
    event* token = policy_.options_.stop.token();
    if (!token) {
        co_await sleep_for(wait);
        co_return true;
    }
    const auto until = detail::saturating_add(clock::now(), wait);
    const auto stops = [&] {
        // The attempt before the one that is about to begin is what the condition judges.
        return policy_.options_.stop.holds({.attempt = attempt_ - 1, .elapsed = clock::now() - began_, .wait = duration::zero()});
    };
    while (!stops()) {
        if (token->is_set()) {  // and the condition asks for more than that
            co_await sleep_until(until);
            co_return !stops();
        }
        if (clock::now() >= until) co_return true;
        co_await move_on_at(until, token->wait());
    }
    co_return false;
}

}  // namespace hem
