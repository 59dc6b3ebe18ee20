// Bounded fan-out: calls `f` for each item of a range with at most `limit` calls alive. A sliding window, no batches: the next call starts
// as soon as one ends, in input order; results come in input order.
//
//     auto thumbs = co_await hem::map_concurrent(images, render, {.limit = 10});
//
// The first error cancels the calls under way, joins them and leaves as itself. The range must outlive the call, or be moved in.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "hem/core/gather.hpp"

namespace hem {
namespace detail {

template <class Range, class F>
using mapped_t = await_result_t<decltype(std::declval<F&>()(*std::declval<Range&>().begin()))>;

// What the workers of one window share. Each takes the next item when it is done with one.
template <class Iterator>
struct window_cursor {
    Iterator next;
    Iterator end;
    std::size_t index = 0;
};

template <class Cursor, class Store, class F>
task<> window_worker(Cursor& cursor, Store& store, F& f) {
    while (cursor.next != cursor.end) {
        auto&& item = *cursor.next;
        ++cursor.next;
        co_await store.run(cursor.index++, f, item);
    }
}

template <class Range>
std::size_t range_size(Range& range) {
    if constexpr (requires { range.size(); }) {
        return range.size();
    } else {
        std::size_t count = 0;
        for (auto at = range.begin(); at != range.end(); ++at) ++count;
        return count;
    }
}

template <class Range, class Store, class F>
task<> run_window(Range& items, Store& store, F& f, std::size_t limit) {
    check_limit(limit);
    const std::size_t count = range_size(items);
    store.resize(count);
    const std::size_t workers = limit < count ? limit : count;
    if (workers == 0) co_return;
    window_cursor<decltype(items.begin())> cursor{items.begin(), items.end()};
    std::vector<task<>> tasks;
    tasks.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) tasks.push_back(window_worker(cursor, store, f));
    co_await gather(std::move(tasks), unbounded);
}

template <class T>
struct value_store {
    std::vector<std::optional<T>> values;
    void resize(std::size_t count) { values.resize(count); }
    template <class F, class Item>
    task<> run(std::size_t index, F& f, Item& item) {
        values[index].emplace(co_await f(item));
    }
};

template <>
struct value_store<void> {
    void resize(std::size_t) {}
    template <class F, class Item>
    task<> run(std::size_t, F& f, Item& item) {
        co_await f(item);
    }
};

template <class T>
struct outcome_store {
    std::vector<outcome<T>> outcomes;
    void resize(std::size_t count) { outcomes.resize(count); }
    template <class F, class Item>
    task<> run(std::size_t index, F& f, Item& item) {
        outcomes[index] = co_await settled(f(item));
    }
};

}  // namespace detail

// A vector of `f(item)`'s values (nothing for void), `f` a function or coroutine lambda that returns a task. Throws std::invalid_argument
// for a limit of 0. Cancelled, it cancels and joins the calls under way.
template <class Range, class F>
auto map_concurrent(Range&& items, F f, concurrency options)
    -> task<std::conditional_t<std::is_void_v<detail::mapped_t<Range, F>>, void, std::vector<detail::lifted_t<detail::mapped_t<Range, F>>>>> {
    using T = detail::mapped_t<Range, F>;
    std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>> kept(std::forward<Range>(items));
    detail::value_store<T> store;
    co_await detail::run_window(kept, store, f, options.limit);
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> values;
        values.reserve(store.values.size());
        for (auto& value : store.values) values.push_back(*std::move(value));
        co_return values;
    }
}

// The same, but a failed call does not end the others: one outcome per item, in input order.
template <class Range, class F>
auto map_concurrent_settled(Range&& items, F f, concurrency options) -> task<std::vector<outcome<detail::mapped_t<Range, F>>>> {
    std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>> kept(std::forward<Range>(items));
    detail::outcome_store<detail::mapped_t<Range, F>> store;
    co_await detail::run_window(kept, store, f, options.limit);
    co_return std::move(store.outcomes);
}

// Calls `f` for its effect.
template <class Range, class F>
task<> for_each_concurrent(Range&& items, F f, concurrency options) {
    std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>> kept(std::forward<Range>(items));
    detail::value_store<void> store;
    auto ignore_value = [&f](auto& item) -> task<> { (void)co_await f(item); };
    co_await detail::run_window(kept, store, ignore_value, options.limit);
}

}  // namespace hem
