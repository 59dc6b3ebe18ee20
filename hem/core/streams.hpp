// Streams made of streams. `map`, `filter` and `take` are generators over a source; `buffered` runs a source ahead of its consumer; `merge`
// runs several sources side by side and gives their items as they come.
//
//     co_await hem::for_each(hem::take(hem::filter(rows(db), is_new), 10), print);
//     co_await hem::for_each(hem::merge(hem::buffered(tail(a), 16), tail(b)), handle);
//
// `buffered` and `merge` run tasks, which a generator may not do around its yields (PEP 789): they stand outermost.
// A source is a generator or anything with `next()` and `aclose()`; it is moved in and closed from the innermost outwards on every way out.
// Functions may be plain or give tasks. An error of a source comes out of the step that met it.
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "hem/core/queue.hpp"
#include "hem/core/scope_exit.hpp"
#include "hem/core/task_group.hpp"
#include "hem/core/with.hpp"

namespace hem {

// What a generator can iterate: its stream is closed by hand.
template <class Source>
concept closable_source = stream_source<Source> && async_closable<detail::opened_t<Source>>;

namespace detail {

// A source that a generator iterates: closed after the generator's own locals are gone.
template <class Source>
class use_awaiter {
    using stream = opened_t<Source>;

public:
    explicit use_awaiter(Source source) : stream_(std::make_unique<stream>(std::move(source))) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        opened_ = stream_.get();
        add_exit(handle.promise(), owner_ops_of<Promise>, close(std::move(stream_)));
        return false;
    }
    stream& await_resume() const noexcept { return *opened_; }

private:
    static task<> close(std::unique_ptr<stream> owned) { co_await owned->aclose(); }
    std::unique_ptr<stream> stream_;
    stream* opened_ = nullptr;
};

template <class F, class T>
using applied_t = decltype([] {
    using result = decltype(std::declval<F&>()(std::declval<T>()));
    if constexpr (is_task<result>) {
        return std::type_identity<await_result_t<result>>();
    } else {
        return std::type_identity<result>();
    }
}())::type;

// Items on their way from sources that run in tasks of their own: a value, or the error that ended a source.
template <class T>
struct pumped {
    queue<outcome<T>> items;
    std::size_t running;
};

template <class T>
class pumped_stream {
public:
    explicit pumped_stream(pumped<T>& source) noexcept : source_(source) {}
    // The next item; empty when every source has ended.
    task<std::optional<T>> next() {
        if (source_.items.closed() && source_.items.empty()) co_return std::nullopt;
        try {
            outcome<T> item = co_await source_.items.get();
            co_return std::move(item).value();
        } catch (const queue_closed&) {
        }
        co_return std::nullopt;
    }

private:
    pumped<T>& source_;
};

template <class T, class Source>
task<> pump(pumped<T>& to, Source source) {
    outcome<T> failure;
    try {
        co_await for_each(std::move(source), [&to](T value) -> task<> {
            outcome<T> item;
            item.set_value(std::move(value));
            co_await to.items.put(std::move(item));
        });
    } catch (const std::exception&) {
        failure.set_error(std::current_exception());
    }
    if (!failure.empty()) co_await to.items.put(std::move(failure));
    if (--to.running == 0) to.items.close();
}

template <class T, class F, class... Sources>
auto with_pumped(std::size_t capacity, F& body, Sources... sources)
    -> task<await_result_t<decltype(body(std::declval<pumped_stream<T>&>()))>> {
    using R = await_result_t<decltype(body(std::declval<pumped_stream<T>&>()))>;
    pumped<T> items{queue<outcome<T>>(capacity), sizeof...(Sources)};
    pumped_stream<T> stream(items);
    co_return co_await with_task_group([&](task_group& group) -> task<R> {
        (group.create_task(pump<T, Sources>, std::ref(items), std::move(sources)), ...);
        if constexpr (std::is_void_v<R>) {
            co_await body(stream);
            group.cancel();
        } else {
            R result = co_await body(stream);
            group.cancel();
            co_return result;
        }
    });
}

void check_buffer(std::size_t ahead);

}  // namespace detail

