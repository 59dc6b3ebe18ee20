// Which errors a retry repeats. Without a condition the rules of `retry.hpp` hold; a condition replaces them, or extends them by `||`:
//
//     .retry_if = hem::retry_if_exception_type<lock_timeout>                                  // these and no others
//     .retry_if = hem::retry_by_rule || hem::retry_if([](const std::exception_ptr& e) { … })  // these, too
// An exception that a condition throws ends the retry and leaves as itself.
#pragma once

#include <exception>
#include <utility>

#include "hem/resilience/detail/shared_function.hpp"
#include "hem/resilience/failure.hpp"

namespace hem {

class retry_condition {
public:
    // The default rules.
    retry_condition() noexcept = default;
    // `f(error)` says true for what is repeated.
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, retry_condition> &&
                 std::is_invocable_r_v<bool, std::decay_t<F>&, const std::exception_ptr&>)
    retry_condition(F&& f)  // NOLINT(google-explicit-constructor): options take functions as they are
        : decide_([f = std::decay_t<F>(std::forward<F>(f))](const std::exception_ptr& error, bool) mutable { return f(error); }) {}

    // `by_rule` is what the default rules say.
    bool operator()(const std::exception_ptr& error, bool by_rule) const { return decide_ ? decide_(error, by_rule) : by_rule; }

    friend retry_condition operator||(const retry_condition& a, const retry_condition& b) {
        return retry_condition(
            deciding{[a, b](const std::exception_ptr& error, bool by_rule) { return a(error, by_rule) || b(error, by_rule); }});
    }
    friend retry_condition operator&&(const retry_condition& a, const retry_condition& b) {
        return retry_condition(
            deciding{[a, b](const std::exception_ptr& error, bool by_rule) { return a(error, by_rule) && b(error, by_rule); }});
    }
    friend retry_condition operator!(const retry_condition& a) {
        return retry_condition(deciding{[a](const std::exception_ptr& error, bool by_rule) { return !a(error, by_rule); }});
    }

private:
    struct deciding {
        detail::shared_function<bool(const std::exception_ptr&, bool)> decide;
    };
    explicit retry_condition(deciding given) : decide_(std::move(given.decide)) {}
    detail::shared_function<bool(const std::exception_ptr&, bool)> decide_;
};

// The default rules, to be extended.
inline const retry_condition retry_by_rule;

// A function `bool(const std::exception_ptr&)` as a condition, for `||`, `&&` and `!`.
template <class F>
retry_condition retry_if(F f) {
    return retry_condition(std::move(f));
}

namespace detail {
template <class... E>
struct exception_type_condition {
    bool operator()(const std::exception_ptr& error) const noexcept { return (holds<E>(error) || ...); }
};
}  // namespace detail

// Errors of these types, or derived from them.
template <class... E>
inline const retry_condition retry_if_exception_type{detail::exception_type_condition<E...>()};

// Results that are no answer yet: `retry(policy, poll_job, retry_if_result([](const job& j) { return !j.done; }))`.
template <class P>
struct retry_if_result {
    explicit retry_if_result(P given) : again(std::move(given)) {}
    P again;
};

}  // namespace hem
