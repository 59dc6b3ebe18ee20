// task<T>: a lazy, move-only coroutine. Nothing of it runs until it is awaited or handed to a combinator; it is awaited once, as an rvalue,
// and runs in its awaiter's task, scope and context. Its result or error goes to the awaiter.
//
//     hem::task<int> answer() { co_return 42; }
//     hem::task<> use() { int n = co_await answer(); }
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include "hem/core/detail/frame_pool.hpp"
#include "hem/core/outcome.hpp"

#if defined(__clang__) && !defined(HEM_RELAXED_TASKS)
#define HEM_CORO_RETURN [[clang::coro_return_type]] [[clang::coro_lifetimebound]]
#define HEM_CORO_WRAPPER [[clang::coro_wrapper]]
#else
#define HEM_CORO_RETURN
#define HEM_CORO_WRAPPER
#endif
// As the default argument of a promise's function: the size of its coroutine's frame, a constant.
#if __has_builtin(__builtin_coro_size)
#define HEM_FRAME_BYTES __builtin_coro_size()
#else
#define HEM_FRAME_BYTES 0
#endif

namespace hem {

template <class T = void>
class task;

namespace detail {

struct exit_chain;
extern exit_chain not_started;  // only its address means something

// The coroutine that runs on this thread now, null outside of any: with `continuation` the whole asynchronous stack, readable at any
// instant, by a signal handler too. A coroutine sets it when it starts or goes on, and sets it back when it hands over.
extern constinit thread_local std::coroutine_handle<> running_frame;

// False in sanitizers and unoptimised builds, which blow frames up: there their sizes say nothing.
bool frame_sizes_count() noexcept;

struct promise_base;
// A place that makes many large frames is reported, once per loop.
void note_large_frame(const promise_base& promise, std::size_t bytes) noexcept;

// What every coroutine of Hem has in front of its promise, so that the chain of awaiting coroutines can be walked from handles alone.
struct promise_base {
    explicit promise_base(const std::source_location& where) noexcept : created(where) {}

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::deallocate(memory, bytes); }

    std::coroutine_handle<> continuation;  // who awaits; null for the coroutine that a task began with
    std::source_location created;          // the coroutine's function
    std::source_location awaiting{};       // where it awaits now
    exit_chain* exits = &not_started;      // cleanups that scope_exit registered; the mark until the coroutine starts

    // The promise behind a coroutine of Hem.
    static promise_base& of(std::coroutine_handle<> handle) noexcept {
        return std::coroutine_handle<promise_base>::from_address(handle.address()).promise();
    }

    bool started() const noexcept { return exits != &not_started; }
    std::coroutine_handle<> handle() noexcept { return std::coroutine_handle<promise_base>::from_promise(*this); }
    // To be resumed now for the first time.
    void start() noexcept {
        exits = nullptr;
        running_frame = handle();
    }
    // Decided not to run: destroyed without a report.
    void skip() noexcept { exits = nullptr; }

    // What a frame may have before it counts as large.
    static constexpr std::size_t large = 1024;
    // The size is a constant of each coroutine, so only those with large frames ask.
    void note_frame(std::size_t bytes) const noexcept {
        if (bytes > large) [[unlikely]]
            note_large_frame(*this, bytes);
    }
};

// Called in the final suspend of a coroutine that nobody awaits: its task is done.
void root_finished(promise_base& promise) noexcept;
// The first of the coroutine's cleanups, to be resumed in its final suspend; the last one resumes `then`, or ends the task if that is null.
std::coroutine_handle<> begin_exits(promise_base& promise, std::coroutine_handle<> then) noexcept;
// Before a frame is destroyed whose `exits` are not null: it never ran, which is reported, or its cleanups' frames go with it.
void drop_exits(promise_base& promise, const char* what) noexcept;
[[noreturn]] void throw_empty_task();

struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
        promise_base& promise = handle.promise();
        if (promise.exits) [[unlikely]]
            return begin_exits(promise, promise.continuation);
        if (promise.continuation) [[likely]] {
            running_frame = promise.continuation;
            return promise.continuation;
        }
        root_finished(promise);
        return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
};

template <class T>
class task_promise;

template <class T>
struct task_awaiter {
    std::coroutine_handle<task_promise<T>> child;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) const noexcept {
        static_assert(std::is_base_of_v<promise_base, Promise>,
                      "a task is awaited in a coroutine of Hem: write one that returns hem::task");
        child.promise().continuation = awaiting;
        child.promise().start();
        return child;
    }
    T await_resume() const { return child.promise().take(); }
};

struct task_promise_base : promise_base {
    using promise_base::promise_base;

    std::suspend_always initial_suspend(std::size_t frame_bytes = HEM_FRAME_BYTES) const noexcept {
        note_frame(frame_bytes);
        return {};
    }
    final_awaiter final_suspend() const noexcept { return {}; }

