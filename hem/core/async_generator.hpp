// async_generator<T>: a coroutine that yields a sequence and may await in between. It runs in its consumer's task and only as far as items
// are asked for. It is iterated inside `with`, `for_each` or `collect`, so its cleanup has ended when they return or throw:
//
//     hem::async_generator<row> rows(database& db) { ... co_yield row; ... }
//     co_await hem::with(rows(db), [&](auto& stream) -> hem::task<> {
//         while (auto item = co_await stream.next()) use(*item);
//     });
//
// Stopping half way throws generator_exit at the yield. A yield inside a cancel scope, timeout or group that the generator opened is
// usage_error (PEP 789): the consumer's code would run inside that scope.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem {

// Thrown at the yield of a generator that is closed half way. Like `cancelled` it derives from nothing; let it pass.
class generator_exit {};

template <class T>
class async_generator;
template <class T>
class generator_stream;

namespace detail {

struct generator_promise_base : promise_base {
    using promise_base::promise_base;

    std::suspend_always initial_suspend(std::size_t frame_bytes = HEM_FRAME_BYTES) const noexcept {
        note_frame(frame_bytes);
        return {};
    }
    struct end_awaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
            generator_promise_base& promise = handle.promise();
            if (promise.exits) [[unlikely]]
                return begin_exits(promise, std::exchange(promise.continuation, {}));
            return promise.hand_back();
        }
        void await_resume() const noexcept {}
    };
    end_awaiter final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept {
        try {
            throw;
        } catch (const generator_exit&) {
        } catch (...) {
            error = std::current_exception();
        }
    }
    template <class Awaitable>
    Awaitable&& await_transform(Awaitable&& awaitable, const std::source_location& where = std::source_location::current()) noexcept {
        awaiting = where;
        return static_cast<Awaitable&&>(awaitable);
    }

    // At a yield: hands the item over and waits for the next step.
    struct yield_awaiter {
        generator_promise_base& promise;
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return promise.hand_back(); }
        void await_resume() const {
            running_frame = promise.handle();
            if (promise.closing) throw generator_exit();
        }
    };
    // The consumer goes on.
    std::coroutine_handle<> hand_back() noexcept {
        running_frame = continuation;
        return std::exchange(continuation, {});
    }
    // Throws at the yield if it may not be here.
    void check_yield() const;

    std::exception_ptr error;
    scope_state* step_scope = nullptr;
    bool closing = false;
    bool stepping = false;
};

[[noreturn]] void throw_generator_busy();

}  // namespace detail

template <class T>
class HEM_CORO_RETURN [[nodiscard("a generator does nothing until it is iterated: use with, for_each or collect")]] async_generator {
    static_assert(std::is_object_v<T>, "a generator yields values");

public:
    using value_type = T;
    struct promise_type : detail::generator_promise_base {
        promise_type(const std::source_location& where = std::source_location::current()) noexcept : generator_promise_base(where) {}
        async_generator get_return_object() noexcept { return async_generator(std::coroutine_handle<promise_type>::from_promise(*this)); }
        template <class U>
            requires std::is_convertible_v<U&&, T>
        yield_awaiter yield_value(U&& value) {
            check_yield();
            item.emplace(std::forward<U>(value));
            return yield_awaiter{*this};
        }
        std::optional<T> item;
    };

    async_generator(async_generator&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    async_generator& operator=(async_generator&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~async_generator() {
        if (!handle_) return;
        if (handle_.promise().exits) detail::drop_exits(handle_.promise(), "generator");
        handle_.destroy();
    }

private:
    friend class generator_stream<T>;
    explicit async_generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

// What `with` gives its body for a generator.
template <class T>
class generator_stream {
    using handle_type = std::coroutine_handle<typename async_generator<T>::promise_type>;

    struct step_awaiter {
        handle_type generator;
        bool await_ready() const noexcept { return !generator || generator.done(); }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> consumer) const {
            static_assert(std::is_base_of_v<detail::promise_base, Promise>, "a generator is iterated in a coroutine of Hem");
            auto& promise = generator.promise();
            if (promise.stepping) detail::throw_generator_busy();
            promise.stepping = true;
            if (!promise.started()) promise.start();
            promise.step_scope = detail::current_task_header().scope;
            promise.continuation = consumer;
            return generator;
        }
        std::optional<T> await_resume() const {
            if (!generator) return std::nullopt;
            auto& promise = generator.promise();
            promise.stepping = false;
            if (promise.error) std::rethrow_exception(std::exchange(promise.error, nullptr));
            if (generator.done()) return std::nullopt;
            return std::exchange(promise.item, std::nullopt);
        }
    };

public:
    explicit generator_stream(async_generator<T> source) noexcept : source_(std::move(source)) {}

    // Runs the generator to its next yield: the item, empty after the end, or the error that it met. Not a checkpoint by itself; what the
    // generator awaits is.
    [[nodiscard("not awaited: write co_await")]] step_awaiter next() noexcept { return step_awaiter{source_.handle_}; }

    // Ends a generator that was left half way; does nothing when it has ended. `with` calls it.
    task<> aclose() {
        auto handle = source_.handle_;
        if (!handle || handle.done()) co_return;
        auto& promise = handle.promise();
        if (!promise.started()) {
            promise.skip();  // nothing ran, nothing is to be cleaned up
            co_return;
        }
        promise.closing = true;
        const auto left_over = co_await step_awaiter{handle};
        if (left_over) throw usage_error("a generator yielded again while it was being closed");
    }

private:
    async_generator<T> source_;
};

}  // namespace hem
