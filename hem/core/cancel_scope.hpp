// Cancellation and deadlines (trio's model). A scope that is cancelled interrupts every await inside it, again and again, until it is left;
// only the scope that caused a cancellation absorbs it. Timeouts are scopes with a deadline.
//
//     auto page = co_await hem::timeout(5s, client.get("/resources/{}", id));        // timeout_error after 5 s
//     if (!co_await hem::move_on_after(1s, warm_up())) log("went on without the cache");
//     co_await hem::shield(2s, connection.rollback());                               // outer cancellation waits up to 2 s
//
// A timeout ends when the interrupted body has ended: cleanup that awaits something takes its time.
#pragma once

#include <optional>
#include <source_location>
#include <string>

#include "hem/core/clock.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct cancel_scope_options {
    time_point deadline = time_point::max();
    std::optional<duration> shield;  // grace time during which outer cancellation stays outside
    std::string name;
};

namespace detail {

// The body of a scope ends and `cancelled` was thrown into it: reported if it ends with a value.
void report_swallowed(timed_scope& scope, task_header& task) noexcept;

// In the scope until left; leaves by itself when an exception passes.
class scope_entry {
public:
    explicit scope_entry(timed_scope& scope) : scope_(scope), task_(current_task_header()) { scope_.enter(task_); }
    scope_entry(const scope_entry&) = delete;
    ~scope_entry() {
        if (scope_.left()) return;
        if (scope_.thrown()) [[unlikely]]
            report_swallowed(scope_, task_);
        scope_.leave(task_);
    }
    // At the scope's edge with a `cancelled` in hand: true if it ends here.
    bool absorb() {
        scope_.leave(task_);
        if (!scope_.absorbs()) return false;
        scope_.note_caught();
        return true;
    }

private:
    timed_scope& scope_;
    task_header& task_;
};

template <class T>
struct maybe {
    using type = std::optional<T>;
};
template <class T>
struct maybe<T&> {
    using type = T*;
};
template <>
struct maybe<void> {
    using type = bool;
};
template <class T>
using maybe_t = typename maybe<T>::type;  // empty, null or false: cancelled by the scope itself

[[noreturn]] void throw_timeout(duration limit, const std::source_location& where);
[[noreturn]] void throw_scope_used_twice();

// Runs `body` in `scope` and says whether the scope absorbed its own cancellation.
template <class T>
task<maybe_t<T>> run_in_scope(timed_scope& scope, task<T> body) {
    scope_entry entry(scope);
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            co_return true;
        } else if constexpr (std::is_reference_v<T>) {
            co_return std::addressof(co_await std::move(body));
        } else {
            co_return maybe_t<T>(co_await std::move(body));
        }
    } catch (const cancelled&) {
        if (!entry.absorb()) throw;
    }
    co_return maybe_t<T>();
}

template <class Awaitable>
task<maybe_t<await_result_t<Awaitable>>> run_until(time_point deadline, Awaitable awaitable) {
    using T = await_result_t<Awaitable>;
    timed_scope scope;
    scope.set_deadline(deadline);
    if constexpr (is_task<Awaitable>) {
        // Too late to begin: the task is destroyed unstarted, without a report.
        if (deadline <= current_kernel().now()) {
            task_access::discard(awaitable);
            if (current_task_header().scope->cancelled()) throw_cancelled(current_task_header());
            co_return maybe_t<T>();
        }
    }
    scope_entry entry(scope);
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(awaitable);
            co_return true;
        } else if constexpr (std::is_reference_v<T>) {
            co_return std::addressof(co_await std::move(awaitable));
        } else {
            co_return maybe_t<T>(co_await std::move(awaitable));
        }
    } catch (const cancelled&) {
        if (!entry.absorb()) throw;
    }
    co_return maybe_t<T>();
}

template <class T>
T unwrap(maybe_t<T>&& result) {
    if constexpr (std::is_void_v<T>) {
        return;
    } else if constexpr (std::is_reference_v<T>) {
        return *result;
    } else {
        return *std::move(result);
    }
}

}  // namespace detail