    template <class Awaitable>
    Awaitable&& await_transform(Awaitable&& awaitable, const std::source_location& where = std::source_location::current()) noexcept {
        awaiting = where;
        return static_cast<Awaitable&&>(awaitable);
    }
};

template <class T>
class task_promise : public task_promise_base {
    static_assert(std::is_object_v<T> || std::is_lvalue_reference_v<T>, "a task gives a value, an lvalue reference or nothing");
    static_assert(!std::is_object_v<T> || alignof(T) <= 2 * sizeof(void*), "results of tasks may not be over-aligned: return a unique_ptr");

public:
    task_promise(const std::source_location& where = std::source_location::current()) noexcept : task_promise_base(where) {}

    task<T> get_return_object() noexcept;
    template <class U = T>
        requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            result.set_first_value(std::addressof(value));
        } else {
            result.set_first_value(std::forward<U>(value));
        }
    }
    void unhandled_exception() noexcept { result.set_error(std::current_exception()); }
    T take() { return static_cast<T>(std::move(result).value()); }

    outcome<T> result;
};

template <>
class task_promise<void> : public task_promise_base {
public:
    task_promise(const std::source_location& where = std::source_location::current()) noexcept : task_promise_base(where) {}

    task<void> get_return_object() noexcept;
    void return_void() noexcept { result.set_first_value(); }
    void unhandled_exception() noexcept { result.set_error(std::current_exception()); }
    void take() { result.value(); }

    outcome<void> result;
};

struct task_access;

}  // namespace detail

template <class T>
class HEM_CORO_RETURN [[nodiscard("nothing runs until this task is awaited: write co_await, or pass the function to create_task")]] task {
public:
    using promise_type = detail::task_promise<T>;
    using value_type = T;

    task() noexcept = default;
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~task() { destroy(); }

    // Runs the coroutine in the awaiting task and gives its result. No checkpoint by itself. Throws usage_error if the task was moved from.
    auto operator co_await() && {
        if (!handle_) [[unlikely]]
            detail::throw_empty_task();
        return detail::task_awaiter<T>{handle_};
    }
    auto operator co_await() & = delete("a task is awaited once: write co_await std::move(the_task)");

    explicit operator bool() const = delete("co_await the task first");
    template <class Number>
        requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
    operator Number() const = delete("co_await the task first");
    template <class Other>
    bool operator==(const Other&) const = delete("co_await the task first: this would compare a task, not its result");
    template <class Stream>
    friend Stream& operator<<(Stream&, const task&) = delete("co_await the task first: this would print a task, not its result");

private:
    friend class detail::task_promise<T>;
    friend struct detail::task_access;
    explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    void destroy() noexcept {
        if (!handle_) return;
        if (handle_.promise().exits) [[unlikely]]
            detail::drop_exits(handle_.promise(), "task");
        handle_.destroy();
    }
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
inline task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

// For combinators, which start tasks themselves.
struct task_access {
    template <class T>
    static std::coroutine_handle<task_promise<T>> handle(const task<T>& t) noexcept {
        return t.handle_;
    }
    // Destroys an unstarted task without a report: something decided that it shall not run.
    template <class T>
    static void discard(task<T>& t) noexcept {
        if (t.handle_) t.handle_.promise().skip();
        t = task<T>();
    }
};

// Awaits `t` and gives its result where it lies, in the coroutine's frame: valid while `t` lives, without a move.
template <class T>
struct in_place_awaiter : task_awaiter<T> {
    T& await_resume() const { return this->child.promise().result.value(); }
};
template <class T>
in_place_awaiter<T> in_place(task<T>& t) {
    const auto child = task_access::handle(t);
    if (!child) [[unlikely]]
        throw_empty_task();
    return {{child}};
}

// ---- what co_await gives ----------------------------------------------------------------------------------------------------------------

template <class A>
concept has_member_co_await = requires(A&& a) { static_cast<A&&>(a).operator co_await(); };
template <class A>
concept is_awaiter = requires(A& a) {
    a.await_ready();
    a.await_resume();
};
template <class A>
concept awaitable = has_member_co_await<A> || is_awaiter<A>;

template <class A>
struct await_result;
template <has_member_co_await A>
struct await_result<A> {
    using type = decltype(std::declval<A&&>().operator co_await().await_resume());
};
template <class A>
    requires(!has_member_co_await<A> && is_awaiter<A>)
struct await_result<A> {
    using type = decltype(std::declval<std::remove_reference_t<A>&>().await_resume());
};
template <class A>
using await_result_t = typename await_result<A>::type;

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

// Any awaitable as a task, so that combinators deal with one kind only.
template <class T>
HEM_CORO_WRAPPER task<T> as_task(task<T> t) {
    return t;
}
template <class A>
    requires(!is_task<std::remove_cvref_t<A>>)
task<await_result_t<A>> as_task(A awaitable) {
    co_return co_await std::move(awaitable);
}

}  // namespace detail
}  // namespace hem
