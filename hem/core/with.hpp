// Scoped use of everything whose closing must be awaited: `with` opens, runs the body, and closes on every way out, in reverse order. The
// cleanup is shielded from outer cancellation for the run's default grace time (5 s). If body and cleanup both fail, the body's error
// leaves and the cleanup's is reported: the cause matters more than the aftermath.
//
//     co_await hem::with(rows(db), [&](auto& stream) -> hem::task<> { while (auto row = co_await stream.next()) use(*row); });
//     co_await hem::with(open_pool(), [&](pool& p) -> hem::task<> { ... });             // has task<> aclose()
//     co_await hem::finally(work(), [&]() -> hem::task<> { co_await undo(); });
#pragma once

#include <concepts>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "hem/core/async_context.hpp"
#include "hem/core/async_generator.hpp"
#include "hem/core/cancel_scope.hpp"
#include "hem/core/gather.hpp"
#include "hem/core/queue.hpp"

namespace hem {

template <class R>
concept async_closable = requires(R& r) {
    { r.aclose() } -> std::same_as<task<>>;
};

// What `next()` can be called on: a task or awaitable that gives an optional, empty at the end.
template <class S>
concept async_stream = requires(S& s) {
    s.next();
    requires requires(detail::await_result_t<decltype(s.next())> item) {
        *item;
        bool(item);
    };
};

namespace detail {

// What the body of `with` gets for a source. A source of another kind names it as `stream_type`.
template <class Source>
struct opened {
    using type = Source;
};
template <class T>
struct opened<async_generator<T>> {
    using type = generator_stream<T>;
};
template <class T>
struct opened<async_context<T>> {
    using type = T;
};
template <class R>
struct opened<task<R>> {
    using type = R;
};
template <class Source>
    requires requires { typename Source::stream_type; }
struct opened<Source> {
    using type = typename Source::stream_type;
};
template <class Source>
using opened_t = typename opened<Source>::type;

template <class Source>
using item_t = std::remove_cvref_t<decltype(*std::declval<await_result_t<decltype(std::declval<opened_t<Source>&>().next())>>())>;

}  // namespace detail

// What `with`, `for_each` and `collect` take over and iterate: a generator, or a stream that is closed afterwards. A queue is iterated by
// reference: it belongs to whoever made it.
template <class Source>
concept stream_source = std::move_constructible<Source> && async_stream<detail::opened_t<Source>>;

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
auto with(async_context<T> context, F body) -> task<detail::await_result_t<
    decltype(detail::call_with_context_value<T>(body, static_cast<typename async_context<T>::stored_type*>(nullptr)))>> {
    using R = detail::await_result_t<decltype(detail::call_with_context_value<T>(
        body, static_cast<typename async_context<T>::stored_type*>(nullptr)))>;
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

// A queue: body(queue), with queue.next(). It stays open, because others may take from it.
template <class T, class Store, class F>
auto with(detail::basic_queue<T, Store>& source, F body) -> task<detail::await_result_t<decltype(body(source))>> {
    co_return co_await body(source);
}

namespace detail {

template <class Tuple, std::size_t... I>
using with_all_t = await_result_t<decltype(std::declval<std::tuple_element_t<sizeof...(I), Tuple>&>()(
    std::declval<opened_t<std::tuple_element_t<I, Tuple>>&>()...))>;

// Opens the sources from number sizeof...(Opened) on.
template <class R, class Tuple, class... Opened>
task<R> with_from(Tuple& all, Opened&... opened) {
    constexpr std::size_t at = sizeof...(Opened);
    if constexpr (at + 1 == std::tuple_size_v<Tuple>) {
        co_return co_await std::get<at>(all)(opened...);
    } else {
        co_return co_await with(std::move(std::get<at>(all)),
                                [&](auto& next) -> task<R> { co_return co_await with_from<R>(all, opened..., next); });
    }
}
template <std::size_t... I, class Tuple>
task<with_all_t<Tuple, I...>> with_all(std::index_sequence<I...>, Tuple all) {
    co_return co_await with_from<with_all_t<Tuple, I...>>(all);
}

}  // namespace detail

// Several sources and then the body: opened in order, body(first, second, ...), closed in reverse.
template <class First, class Second, class... More>
    requires(sizeof...(More) > 0)
HEM_CORO_WRAPPER auto with(First first, Second second, More... more) {
    return detail::with_all(std::make_index_sequence<1 + sizeof...(More)>(),
                            std::tuple<First, Second, More...>(std::move(first), std::move(second), std::move(more)...));
}

namespace detail {

template <class S, class F>
task<> pull_each(S& stream, F& f) {
    while (auto item = co_await stream.next()) {
        using result = decltype(f(*std::move(item)));
        if constexpr (is_task<result>) {
            if constexpr (std::is_void_v<await_result_t<result>>) {
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
}

}  // namespace detail

// Calls `f(item)` for each item of a generator or stream, in order; `f` is a plain function or gives a task, and stops the iteration by
// returning false. The items of a queue end when it is closed and empty.
template <stream_source Source, class F>
task<> for_each(Source source, F f) {
    co_await with(std::move(source), [&f](auto& stream) -> task<> { co_await detail::pull_each(stream, f); });
}
template <class T, class Store, class F>
task<> for_each(detail::basic_queue<T, Store>& source, F f) {
    co_await detail::pull_each(source, f);
}

// All items of a generator or stream.
template <stream_source Source>
auto collect(Source source) -> task<std::vector<detail::item_t<Source>>> {
    using T = detail::item_t<Source>;
    std::vector<T> items;
    co_await for_each(std::move(source), [&items](T item) { items.push_back(std::move(item)); });
    co_return items;
}

template <class T, class Store>
task<std::vector<T>> collect(detail::basic_queue<T, Store>& source) {
    std::vector<T> items;
    while (auto item = co_await source.next()) items.push_back(*std::move(item));
    co_return items;
}

// Awaits `body`, then `cleanup()` on every way out. Needed because C++ forbids co_await in destructors and handlers.
template <detail::awaitable Body, class Cleanup>
auto finally(Body body, Cleanup cleanup) -> task<detail::await_result_t<Body>> {
    co_return co_await detail::body_then_cleanup(detail::as_task(std::move(body)), cleanup());
}

}  // namespace hem
