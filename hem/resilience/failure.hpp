// What resilience asks of an error: how it failed, whether the operation may be repeated, and when. It knows no layer's errors, only the
// categories of hem/core/errors.hpp.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "hem/core/clock.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct failure_facts {
    failure_kind kind = failure_kind::permanent;
    bool idempotent = false;              // the error says so
    bool fault = false;                   // speaks against the health of the dependency
    std::optional<duration> retry_after;  // never negative
};

// Errors that classify themselves say it; timeouts are transient; unavailable and rate limited are overload; all others are permanent. What
// nobody classifies is a fault, except not_found, conflict, permission_denied, rate_limited and usage_error.
failure_facts classify(const std::exception_ptr& error) noexcept;

// Marks a callable whose repetition does no harm: `hem::retry(policy, hem::idempotent(f))`.
template <class F>
struct idempotent {
    explicit idempotent(F given) : f(std::move(given)) {}
    HEM_CORO_WRAPPER auto operator()() { return f(); }
    F f;
};
template <class F>
idempotent(F) -> idempotent<F>;

template <class F>
inline constexpr bool is_idempotent = false;
template <class F>
inline constexpr bool is_idempotent<idempotent<F>> = true;

namespace detail {
// dynamic_cast of what an exception_ptr holds would need its type: rethrows and catches E.
template <class E>
bool holds(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const E&) {
        return true;
    } catch (...) {
        return false;
    }
}
}  // namespace detail
}  // namespace hem
