// Running awaitables together. `gather` gives all values or the first failure, `gather_settled` one outcome per input; both wait for every
// child, whatever happens: when one fails, the rest are cancelled and joined before the error leaves.
//
//     auto [user, orders] = co_await hem::gather(get_user(id), recent_orders(id));
//     auto pages = co_await hem::gather(std::move(tasks), {.limit = 10});       // a range needs a limit, or hem::unbounded
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/joined_child.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct concurrency {
    std::size_t limit = 0;  // at most so many alive
};
// Says that all of a range may run at once.
inline constexpr concurrency unbounded{static_cast<std::size_t>(-1)};

namespace detail {

void check_limit(std::size_t limit);

template <class... Ts>
task<std::tuple<lifted_t<Ts>...>> gather_tasks(task<Ts>... tasks) {
    std::tuple<joined_child<Ts>...> children{joined_child<Ts>(std::move(tasks))...};
    group_core group(child_errors::first);
    group.enter();
    std::apply([&](auto&... child) { (spawn_child(group, child), ...); }, children);
    co_await group.wait_for_children();
    group.conclude(true);
    co_return std::apply([](auto&... child) { return std::tuple<lifted_t<Ts>...>{take_value(child.result)...}; }, children);
}

template <class... Ts>
task<std::tuple<outcome<Ts>...>> gather_settled_tasks(task<Ts>... tasks) {
    std::tuple<joined_child<Ts>...> children{joined_child<Ts>(std::move(tasks))...};
    group_core group(child_errors::isolate);
    group.enter();
    std::apply([&](auto&... child) { (spawn_child(group, child), ...); }, children);
    co_await group.wait_for_children();
    group.conclude(true);
    co_return std::apply([](auto&... child) { return std::tuple<outcome<Ts>...>{std::move(child.result).handed_out()...}; }, children);
}

template <class T>
task<std::vector<joined_child<T>>> run_children(child_errors errors, std::vector<joined_child<T>> children, std::size_t limit) {
    check_limit(limit);
    if (children.empty()) co_return std::move(children);
    group_core group(errors);
    group.enter();
    std::size_t next = 0;
    try {
        while (next < children.size() && group.accepts()) {
            if (group.live() >= limit) {
                co_await group.wait_below(limit);
                continue;
            }
            spawn_child(group, children[next++]);
        }
    } catch (...) {
        group.body_failed(std::current_exception());
    }
    for (std::size_t i = next; i < children.size(); ++i) children[i].discard();
    co_await group.wait_for_children();
    group.conclude(true);
    co_return std::move(children);
}

}  // namespace detail

// Runs the awaitables side by side; a tuple of their values in argument order (monostate for void). Of several failures the first in time
// leaves. If the caller is cancelled the children are cancelled and joined, then `cancelled` leaves.
template <detail::awaitable... Awaitables>
HEM_CORO_WRAPPER auto gather(Awaitables... awaitables) {
    return detail::gather_tasks(detail::as_task(std::move(awaitables))...);
}
// The same, but every child ends by itself; a tuple of outcomes. The caller's own cancellation is no outcome, it leaves.
template <detail::awaitable... Awaitables>
HEM_CORO_WRAPPER auto gather_settled(Awaitables... awaitables) {
    return detail::gather_settled_tasks(detail::as_task(std::move(awaitables))...);
}

// A range of awaitables, at most `limit` alive at once; a vector in input order.
template <detail::awaitable_range Range>
auto gather(Range awaitables, concurrency limit) -> task<
    std::conditional_t<std::is_void_v<detail::range_result_t<Range>>, void, std::vector<detail::lifted_t<detail::range_result_t<Range>>>>> {
    using T = detail::range_result_t<Range>;
    auto children = co_await detail::run_children<T>(detail::child_errors::first,
                                                     detail::collect_children<detail::joined_child<T>>(std::move(awaitables)), limit.limit);
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> values;
        values.reserve(children.size());
        for (auto& child : children) values.push_back(detail::take_value(child.result));
        co_return values;
    }
}
template <detail::awaitable_range Range>
auto gather(Range) = delete("gather over a range needs a limit: gather(tasks, {.limit = n}), or hem::unbounded");

template <class... Args>
    requires(sizeof...(Args) > 0 && !(detail::awaitable<Args> && ...) && !(detail::awaitable_range<Args> || ...))
void gather(Args...) = delete("gather takes awaitables: call the functions, gather(f(), g()), or await a range of tasks");

template <detail::awaitable_range Range>
auto gather_settled(Range) = delete("gather_settled over a range needs a limit: gather_settled(tasks, {.limit = n}), or hem::unbounded");
template <detail::awaitable_range Range>
auto gather_settled(Range awaitables, concurrency limit) -> task<std::vector<outcome<detail::range_result_t<Range>>>> {
    using T = detail::range_result_t<Range>;
    auto children = co_await detail::run_children<T>(detail::child_errors::isolate,
                                                     detail::collect_children<detail::joined_child<T>>(std::move(awaitables)), limit.limit);
    std::vector<outcome<T>> outcomes;
    outcomes.reserve(children.size());
    for (auto& child : children) outcomes.push_back(std::move(child.result).handed_out());
    co_return outcomes;
}

// One awaitable as an outcome; the caller's own cancellation leaves as itself.
template <detail::awaitable Awaitable>
auto settled(Awaitable awaitable) -> task<outcome<detail::await_result_t<Awaitable>>> {
    using T = detail::await_result_t<Awaitable>;
    outcome<T> result;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(awaitable);
            result.set_value();
        } else {
            result.set_value(co_await std::move(awaitable));
        }
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        result.set_error(std::current_exception());
    }
    co_return std::move(result).handed_out();
}

}  // namespace hem
