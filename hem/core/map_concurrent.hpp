// Bounded fan-out: calls `f` for each item of a range with at most `limit` calls alive. A sliding window, no batches: the next call starts
// as soon as one ends, in input order; results come in input order.
//
//     auto thumbs = co_await hem::map_concurrent(images, render, {.limit = 10});
//
// The first error cancels the calls under way, joins them and leaves as itself. The range must outlive the call, or be moved in.
#pragma once

#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include "hem/core/gather.hpp"
#include "hem/core/sleep.hpp"

namespace hem {
namespace detail {

template <class Range, class F>
using mapped_t = await_result_t<decltype(std::declval<F&>()(*std::declval<Range&>().begin()))>;

// What the workers of one window share. An item is pulled when its call may start: from a range that can be passed several times as an
// iterator, from one that is consumed by reading (generators, streams) as its value.
template <class Iterator, class Sentinel>
class window_cursor {
public:
    static constexpr bool stays = std::forward_iterator<Iterator>;
    struct pulled {
        std::size_t index;
        std::conditional_t<stays, Iterator, std::iter_value_t<Iterator>> item;
        decltype(auto) get() {
            if constexpr (stays) {
                return *item;
            } else {
                return (item);
            }
        }
    };

    window_cursor(Iterator begin, Sentinel end) : next_(std::move(begin)), end_(std::move(end)) {}
    bool more() const { return next_ != end_; }
    pulled pull() {
        if constexpr (stays) {
            return {count_++, next_++};
        } else {
            pulled taken{count_, *next_};
            ++count_;
            ++next_;
            return taken;
        }
    }

private:
    Iterator next_;
    Sentinel end_;
    std::size_t count_ = 0;
};

// One of at most `limit`: calls for one item after the other. A cancellation ends it between two calls even if the calls do not notice.
template <class Cursor, class Store, class F>
task<> window_worker(Cursor& cursor, Store& store, F& f, typename Cursor::pulled first) {
    auto current = std::move(first);
    co_await checkpoint_if_cancelled();
    for (;;) {
        store.make_room(current.index + 1);
        {
            auto&& item = current.get();
            co_await store.run(current.index, f, item);
        }
        if (!cursor.more()) co_return;
        co_await checkpoint_if_cancelled();
        current = cursor.pull();
    }
}

template <class Range, class Store, class F>
task<> run_window(Range& items, Store& store, F& f, std::size_t limit) {
    check_limit(limit);
    window_cursor<decltype(items.begin()), decltype(items.end())> cursor(items.begin(), items.end());
    if constexpr (requires { items.size(); }) store.make_room(items.size());
    std::deque<joined_child<void>> workers;
    group_core group(child_errors::first);
    group.enter();
    try {
        while (workers.size() < limit && cursor.more()) {
            spawn_child(group, workers.emplace_back(window_worker(cursor, store, f, cursor.pull())));
        }
    } catch (...) {
        group.body_failed(std::current_exception());
    }
    co_await group.wait_for_children();
    group.conclude(true);
}

template <class T>
struct value_store {
    static_assert(!std::is_reference_v<T>, "map_concurrent gives values: let the function return a value or a pointer");
    std::vector<outcome<T>> outcomes;
    void make_room(std::size_t count) {
        if (outcomes.size() < count) outcomes.resize(count);
    }
    template <class F, class Item>
    task<> run(std::size_t index, F& f, Item& item) {
        auto value = co_await f(item);
        outcomes[index].set_value(std::move(value));
    }
};

template <>
struct value_store<void> {
    void make_room(std::size_t) {}
    template <class F, class Item>
    task<> run(std::size_t, F& f, Item& item) {
        co_await f(item);
    }
};

template <class T>
struct outcome_store {
    std::vector<outcome<T>> outcomes;
    void make_room(std::size_t count) {
        if (outcomes.size() < count) outcomes.resize(count);
    }
    template <class F, class Item>
    task<> run(std::size_t index, F& f, Item& item) {
        auto result = co_await settled(f(item));
        outcomes[index] = std::move(result);
    }
};

}  // namespace detail

// A vector of `f(item)`'s values (nothing for void), `f` a function or coroutine lambda that returns a task. Throws std::invalid_argument
// for a limit of 0. Cancelled, it cancels and joins the calls under way.
template <class Range, class F>
auto map_concurrent(Range&& items, F f, concurrency options) -> task<
    std::conditional_t<std::is_void_v<detail::mapped_t<Range, F>>, void, std::vector<detail::lifted_t<detail::mapped_t<Range, F>>>>> {
    using T = detail::mapped_t<Range, F>;
    std::conditional_t<std::is_lvalue_reference_v<Range>, Range, std::remove_cvref_t<Range>> kept(std::forward<Range>(items));
    detail::value_store<T> store;
    co_await detail::run_window(kept, store, f, options.limit);
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> values;
        values.reserve(store.outcomes.size());
        for (auto& value : store.outcomes) values.push_back(std::move(value).value());
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

template <class Range, class F>
void map_concurrent(Range&&, F) = delete("map_concurrent needs a limit: map_concurrent(items, f, {.limit = n}), or hem::unbounded");
template <class Range, class F>
void map_concurrent_settled(Range&&, F) =
    delete("map_concurrent_settled needs a limit: map_concurrent_settled(items, f, {.limit = n}), or hem::unbounded");
template <class Range, class F>
void for_each_concurrent(Range&&,
                         F) = delete("for_each_concurrent needs a limit: for_each_concurrent(items, f, {.limit = n}), or hem::unbounded");

}  // namespace hem
