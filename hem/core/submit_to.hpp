// `submit_to` runs a coroutine or a plain function as a task of another thread's loop and awaits its outcome here:
//
//     auto total = co_await hem::submit_to(counters_loop, add_up, std::move(numbers));
//
// A cancelled wait cancels that task and waits for its end. The task ends with the other loop's run at the latest; what comes later is
// refused with run_finished. Context variables go along.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "hem/core/detail/remote_call.hpp"
#include "hem/core/is_thread_transferable.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/task.hpp"

namespace hem {

namespace detail {

// The place of tasks that belong to a loop's run as a whole.
remote_place& room_for_guests() noexcept;

// Waits in a task for a call to another loop.
class remote_wait : public wait_node, public post_node {
public:
    explicit remote_wait(remote_result_base& result) noexcept;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    // True if the task there may have been cancelled for this one's sake.
    bool await_resume() const noexcept { return asked_; }

private:
    static bool abort(wait_node& node) noexcept;
    static bool keep(wait_node&) noexcept { return false; }  // it ran: its result counts
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    remote_result_base& result_;
    std::string where_;  // "loop 2"
    bool asked_ = false;
};

void throw_if_cancelled();

}  // namespace detail

// Runs `f(args...)` there. A cancel point until it is sent. The arguments must be fit to cross threads (is_thread_transferable).
template <class F, class... Args>
auto submit_to(loop_handle there, F f, Args... args) -> task<detail::remote_value_t<F, Args...>> {
    detail::check_transferable<Args...>();
    detail::throw_if_cancelled();
    auto result = detail::send_call(there.inbox(), detail::lasting_place(detail::room_for_guests()), std::move(f), std::move(args)...);
    const bool asked = co_await detail::remote_wait(*result);
    if (asked && result->result.is_cancelled()) detail::throw_if_cancelled();
    co_return result->take();
}

}  // namespace hem
