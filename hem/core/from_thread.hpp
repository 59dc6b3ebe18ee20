// Back to the loop from a function that to_thread runs: call a coroutine or a plain function there and wait for it, or ask whether the
// result is still wanted.
//
//     void index_file(const std::string& path) {                        // on a worker
//         for (auto& part : parts_of(path)) {
//             hem::from_thread::check_cancelled();
//             hem::from_thread::run(store, std::move(part));            // task<> store(part), on the loop
//         }
//     }
#pragma once

#include <memory>
#include <utility>

#include "hem/core/detail/worker_call.hpp"
#include "hem/core/is_thread_transferable.hpp"

namespace hem::from_thread {

// Runs the coroutine function `f(args...)` on the loop, in the scope and context of the task that waits for the worker's function, and
// blocks until it has ended. Gives its value or throws its error: task_cancelled if it was cancelled, run_finished if the loop has ended.
// usage_error on the loop's own thread, and outside of to_thread.
template <class F, class... Args>
auto run(F f, Args... args) -> detail::remote_value_t<F, Args...> {
    static_assert(!detail::remote_value<F, Args...>::plain,
                  "from_thread::run takes a coroutine function; a plain one goes to from_thread::run_sync");
    detail::check_transferable<Args...>();
    auto& call = detail::worker_call_for("from_thread::run()");
    auto result = detail::send_call(call.home(), detail::lasting_place(call), std::move(f), std::move(args)...);
    result->wait();
    return result->take();
}

// The same for a plain function.
template <class F, class... Args>
auto run_sync(F f, Args... args) -> detail::remote_value_t<F, Args...> {
    static_assert(detail::remote_value<F, Args...>::plain,
                  "from_thread::run_sync takes a plain function; a coroutine goes to from_thread::run");
    detail::check_transferable<Args...>();
    auto& call = detail::worker_call_for("from_thread::run_sync()");
    auto result = detail::send_call(call.home(), detail::lasting_place(call), std::move(f), std::move(args)...);
    result->wait();
    return result->take();
}

// Throws `cancelled`, with the reason, if the task that waits for this function was cancelled. Let it pass: it goes to that task.
// usage_error outside of to_thread.
void check_cancelled();

}  // namespace hem::from_thread
