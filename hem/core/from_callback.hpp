// `from_callback` turns an operation that calls back into something to await:
//
//     auto reply = co_await hem::from_callback<std::string>([&](hem::resolver<std::string> resolve) {
//         client.ask(question, [resolve = std::move(resolve)](std::string text) mutable { resolve(std::move(text)); });
//     });
//
// The resolver is called once, with a value or with an error (std::exception_ptr), from any thread. A second call is ignored and reported;
// a resolver that is destroyed without a call gives broken_resource.
//
// A cancelled wait leaves at once, and what the resolver is given later is dropped. If the function takes a std::stop_token as a second
// parameter, the cancellation asks the operation to stop through it, and the wait lasts until the resolver is called: for operations that
// use memory of the caller.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/outcome.hpp"
#include "hem/core/task.hpp"

namespace hem {

namespace detail {

// What the resolver and the waiting task share, without the value.
class callback_core : public post_node, public std::enable_shared_from_this<callback_core> {
public:
    callback_core() noexcept;
    callback_core(const callback_core&) = delete;
    callback_core& operator=(const callback_core&) = delete;

    // Any thread. True for the first one, who then stores the result and calls `publish`.
    bool claim() noexcept { return !claimed_.exchange(true, std::memory_order_acq_rel); }
    void publish() noexcept;
    void report_second_call() const noexcept;
    // The resolver goes without a call: the error for who waits, and of no interest to who has left.
    std::exception_ptr drop_unresolved();

    // The wait then lasts until the resolver is called; a cancellation only asks.
    std::stop_token make_stop_token() { return stop_.emplace().get_token(); }

    // The waiting task.
    class wait : public wait_node {
    public:
        explicit wait(callback_core& core) noexcept : wait_node(ops), core_(core) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        void await_resume();

    private:
        friend class callback_core;
        static bool abort(wait_node& node) noexcept;
        static bool keep(wait_node&) noexcept { return false; }  // what has come counts
        static wait_target target(const wait_node& node) noexcept;
        static const wait_ops ops;
        callback_core& core_;
    };

protected:
    virtual ~callback_core() = default;
    virtual std::exception_ptr error() const noexcept = 0;

private:
    struct stop_post : post_node {
        std::shared_ptr<callback_core> core;
    };
    void arrived() noexcept;
    void ask_to_stop() noexcept;
    kernel& loop_;
    std::shared_ptr<inbox> home_;
    std::shared_ptr<callback_core> keep_;  // on the way home
    wait* waiter_ = nullptr;               // loop's side
    bool here_ = false;                    // the result is, for the loop
    bool left_ = false;                    // the wait was cancelled
    bool dropped_ = false;                 // the resolver was never called
    std::optional<std::stop_source> stop_;
    stop_post stop_post_;  // stop callbacks run in the loop, not inside cancel()
    std::atomic<bool> claimed_{false};
};

template <class T>
class callback_state final : public callback_core {
public:
    outcome<T> result;

private:
    std::exception_ptr error() const noexcept override { return result.error(); }
};

void throw_if_cancelled();

}  // namespace detail

// Ends one from_callback. Move-only; may be called and destroyed on any thread.
template <class T = void>
class resolver {
public:
    resolver(resolver&& other) noexcept = default;
    resolver& operator=(resolver&& other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~resolver() {
        if (state_ && state_->claim()) finish([this] { state_->result.set_error(state_->drop_unresolved()); });
    }

    // The value. `resolve()` if there is none.
    template <class... U>
        requires(sizeof...(U) == (std::is_void_v<T> ? 0 : 1)) && (!std::is_same_v<std::remove_cvref_t<U>, std::exception_ptr> && ...)
    void operator()(U&&... value) {
        if (!state_->claim()) return state_->report_second_call();
        finish([&] { state_->result.set_value(std::forward<U>(value)...); });
    }
    // An error, thrown in the task that waits.
    void operator()(std::exception_ptr error) noexcept {
        if (!state_->claim()) return state_->report_second_call();
        finish([&] { state_->result.set_error(std::move(error)); });
    }

private:
    template <class U, class F>
    friend task<U> from_callback(F f);
    explicit resolver(std::shared_ptr<detail::callback_state<T>> state) noexcept : state_(std::move(state)) {}
    template <class Store>
    void finish(Store store) noexcept {
        try {
            store();
        } catch (...) {
            state_->result.set_error(std::current_exception());
        }
        state_->publish();
    }
    std::shared_ptr<detail::callback_state<T>> state_;
};

// Calls `f(resolver)`, or `f(resolver, stop_token)`, and waits for the resolver. An error that `f` throws leaves at once. A cancel point.
template <class T = void, class F>
task<T> from_callback(F f) {
    detail::throw_if_cancelled();
    auto state = std::make_shared<detail::callback_state<T>>();
    if constexpr (requires(resolver<T> r, std::stop_token token) { f(std::move(r), std::move(token)); }) {
        f(resolver<T>(state), state->make_stop_token());
    } else {
        f(resolver<T>(state));
    }
    co_await detail::callback_core::wait(*state);
    co_return std::move(state->result).value();
}

}  // namespace hem
