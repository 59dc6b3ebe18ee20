// async_context<T>: a coroutine that yields exactly once. What stands before the yield sets up, what follows tears down; the body of `with`
// runs in between and its error is thrown at the yield.
//
//     hem::async_context<connection> connected(std::string host) {
//         connection link = co_await connect(host);
//         co_yield link;                                   // by reference: the body gets connection&
//         co_await link.close();
//     }
//     co_await hem::with(connected("db"), [](connection& link) -> hem::task<> { ... });
#pragma once

#include <memory>

#include "hem/core/async_generator.hpp"

namespace hem {

namespace detail {
struct context_access;
}

template <class T = void>
class HEM_CORO_RETURN [[nodiscard("a context does nothing until it is opened: use with")]] async_context {
public:
    using value_type = T;
    using stored_type = std::conditional_t<std::is_void_v<T>, detail::unit, T>;

    struct promise_type : detail::generator_promise_base {
        promise_type(const std::source_location& where = std::source_location::current()) noexcept : generator_promise_base(where) {}
        async_context get_return_object() noexcept { return async_context(std::coroutine_handle<promise_type>::from_promise(*this)); }

        struct context_yield {
            promise_type& promise;
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return promise.hand_back(); }
            void await_resume() const {
                detail::running_frame = promise.handle();
                if (promise.thrown_in) std::rethrow_exception(std::exchange(promise.thrown_in, nullptr));
            }
        };
        context_yield yield_value(stored_type& value) noexcept {
            this->value = std::addressof(value);
            ++yields;
            return {*this};
        }
        context_yield yield_value(stored_type&& value) noexcept { return yield_value(value); }  // lives in the frame while suspended

        stored_type* value = nullptr;
        std::exception_ptr thrown_in;
        int yields = 0;
    };

    async_context(async_context&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    async_context& operator=(async_context&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~async_context() {
        if (!handle_) return;
        if (handle_.promise().exits) detail::drop_exits(handle_.promise(), "async_context");
        handle_.destroy();
    }

private:
    friend struct detail::context_access;
    explicit async_context(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

[[noreturn]] void throw_context_yields(int count);

// Opening and closing by hand, for `with` and for whoever keeps contexts open across calls (dependency graphs, lifespans).
struct context_access {
    template <class T>
    struct step_awaiter {
        std::coroutine_handle<typename async_context<T>::promise_type> handle;
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> consumer) const noexcept {
            static_assert(std::is_base_of_v<promise_base, Promise>, "a context is used in a coroutine of Hem");
            if (!handle.promise().started()) handle.promise().start();
            handle.promise().continuation = consumer;
            return handle;
        }
        void await_resume() const {
            auto& promise = handle.promise();
            if (promise.error) std::rethrow_exception(std::exchange(promise.error, nullptr));
        }
    };

    // Runs to the yield; the yielded object lives until leave(). usage_error if the coroutine ends without a yield.
    template <class T>
    static task<typename async_context<T>::stored_type*> enter(async_context<T>& context) {
        co_await step_awaiter<T>{context.handle_};
        if (context.handle_.done()) throw_context_yields(0);
        co_return context.handle_.promise().value;
    }
    // Runs from the yield to the end; `error`, if any, is thrown at the yield. Gives true if the coroutine swallowed it. What the coroutine
    // throws, the error itself included, leaves. Does nothing when the context has ended.
    template <class T>
    static task<bool> leave(async_context<T>& context, std::exception_ptr error) {
        auto handle = context.handle_;
        if (!handle || handle.done() || !handle.promise().started()) co_return false;
        const bool failed = error != nullptr;
        handle.promise().thrown_in = std::move(error);
        co_await step_awaiter<T>{handle};
        if (!handle.done()) throw_context_yields(2);
        co_return failed;
    }
};

}  // namespace detail
}  // namespace hem
