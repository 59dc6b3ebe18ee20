// `to_thread` runs a blocking or CPU-heavy function on a worker thread and gives its value or error back to the task:
//
//     auto thumb = co_await hem::to_thread(render_thumbnail, std::move(bytes));
//     auto page = co_await hem::to_thread({.pool = renderers}, render, std::move(document));
//
// A call that no worker has begun is withdrawn by a cancellation; one that runs is waited for, its result is given, and the next await
// throws. The function may end itself early with from_thread::check_cancelled(). Context variables go along.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "hem/core/detail/worker_call.hpp"
#include "hem/core/is_thread_transferable.hpp"
#include "hem/core/task.hpp"
#include "hem/core/worker_pool.hpp"

namespace hem {

// Where an option names a limiter: given as the limiter itself, which outlives every function that it bounds.
struct limiter_reference {
    limiter_reference() noexcept = default;
    limiter_reference(capacity_limiter& bound) noexcept : limiter(&bound) {}  // NOLINT(google-explicit-constructor)
    capacity_limiter* limiter = nullptr;
};

struct to_thread_options {
    pool_reference pool = {};        // the loop's own without it
    limiter_reference limiter = {};  // one token per call, from before the function begins until it has ended
};

// The form whose task leaves at once when it is cancelled; the function goes on alone, and an error of it is reported. Takes no references.
struct abandoning_to_thread_options {
    struct required_flag {
        required_flag(bool on) noexcept : set(on) {}  // NOLINT(google-explicit-constructor)
        bool set;
    };
    pool_reference pool = {};
    limiter_reference limiter = {};
    required_flag abandon_on_cancel;  // false: the task waits, as without it
};

namespace detail {

template <class R, class F, class... Args>
class thread_call final : public worker_call {
public:
    template <class... Given>
    explicit thread_call(F&& f, Given&&... args) : f_(std::move(f)), args_(std::forward<Given>(args)...) {}
    outcome<R> result;

private:
    void execute() noexcept override {
        const running_call marked(*this);
        try {
            if constexpr (std::is_void_v<R>) {
                std::apply(std::move(f_), std::move(args_));
                result.set_value();
            } else {
                result.set_value(std::apply(std::move(f_), std::move(args_)));
            }
        } catch (...) {
            result.set_error(std::current_exception());
        }
    }
    std::exception_ptr error() const noexcept override { return result.error(); }
    F f_;
    std::tuple<Args...> args_;
};

template <class F, class... Args>
using thread_result_t = decltype(std::declval<F>()(std::declval<Args>()...));

template <class F, class... Args>
consteval void check_thread_call() {
    static_assert(
        !is_task<thread_result_t<F, Args...>>,
        "to_thread runs plain functions, and this one is a coroutine, which runs on the loop: write co_await f(..) without to_thread");
    check_transferable<Args...>();
}

inline std::shared_ptr<pool_core> pool_of(pool_reference&& given) { return given.core ? std::move(given.core) : default_pool(); }

template <class F, class... Args>
auto run_on_worker(to_thread_options options, F f, Args... args) -> task<thread_result_t<F, Args...>> {
    thread_call<thread_result_t<F, Args...>, F, Args...> call(std::move(f), std::move(args)...);
    if (options.limiter.limiter) call.token = co_await options.limiter.limiter->acquire_on_behalf_of(&call);
    co_await worker_wait(pool_of(std::move(options.pool)), call);
    co_return std::move(call.result).value();
}

}  // namespace detail

// Runs `f(args...)` on a worker. Arguments are moved in; references are written std::ref. A cancel point until the function begins.
template <class F, class... Args>
    requires(!std::is_convertible_v<F, to_thread_options>)
HEM_CORO_WRAPPER auto to_thread(F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    detail::check_thread_call<F, Args...>();
    return detail::run_on_worker(to_thread_options(), std::move(f), std::move(args)...);
}
template <class F, class... Args>
HEM_CORO_WRAPPER auto to_thread(to_thread_options options, F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    detail::check_thread_call<F, Args...>();
    return detail::run_on_worker(std::move(options), std::move(f), std::move(args)...);
}
template <class F, class... Args>
HEM_CORO_WRAPPER auto to_thread(const worker_pool& pool, F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    detail::check_thread_call<F, Args...>();
    return detail::run_on_worker(to_thread_options{.pool = pool}, std::move(f), std::move(args)...);
}
template <class F, class... Args>
auto to_thread(abandoning_to_thread_options options, F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    detail::check_thread_call<F, Args...>();
    detail::check_abandonable<Args...>();
    if (!options.abandon_on_cancel.set)
        co_return co_await detail::run_on_worker(to_thread_options{.pool = std::move(options.pool), .limiter = options.limiter},
                                                 std::move(f), std::move(args)...);
    using call_type = detail::thread_call<detail::thread_result_t<F, Args...>, F, Args...>;
    auto call = std::make_shared<call_type>(std::move(f), std::move(args)...);
    if (options.limiter.limiter) call->token = co_await options.limiter.limiter->acquire_on_behalf_of(call.get());
    co_await detail::worker_wait(detail::pool_of(std::move(options.pool)), std::shared_ptr<detail::worker_call>(call));
    co_return std::move(call->result).value();
}

}  // namespace hem
