#include "hem/resilience/failure.hpp"

#include <algorithm>

namespace hem {
namespace {

// A mix-in is not reachable from another by its type alone, so each is asked for in its own catch.
template <class E, class Read>
bool read(const std::exception_ptr& error, Read take) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const E& found) {
        take(found);
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

failure_facts classify(const std::exception_ptr& error) noexcept {
    failure_facts facts;
    const auto note_pause = [&](const auto& e) {
        if (const auto after = e.retry_after()) facts.retry_after = std::max(*after, duration::zero());
    };
    const bool overloaded = read<unavailable>(error, note_pause) || read<rate_limited>(error, note_pause);
    const bool known = read<classified_failure>(error, [&](const classified_failure& e) {
        facts.kind = e.kind();
        facts.idempotent = e.idempotent();
        facts.fault = e.is_fault();
    });
    if (known) return facts;
    if (overloaded) {
        facts.kind = failure_kind::overload;
    } else if (detail::holds<timeout_error>(error)) {
        facts.kind = failure_kind::transient;
    }
    facts.fault = !(detail::holds<not_found>(error) || detail::holds<conflict>(error) || detail::holds<permission_denied>(error) ||
                    detail::holds<rate_limited>(error) || detail::holds<usage_error>(error));
    return facts;
}

}  // namespace hem
