// Threads for what blocks or computes: `to_thread` runs a function there and gives its result back to the loop.
//
//     auto thumb = co_await hem::to_thread(render_thumbnail, std::move(bytes));
//
// A cancelled call that has not begun is withdrawn; one that runs is waited for, its result is given, and the next await throws. The function
// may end itself early with from_thread::check_cancelled(). Context variables go along.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/is_spawn_safe.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct worker_pool_options {
    std::size_t threads = 40;  // at most so many, started when needed
    std::string name = "hem-worker";
};

namespace detail {
class pool_core;

// One call on its way to a worker and back. Lies in the awaiting coroutine's frame.
class thread_job : public wait_node, public post_node {
public:
    thread_job(std::shared_ptr<pool_core> pool);
    thread_job(thread_job&&) = delete;

    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() {
        if (!done) end_wait(*this);  // a result beats a cancellation that came later
    }

    thread_job* next_job = nullptr;
    std::shared_ptr<inbox> home;
    context_pointer context;
    std::atomic<bool> cancel_requested{false};
    bool done = false;

    virtual void execute() noexcept = 0;  // on the worker

protected:
    ~thread_job() = default;

private:
    static bool abort(wait_node& node) noexcept;
    static bool keep(wait_node&) noexcept { return false; }
    static const wait_ops ops;
    std::shared_ptr<pool_core> pool_;
};

template <class R, class F, class... Args>
class thread_call final : public thread_job {
public:
    thread_call(std::shared_ptr<pool_core> pool, F& f, std::tuple<Args...>& args) noexcept
        : thread_job(std::move(pool)), f_(f), args_(args) {}
    outcome<R> result;

private:
    void execute() noexcept override {
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
    F& f_;
    std::tuple<Args...>& args_;
};

template <class F, class... Args>
using thread_result_t = decltype(std::declval<F>()(std::declval<Args>()...));

std::shared_ptr<pool_core> make_pool(worker_pool_options options);
std::shared_ptr<pool_core> default_pool();
void stop_pool(pool_core& pool) noexcept;  // blocks until its threads have ended

}  // namespace detail

// Whether a value may cross to another thread. Specialise for loop-bound types of your own.
template <class T>
inline constexpr bool is_thread_transferable = is_spawn_safe<T>;

struct worker_pool_statistics {
    std::size_t threads;  // started
    std::size_t running;  // jobs
    std::size_t waiting;  // jobs
};

class worker_pool {
public:
    explicit worker_pool(worker_pool_options options = {});
    worker_pool(worker_pool&& other) noexcept = default;
    worker_pool& operator=(worker_pool&&) = delete;
    // Blocks until running jobs have ended; `with` closes without blocking.
    ~worker_pool();

    // Refuses new work, waits for what was submitted. What still runs after `limit` is reported with the pool's name.
    task<> close(duration limit = std::chrono::seconds(5));
    task<> aclose() { co_await close(); }
    worker_pool_statistics statistics() const;

private:
    friend struct to_thread_options;
    std::shared_ptr<detail::pool_core> core_;
};

struct to_thread_options {
    to_thread_options() noexcept = default;
    to_thread_options(const worker_pool& on) noexcept : pool(on.core_) {}  // NOLINT(google-explicit-constructor)
    std::shared_ptr<detail::pool_core> pool;
};

// Runs `f(args...)` on a worker and gives its value or error. Arguments are moved in; references are written std::ref (the caller waits).
// A cancel point until the job begins.
template <class F, class... Args>
    requires(!std::is_convertible_v<F, to_thread_options>)
auto to_thread(F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    static_assert((is_thread_transferable<Args> && ...),
                  "an argument is a raw pointer, a view or bound to its loop: move the value in, or pass std::ref");
    using R = detail::thread_result_t<F, Args...>;
    std::tuple<Args...> kept(std::move(args)...);
    detail::thread_call<R, F, Args...> call(detail::default_pool(), f, kept);
    co_await static_cast<detail::thread_job&>(call);
    co_return std::move(call.result).value();
}
template <class F, class... Args>
auto to_thread(to_thread_options options, F f, Args... args) -> task<detail::thread_result_t<F, Args...>> {
    static_assert((is_thread_transferable<Args> && ...),
                  "an argument is a raw pointer, a view or bound to its loop: move the value in, or pass std::ref");
    using R = detail::thread_result_t<F, Args...>;
    std::tuple<Args...> kept(std::move(args)...);
    detail::thread_call<R, F, Args...> call(options.pool ? options.pool : detail::default_pool(), f, kept);
    co_await static_cast<detail::thread_job&>(call);
    co_return std::move(call.result).value();
}

namespace from_thread {
// On a worker, inside a to_thread call: throws `cancelled` if the task that waits for the call was cancelled. usage_error elsewhere.
void check_cancelled();
}  // namespace from_thread

}  // namespace hem
