// What a child that is started with `task_group::start` reports through: that it is ready, and with what value.
//
//     hem::task<> serve(hem::task_status<int>& status, std::string host) {
//         listener socket = co_await listen(host);
//         status.started(socket.port());               // start() returns the port; from here on the child is the group's alone
//         ...
//     }
//     int port = co_await group.start(serve, "127.0.0.1");
#pragma once

#include <exception>
#include <utility>

#include "hem/core/cancelled.hpp"
#include "hem/core/detail/spawned_task.hpp"
#include "hem/core/outcome.hpp"

namespace hem {

namespace detail {

// How start() waits for its child. A cancellation of the caller is passed to the child, whose end the wait then lasts for.
class start_wait : public wait_node, private end_watcher {
public:
    start_wait() noexcept : wait_node(ops), end_watcher(on_end) {}
    ~start_wait() {
        if (end_watcher::linked()) end_watcher::unlink();
    }
    start_wait(const start_wait&) = delete;
    start_wait& operator=(const start_wait&) = delete;

    // The child, before this is awaited.
    void watch(spawned_base& child);
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() const noexcept {}

    // The child is ready or has ended: the caller goes on.
    void resolve() noexcept;
    // The caller was cancelled first: it is too late for started().
    bool given_up() const noexcept { return given_up_; }

private:
    // The child ended before it could resolve: there was no memory for its coroutine. Its outcome says so.
    static void on_end(end_watcher& watcher) noexcept { static_cast<start_wait&>(watcher).resolve(); }
    static bool abort(wait_node& node) noexcept;
    static bool revoke(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    spawned_base* child_ = nullptr;
    bool given_up_ = false;
};

template <class V>
struct start_state : start_wait {
    outcome<V> result;
};

struct start_access;

[[noreturn]] void throw_started_twice();
std::exception_ptr never_started_error();
std::exception_ptr stray_cancelled_error();
// Of a child that ended in a cancellation before it was ready.
[[noreturn]] void throw_start_cancelled();

}  // namespace detail

// Given to the child by reference; it lives as long as the child.
template <class V = void>
class task_status {
public:
    explicit task_status(detail::start_state<V>& state) noexcept : state_(&state) {}
    task_status(const task_status&) = delete;
    task_status& operator=(const task_status&) = delete;

    // Gives start() its value; not a checkpoint. A second call is usage_error. Without effect if the caller of start() was cancelled
    // before: then the child is cancelled, too.
    template <class... Args>
    void started(Args&&... args) {
        if (called_) detail::throw_started_twice();
        called_ = true;
        if (state_->given_up()) return;
        state_->result.set_value(std::forward<Args>(args)...);
        std::exchange(state_, nullptr)->resolve();
    }

private:
    friend struct detail::start_access;
    detail::start_state<V>* state_;
    bool called_ = false;
};

namespace detail {

struct start_access {
    // The child of start(): an error before started() belongs to the caller alone, what comes later to the group.
    template <class V, class F, class... Args>
    static task<> run(start_state<V>& state, F f, Args... args) {
        task_status<V> status(state);
        try {
            co_await f(status, static_cast<Args&&>(args)...);
        } catch (const cancelled&) {
            if (!status.state_) throw;
            // One that nothing cancelled is an error like others.
            if (current_task_header().scope->cancelled()) {
                finish(status, nullptr);
                throw;
            }
            finish(status, stray_cancelled_error());
        } catch (...) {
            if (!status.state_) throw;
            finish(status, std::current_exception());
        }
        if (status.state_) finish(status, state.given_up() ? nullptr : never_started_error());
    }

private:
    // Null: it was cancelled.
    template <class V>
    static void finish(task_status<V>& status, std::exception_ptr error) noexcept {
        auto& state = *std::exchange(status.state_, nullptr);
        if (error) {
            state.result.set_error(std::move(error));
        } else {
            state.result.set_cancelled();
        }
        state.resolve();
    }
};

// V of a callable whose first parameter is task_status<V>&.
template <class F>
struct started_value : started_value<decltype(&F::operator())> {};
template <class R, class V, class... Args>
struct started_value<R (*)(task_status<V>&, Args...)> {
    using type = V;
};
template <class R, class C, class V, class... Args>
struct started_value<R (C::*)(task_status<V>&, Args...) const> {
    using type = V;
};
template <class R, class C, class V, class... Args>
struct started_value<R (C::*)(task_status<V>&, Args...)> {
    using type = V;
};

}  // namespace detail
}  // namespace hem