// A scope that is used once. The object may be cancelled, or given a deadline, from anywhere on its loop while `run` is under way, before
// it (the body is then interrupted at its first cancel point) and after it (no effect).
class cancel_scope {
    template <class F, class... Args>
    HEM_CORO_WRAPPER static auto call(cancel_scope& scope, F& f, Args&... args) {
        if constexpr (requires { f(scope, std::move(args)...); }) {
            return f(scope, std::move(args)...);
        } else {
            return f(std::move(args)...);
        }
    }

public:
    cancel_scope() noexcept = default;
    explicit cancel_scope(cancel_scope_options options);

    // Runs `f(args...)`, or `f(scope, args...)`, inside the scope. Gives its value as optional (bool for void), empty if the scope absorbed
    // its own cancellation. Errors pass. A second run is usage_error.
    template <class F, class... Args>
    auto run(F f, Args... args) -> task<detail::maybe_t<detail::await_result_t<decltype(call(*this, f, args...))>>> {
        if (state_.entered()) detail::throw_scope_used_twice();
        co_return co_await detail::run_in_scope(state_, call(*this, f, args...));
    }

    // Interrupts what is inside. Runs no other code, may be repeated; the first reason is kept.
    void cancel(std::string reason = {}, std::source_location where = std::source_location::current());
    time_point deadline() const noexcept { return state_.deadline(); }
    // Earlier, later, or time_point::max() for none. usage_error after cancellation or exit; into the past strikes at once.
    void set_deadline(time_point deadline);
    bool expired() const noexcept { return state_.expired(); }
    bool cancel_called() const noexcept { return state_.cancel_called(); }
    // After run: the scope absorbed its own cancellation. False if the request met no cancel point, or went on outwards.
    bool cancelled_caught() const noexcept { return state_.caught(); }
    // Lets a pending outer cancellation in at once.
    void unshield() noexcept { state_.drop_shield(false); }
    cancel_reason reason() const;

private:
    detail::timed_scope state_;
    std::string name_;
};

namespace detail {
template <class F, class... Args>
concept takes_scope = requires(F& f, cancel_scope& scope, Args... args) { f(scope, std::move(args)...); };
template <class F, class... Args>
struct scoped_result {};
template <class F, class... Args>
    requires takes_scope<F, Args...>
struct scoped_result<F, Args...> : await_result<decltype(std::declval<F&>()(std::declval<cancel_scope&>(), std::declval<Args>()...))> {};
template <class F, class... Args>
    requires(!takes_scope<F, Args...>) && requires(F& f, Args... args) { f(std::move(args)...); }
struct scoped_result<F, Args...> : await_result<decltype(std::declval<F&>()(std::declval<Args>()...))> {};
template <class F, class... Args>
using scoped_result_t = typename scoped_result<F, Args...>::type;
}  // namespace detail

// Opens a fresh scope for `f(scope, args...)`; gives what cancel_scope::run gives.
template <class F, class... Args>
auto with_cancel_scope(cancel_scope_options options, F f, Args... args)
    -> task<detail::maybe_t<detail::await_result_t<decltype(f(std::declval<cancel_scope&>(), std::move(args)...))>>> {
    cancel_scope scope(std::move(options));
    co_return co_await scope.run(std::move(f), std::move(args)...);
}
template <class F, class... Args>
    requires(!std::is_convertible_v<F, cancel_scope_options>)
HEM_CORO_WRAPPER auto with_cancel_scope(F f, Args... args) {
    return with_cancel_scope(cancel_scope_options{}, std::move(f), std::move(args)...);
}

// Runs the awaitable in a scope with a deadline `limit` from now. Throws timeout_error if and only if that deadline ended it.
template <class Rep, class Period, detail::awaitable Awaitable>
auto timeout(std::chrono::duration<Rep, Period> limit, Awaitable awaitable, std::source_location where = std::source_location::current())
    -> task<detail::await_result_t<Awaitable>> {
    using T = detail::await_result_t<Awaitable>;
    const auto bound = detail::to_duration(limit);
    auto result = co_await detail::run_until(detail::saturating_add(clock::now(), bound), std::move(awaitable));
    if (!result) detail::throw_timeout(bound, where);
    co_return detail::unwrap<T>(std::move(result));
}
template <detail::awaitable Awaitable>
auto timeout_at(time_point deadline, Awaitable awaitable, std::source_location where = std::source_location::current())
    -> task<detail::await_result_t<Awaitable>> {
    using T = detail::await_result_t<Awaitable>;
    const auto bound = deadline - clock::now();
    auto result = co_await detail::run_until(deadline, std::move(awaitable));
    if (!result) detail::throw_timeout(bound, where);
    co_return detail::unwrap<T>(std::move(result));
}
// The same for a callable, `f(args...)` or `f(scope, args...)`, which runs to its first suspension even if the deadline is past.
template <class Rep, class Period, class F, class... Args>
    requires(!detail::awaitable<F>)
