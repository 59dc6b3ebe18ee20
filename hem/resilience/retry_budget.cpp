#include "hem/resilience/retry_budget.hpp"

#include <algorithm>

#include "hem/core/errors.hpp"
#include "hem/telemetry/log.hpp"

namespace hem {
namespace {

const retry_budget_options& checked(const retry_budget_options& options) {
    const auto refuse = [&](const char* what) { throw usage_error("retry_budget '" + options.name + "': " + what); };
    if (!(options.ratio >= 0 && options.ratio <= 1)) refuse("ratio must be between 0 and 1");
    if (!(options.min_per_second >= 0)) refuse("min_per_second must not be negative");
    if (options.ttl < std::chrono::milliseconds(10)) refuse("ttl must be at least 10 ms");
    return options;
}

}  // namespace

retry_budget::retry_budget(retry_budget_options options)
    : options_(checked(options)), slot_length_(options_.ttl / slot_count),
      refused_metric_("hem_retry_budget_refused_total", "Repetitions that a retry budget refused", {{"budget", options_.name}}) {}

retry_budget::slot& retry_budget::current() noexcept {
    const auto number = slot_number();
    slot& found = slots_[static_cast<std::size_t>(number % slot_count)];
    if (found.number != number) found = {.number = number};
    return found;
}

double retry_budget::balance() const noexcept {
    const auto oldest = slot_number() - slot_count + 1;
    std::uint64_t calls = 0, retries = 0;
    for (const slot& each : slots_) {
        if (each.number < oldest) continue;
        calls += each.calls;
        retries += each.retries;
    }
    const double reserve = options_.min_per_second * std::chrono::duration<double>(options_.ttl).count();
    return std::max(0.0, reserve + options_.ratio * static_cast<double>(calls) - static_cast<double>(retries));
}

void retry_budget::deposit() noexcept {
    ++current().calls;
    ++statistics_.calls;
}

bool retry_budget::withdraw() {
    // Sums of tenths: one that is a whole call but for rounding is one.
    if (balance() >= 1 - 1e-9) {
        ++current().retries;
        ++statistics_.retries;
        return true;
    }
    ++statistics_.refused;
    refused_metric_.increment();
    const auto now = clock::now();
    if (last_event_ == time_point::min() || now - last_event_ >= options_.ttl) {
        last_event_ = now;
        log::warning(
            "retry_budget_empty",
            {{"budget", options_.name}, {"calls", statistics_.calls}, {"retries", statistics_.retries}, {"refused", statistics_.refused}});
    }
    return false;
}

}  // namespace hem
