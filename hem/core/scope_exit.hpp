// co_await scope_exit(f, args...): registers an async cleanup of the coroutine that awaits it. `f(args...)` gives a task; it runs on every
// way out, after the coroutine's locals are gone and before the caller goes on, shielded for the run's default grace time; several run last
// in, first out. C++ has no co_await in destructors and handlers: this takes their place (after folly's co_scope_exit).
//
//     hem::task<> transfer(account& a) {
//         co_await a.lock();
//         co_await hem::scope_exit([&a]() -> hem::task<> { co_await a.unlock(); });
//         ...
//     }
//
// What `f` needs must not be a local of the coroutine: move it in. If body and cleanup both fail, the body's error leaves and the cleanup's
// is reported; if only the cleanup fails, its error leaves.
#pragma once

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

#include "hem/core/detail/exit_chain.hpp"
#include "hem/core/task.hpp"

namespace hem {
namespace detail {

template <class Promise>
inline constexpr exit_chain::owner_ops owner_ops_of{
    [](const promise_base& base) noexcept {
        auto& promise = static_cast<const Promise&>(base);
        if constexpr (requires { promise.result; }) {
            return !promise.result.has_value();
        } else {
            return promise.error != nullptr;
        }
    },
    [](promise_base& base, std::exception_ptr error) noexcept {
        auto& promise = static_cast<Promise&>(base);
        if constexpr (requires { promise.result; }) {
            promise.result.set_error(std::move(error));
        } else {
            promise.error = std::move(error);
        }
    },
};

class [[nodiscard("not registered: write co_await")]] scope_exit_awaiter {
public:
    explicit scope_exit_awaiter(task<> cleanup) noexcept : cleanup_(std::move(cleanup)) {}
    bool await_ready() const noexcept { return false; }
    template <std::derived_from<promise_base> Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        add_exit(handle.promise(), owner_ops_of<Promise>, std::move(cleanup_));
        return false;
    }
    void await_resume() const noexcept {}

private:
    task<> cleanup_;
};

template <class F, class... Args>
task<> call_cleanup(F f, Args... args) {
    co_await f(std::move(args)...);
}

}  // namespace detail

// Not a checkpoint. Callable and arguments are moved in; they are destroyed when the cleanup has run.
template <class F, class... Args>
detail::scope_exit_awaiter scope_exit(F f, Args... args) {
    return detail::scope_exit_awaiter(detail::call_cleanup(std::move(f), std::move(args)...));
}

}  // namespace hem
