// Between std::future and tasks.
//
//     std::future<report> pending = old_library::start();
//     report finished = co_await hem::from_future(std::move(pending));
//
//     std::future<int> sum = hem::to_future(portal, add, 1, 2);      // on any thread: the coroutine runs on the portal's loop
//
// A std::future can only be waited for by a blocked thread, so each from_future holds a worker until it is ready: for many of them at once
// take a pool of their own, or from_callback.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include "hem/core/blocking_portal.hpp"
#include "hem/core/from_thread.hpp"
#include "hem/core/to_thread.hpp"

namespace hem {

namespace detail {

// On a worker. A cancellation is noticed between two looks.
template <class Future>
auto get_future(Future future) {
    constexpr auto look_every = std::chrono::milliseconds(10);
    while (future.wait_for(look_every) == std::future_status::timeout) from_thread::check_cancelled();
    return future.get();
}

template <class T, class F, class... Args>
task<> fulfil(std::shared_ptr<std::promise<T>> promise, F f, Args... args) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await f(std::move(args)...);
            promise->set_value();
        } else {
            promise->set_value(co_await f(std::move(args)...));
        }
    } catch (const cancelled&) {
        promise->set_exception(std::make_exception_ptr(task_cancelled("the coroutine behind this future was cancelled")));
        throw;
    } catch (...) {
        promise->set_exception(std::current_exception());
    }
}

}  // namespace detail

// Waits for the future and gives its value or throws its error. A deferred one runs on the worker. Cancelled, it leaves within 10 ms and
// the result is dropped. std::future_error if the future has no state.
template <class T>
task<T> from_future(std::future<T> future, pool_reference pool = {}) {
    if (!future.valid()) throw std::future_error(std::future_errc::no_state);
    co_return co_await detail::run_on_worker(to_thread_options{.pool = std::move(pool)}, detail::get_future<std::future<T>>,
                                             std::move(future));
}

// Runs the coroutine function `f(args...)` on the portal's loop; the future gets its value or error, task_cancelled if it was cancelled,
// for instance because the portal was closed, and std::future_error (broken promise) if the portal took no calls any more. Never blocks.
template <class F, class... Args>
auto to_future(const blocking_portal& portal, F f, Args... args) {
    static_assert(!detail::remote_value<F, Args...>::plain,
                  "to_future takes a coroutine function: a plain one is called through the portal");
    detail::check_transferable<Args...>();
    using T = detail::remote_value_t<F, Args...>;
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    portal.submit(detail::fulfil<T, F, Args...>, std::move(promise), std::move(f), std::move(args)...).forget();
    return future;
}

}  // namespace hem