// f(item) for each item.
template <closable_source Source, class F>
async_generator<detail::applied_t<F, detail::item_t<Source>>> map(Source source, F f) {
    auto& stream = co_await detail::use_awaiter<Source>(std::move(source));
    while (auto item = co_await stream.next()) {
        if constexpr (detail::is_task<decltype(f(*std::move(item)))>) {
            co_yield co_await f(*std::move(item));
        } else {
            co_yield f(*std::move(item));
        }
    }
}

// The items for which f(const item&) is true.
template <closable_source Source, class F>
async_generator<detail::item_t<Source>> filter(Source source, F f) {
    auto& stream = co_await detail::use_awaiter<Source>(std::move(source));
    while (auto item = co_await stream.next()) {
        bool keep = false;
        if constexpr (detail::is_task<decltype(f(std::as_const(*item)))>) {
            keep = co_await f(std::as_const(*item));
        } else {
            keep = f(std::as_const(*item));
        }
        if (keep) co_yield *std::move(item);
    }
}

// The first `count` items; the source is asked for no more.
template <closable_source Source>
async_generator<detail::item_t<Source>> take(Source source, std::size_t count) {
    auto& stream = co_await detail::use_awaiter<Source>(std::move(source));
    for (; count > 0; --count) {
        auto item = co_await stream.next();
        if (!item) co_return;
        co_yield *std::move(item);
    }
}

template <stream_source Source, class... Rest>
    requires(!closable_source<Source>)
void map(Source, Rest...) = delete("buffered and merge stand outermost: write buffered(map(source, f), n)");
template <stream_source Source, class... Rest>
    requires(!closable_source<Source>)
void filter(Source, Rest...) = delete("buffered and merge stand outermost: write buffered(filter(source, f), n)");
template <stream_source Source, class... Rest>
    requires(!closable_source<Source>)
void take(Source, Rest...) = delete("buffered and merge stand outermost: write buffered(take(source, count), n)");

// A source that runs up to `ahead` items in front of its consumer, in a task of its own that ends with `with`.
template <stream_source Source>
struct [[nodiscard("a source does nothing until it is iterated: use with, for_each or collect")]] buffered_source {
    using stream_type = detail::pumped_stream<detail::item_t<Source>>;
    Source source;
    std::size_t ahead;
};
// std::invalid_argument for 0.
template <stream_source Source>
buffered_source<Source> buffered(Source source, std::size_t ahead) {
    detail::check_buffer(ahead);
    return {std::move(source), ahead};
}
template <class Source, class F>
auto with(buffered_source<Source> from, F body)
    -> task<detail::await_result_t<decltype(body(std::declval<typename buffered_source<Source>::stream_type&>()))>> {
    co_return co_await detail::with_pumped<detail::item_t<Source>>(from.ahead, body, std::move(from.source));
}

// Several sources with one type of item, each in a task of its own.
template <stream_source First, stream_source... More>
struct [[nodiscard("a source does nothing until it is iterated: use with, for_each or collect")]] merged_source {
    using stream_type = detail::pumped_stream<detail::item_t<First>>;
    std::tuple<First, More...> sources;
};
template <stream_source First, stream_source... More>
merged_source<First, More...> merge(First first, More... more) {
    static_assert((std::is_same_v<detail::item_t<First>, detail::item_t<More>> && ...),
                  "merge takes sources of one type of item: map the others first");
    return {std::tuple<First, More...>(std::move(first), std::move(more)...)};
}
namespace detail {
template <class T, class F, class Tuple, std::size_t... I>
HEM_CORO_WRAPPER auto with_merged(F& body, Tuple&& sources, std::index_sequence<I...>) {
    return with_pumped<T>(sizeof...(I), body, std::get<I>(std::move(sources))...);
}
}  // namespace detail
template <class... Sources, class F>
auto with(merged_source<Sources...> from, F body)
    -> task<detail::await_result_t<decltype(body(std::declval<typename merged_source<Sources...>::stream_type&>()))>> {
    using T = detail::item_t<std::tuple_element_t<0, std::tuple<Sources...>>>;
    co_return co_await detail::with_merged<T>(body, std::move(from.sources), std::index_sequence_for<Sources...>());
}

}  // namespace hem
