// A way into a loop for threads that are none of Hem's: any of them may call coroutines and functions there, blocking or not.
//
//     co_await hem::with(hem::blocking_portal(), [](hem::blocking_portal& portal) -> hem::task<> {
//         foreign::client client([portal](std::string line) { portal.call(handle_line, std::move(line)); });
//         co_await client_is_done.wait();
//     });
//
//     auto portal = hem::start_blocking_portal();      // a program without a loop: brings one along, on a thread of its own
//     int answer = portal.call(ask, "..."s);
//
// Calls run as tasks inside the `with`. When its body has ended, later calls are refused with closed_resource; tasks of earlier ones are
// cancelled and joined. Copies of a portal are the same portal and may outlive it.
#pragma once

#include <memory>
#include <utility>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/remote_call.hpp"
#include "hem/core/is_thread_transferable.hpp"
#include "hem/core/run.hpp"
#include "hem/core/task.hpp"
#include "hem/core/with.hpp"

namespace hem {

namespace detail {

class portal_core final : public remote_place {
public:
    portal_core();
    const std::shared_ptr<inbox>& target() const noexcept { return target_; }
    // On the loop. While it is open other threads may wake the loop, so a loop where nothing can run waits for them.
    void open(group_core& group);
    void close() noexcept;
    void admit(kernel& loop, task_header& child) override;
    void child_ended(task_header&) noexcept override {}  // the group was told

private:
    std::shared_ptr<inbox> target_;
    group_core* group_ = nullptr;
};

[[noreturn]] void throw_portal_timeout(duration limit);

}  // namespace detail

// A call that a portal runs. Dropping it neither stops nor loses the call; an error that nobody asked for is reported.
template <class T>
class portal_call {
public:
    // Blocks until the call has ended; gives its value once, or throws its error (task_cancelled if it was cancelled). usage_error on a
    // thread that runs a loop.
    T get() {
        result_->wait();
        return result_->take();
    }
    // The same; timeout_error after `limit`. The call goes on then.
    template <class Rep, class Period>
    T get(std::chrono::duration<Rep, Period> limit) {
        const auto bound = detail::to_duration(limit);
        if (!result_->wait_within(bound)) detail::throw_portal_timeout(bound);
        return result_->take();
    }
    bool done() const noexcept { return result_->done(); }
    // Asks the call to end; get() then tells how it ended. Never blocks.
    void cancel(std::string reason = {}) noexcept { result_->request_cancel(std::move(reason)); }

    // Nobody will ask for the result: an error of it is not reported.
    void forget() noexcept { result_->forget(); }

private:
    friend class blocking_portal;
    explicit portal_call(std::shared_ptr<detail::remote_result<T>> result) noexcept : result_(std::move(result)) {}
    std::shared_ptr<detail::remote_result<T>> result_;
};

class blocking_portal {
public:
    // For the running loop; takes calls while `with` runs its body.
    blocking_portal();

    // Runs the coroutine or plain function `f(args...)` on the loop, blocks this thread until it has ended and gives its value or throws
    // its error. closed_resource if the portal was closed, run_finished if its loop has ended, usage_error on a thread that runs a loop.
    template <class F, class... Args>
    auto call(F f, Args... args) const -> detail::remote_value_t<F, Args...> {
        return submit(std::move(f), std::move(args)...).get();
    }
    // The same without waiting.
    template <class F, class... Args>
    auto submit(F f, Args... args) const -> portal_call<detail::remote_value_t<F, Args...>> {
        detail::check_transferable<Args...>();
        return portal_call<detail::remote_value_t<F, Args...>>(detail::send_call(core_->target(), core_, std::move(f), std::move(args)...));
    }

private:
    template <class F>
    friend auto with(blocking_portal portal, F body) -> task<detail::await_result_t<decltype(body(portal))>>;
    std::shared_ptr<detail::portal_core> core_;
};

// Opens the portal, runs `body(portal)`, closes it: tasks of calls that still run are cancelled and waited for.
template <class F>
auto with(blocking_portal portal, F body) -> task<detail::await_result_t<decltype(body(portal))>> {
    detail::group_core group(detail::child_errors::isolate);
    group.enter();
    portal.core_->open(group);
    auto result = co_await detail::run_body(body(portal));
    portal.core_->close();
    group.scope.cancel({.kind = cancel_kind::shutdown, .text = "the portal was closed", .task = {}});
    co_await group.wait_for_children();
    if constexpr (std::is_void_v<detail::await_result_t<decltype(body(portal))>>) {
        result.value();
    } else {
        co_return std::move(result).value();
    }
}

// A portal with a loop and a thread of its own.
class portal_thread {
public:
    portal_thread(portal_thread&&) noexcept;
    portal_thread& operator=(portal_thread&&) = delete;
    // Closes; an error of the loop that leaves there is reported.
    ~portal_thread();

    template <class F, class... Args>
    auto call(F f, Args... args) const -> detail::remote_value_t<F, Args...> {
        return portal().call(std::move(f), std::move(args)...);
    }
    template <class F, class... Args>
    auto submit(F f, Args... args) const -> portal_call<detail::remote_value_t<F, Args...>> {
        return portal().submit(std::move(f), std::move(args)...);
    }
    const blocking_portal& portal() const noexcept;
    // Its loop, for submit_to.
    loop_handle handle() const noexcept;

    // Cancels and joins what runs there, ends the loop, joins the thread. Throws what ended the loop, if that was an error. May be
    // repeated.
    void close();

private:
    friend portal_thread start_blocking_portal(run_options options);
    struct state;
    explicit portal_thread(std::unique_ptr<state> started) noexcept;
    std::unique_ptr<state> state_;
};

// Starts the thread and returns when its loop takes calls. SIGINT is not handled there: signals belong to the main thread.
[[nodiscard("the portal closes at once: keep it in a variable")]] portal_thread start_blocking_portal(run_options options = {});

}  // namespace hem
