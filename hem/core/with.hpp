// Scoped use of everything whose closing must be awaited: `with` opens, runs the body, and closes on every way out, in reverse order. The
// cleanup is shielded from outer cancellation for the run's default grace time (5 s). If body and cleanup both fail, the body's error leaves
// and the cleanup's is reported: the cause matters more than the aftermath.
//
//     co_await hem::with(rows(db), [&](auto& stream) -> hem::task<> { while (auto row = co_await stream.next()) use(*row); });
//     co_await hem::with(open_pool(), [&](pool& p) -> hem::task<> { ... });             // has task<> aclose()
//     co_await hem::finally(work(), [&]() -> hem::task<> { co_await undo(); });
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "hem/core/async_context.hpp"
#include "hem/core/async_generator.hpp"
#include "hem/core/cancel_scope.hpp"
#include "hem/core/gather.hpp"

namespace hem {

template <class R>
concept async_closable = requires(R& r) {
    { r.aclose() } -> std::same_as<task<>>;
};

namespace detail {

void report_cleanup_error(const std::exception_ptr& error);

// Runs a cleanup, shielded; its error leaves, unless an error of the body is on its way (then it is reported).
inline task<> run_cleanup(task<> cleanup, bool body_failed) {
    std::exception_ptr error;
    try {
        co_await shield(std::move(cleanup));
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) co_return;
    if (!body_failed) std::rethrow_exception(error);
    report_cleanup_error(error);
}

// The value of a body, or its error, kept while the cleanup runs.
template <class T>
task<outcome<T>> run_body(task<T> body) {
    outcome<T> result;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            result.set_value();
        } else {
            result.set_value(co_await std::move(body));
        }
    } catch (...) {
        result.set_error(std::current_exception());
    }
    co_return result;
}

template <class T>
task<T> body_then_cleanup(task<T> body, task<> cleanup) {
    auto result = co_await run_body(std::move(body));
    co_await run_cleanup(std::move(cleanup), !result.has_value());
    co_return std::move(result).value();
}
template <>
inline task<void> body_then_cleanup<void>(task<void> body, task<> cleanup) {
    auto result = co_await run_body(std::move(body));
    co_await run_cleanup(std::move(cleanup), !result.has_value());
    result.value();
}

template <class T, class F>
using generator_body_t = await_result_t<decltype(std::declval<F&>()(std::declval<generator_stream<T>&>()))>;

template <class T, class F>
HEM_CORO_WRAPPER auto call_with_context_value(F& body, typename async_context<T>::stored_type* value) {
    if constexpr (std::is_void_v<T>) {
        return body();
    } else {
        return body(*value);
    }
}

}  // namespace detail

// A generator: body(stream) with stream.next().
template <class T, class F>
auto with(async_generator<T> source, F body) -> task<detail::generator_body_t<T, F>> {
    generator_stream<T> stream(std::move(source));
    co_return co_await detail::body_then_cleanup(body(stream), stream.aclose());
}

// An async_context: body(value), or body() for async_context<>. If the coroutine swallows the body's error, the body's value is missing and
// usage_error is thrown unless the body returns nothing.
template <class T, class F>
auto with(async_context<T> context, F body)
    -> task<detail::await_result_t<decltype(detail::call_with_context_value<T>(body, static_cast<typename async_context<T>::stored_type*>(nullptr)))>> {
    using R = detail::await_result_t<decltype(detail::call_with_context_value<T>(body, static_cast<typename async_context<T>::stored_type*>(nullptr)))>;
    auto* value = co_await detail::context_access::enter(context);
    outcome<R> result = co_await detail::run_body(detail::call_with_context_value<T>(body, value));
    const bool swallowed = co_await shield(detail::context_access::leave(context, result.error()));
    if constexpr (std::is_void_v<R>) {
        if (!swallowed) result.value();
    } else {
        if (swallowed) throw usage_error("an async_context swallowed the error of a body that owed a value");
        co_return std::move(result).value();
    }
}

// A resource with `task<> aclose()`, moved in: body(resource).
template <async_closable R, class F>
auto with(R resource, F body) -> task<detail::await_result_t<decltype(body(resource))>> {
    co_return co_await detail::body_then_cleanup(body(resource), resource.aclose());
}
// A task that gives such a resource.
template <async_closable R, class F>
auto with(task<R> opening, F body) -> task<detail::await_result_t<decltype(body(std::declval<R&>()))>> {
    R resource = co_await std::move(opening);
    co_return co_await detail::body_then_cleanup(body(resource), resource.aclose());
}

// Calls `f(item)` for each item, in order; `f` is a plain function or gives a task, and stops the iteration by returning false.
template <class T, class F>
task<> for_each(async_generator<T> source, F f) {
    co_await with(std::move(source), [&f](generator_stream<T>& stream) -> task<> {
        while (auto item = co_await stream.next()) {
            using result = decltype(f(*std::move(item)));
            if constexpr (detail::is_task<result>) {
                if constexpr (std::is_void_v<detail::await_result_t<result>>) {
                    co_await f(*std::move(item));
                } else {
                    if (!co_await f(*std::move(item))) co_return;
                }
            } else if constexpr (std::is_void_v<result>) {
                f(*std::move(item));
            } else {
                if (!f(*std::move(item))) co_return;
            }
        }
    });
}

// All items of a generator.
template <class T>
task<std::vector<T>> collect(async_generator<T> source) {
    std::vector<T> items;
    co_await for_each(std::move(source), [&items](T item) { items.push_back(std::move(item)); });
    co_return items;
}

// Awaits `body`, then `cleanup()` on every way out. Needed because C++ forbids co_await in destructors and handlers.
template <detail::awaitable Body, class Cleanup>
auto finally(Body body, Cleanup cleanup) -> task<detail::await_result_t<Body>> {
    co_return co_await detail::body_then_cleanup(detail::as_task(std::move(body)), cleanup());
}

}  // namespace hem