auto timeout(std::chrono::duration<Rep, Period> limit, F f, Args... args) -> task<detail::scoped_result_t<F, Args...>> {
    using T = detail::scoped_result_t<F, Args...>;
    const auto bound = detail::to_duration(limit);
    cancel_scope scope({.deadline = detail::saturating_add(clock::now(), bound)});
    auto result = co_await scope.run(std::move(f), std::move(args)...);
    if (!result) detail::throw_timeout(bound, {});
    co_return detail::unwrap<T>(std::move(result));
}
template <class F, class... Args>
    requires(!detail::awaitable<F>)
auto timeout_at(time_point deadline, F f, Args... args) -> task<detail::scoped_result_t<F, Args...>> {
    using T = detail::scoped_result_t<F, Args...>;
    const auto bound = deadline - clock::now();
    cancel_scope scope({.deadline = deadline});
    auto result = co_await scope.run(std::move(f), std::move(args)...);
    if (!result) detail::throw_timeout(bound, {});
    co_return detail::unwrap<T>(std::move(result));
}
// asyncio's order of arguments.
template <class Rep, class Period, detail::awaitable Awaitable>
HEM_CORO_WRAPPER auto wait_for(Awaitable awaitable, std::chrono::duration<Rep, Period> limit,
                               std::source_location where = std::source_location::current()) {
    return timeout(limit, std::move(awaitable), where);
}

// The same without the error: an optional (bool for void), empty if the deadline ended it.
template <class Rep, class Period, detail::awaitable Awaitable>
HEM_CORO_WRAPPER auto move_on_after(std::chrono::duration<Rep, Period> limit, Awaitable awaitable) {
    return detail::run_until(detail::saturating_add(clock::now(), detail::to_duration(limit)), std::move(awaitable));
}
template <detail::awaitable Awaitable>
HEM_CORO_WRAPPER auto move_on_at(time_point deadline, Awaitable awaitable) {
    return detail::run_until(deadline, std::move(awaitable));
}
template <class F, class... Args>
    requires(!detail::awaitable<F>)
auto move_on_at(time_point deadline, F f, Args... args) -> task<detail::maybe_t<detail::scoped_result_t<F, Args...>>> {
    cancel_scope scope({.deadline = deadline});
    co_return co_await scope.run(std::move(f), std::move(args)...);
}
template <class Rep, class Period, class F, class... Args>
    requires(!detail::awaitable<F>)
HEM_CORO_WRAPPER auto move_on_after(std::chrono::duration<Rep, Period> limit, F f, Args... args) {
    return move_on_at(detail::saturating_add(clock::now(), detail::to_duration(limit)), std::move(f), std::move(args)...);
}

// Runs the awaitable where outer cancellation cannot enter for `grace` after it came (the run's default grace without it, 5 s). Result and
// errors pass through. When the grace time is over the shield falls, and that is reported.
template <class Rep, class Period, detail::awaitable Awaitable>
auto shield(std::chrono::duration<Rep, Period> grace, Awaitable awaitable) -> task<detail::await_result_t<Awaitable>> {
    detail::timed_scope scope;
    scope.set_shield(detail::to_duration(grace));
    detail::scope_entry entry(scope);
    co_return co_await std::move(awaitable);
}
template <detail::awaitable Awaitable>
auto shield(Awaitable awaitable) -> task<detail::await_result_t<Awaitable>> {
    co_return co_await shield(detail::current_kernel().default_grace, std::move(awaitable));
}

// The earliest deadline that can interrupt here; time_point::min() if already cancelled, max() if none.
time_point current_effective_deadline();
// The time left to it; zero if cancelled, duration::max() if none.
duration remaining();

}  // namespace hem
