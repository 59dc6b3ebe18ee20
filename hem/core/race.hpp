// The first of several. `race`: the first to finish decides, by value or by error. `any`: the first value; errors count only when all
// failed. Both cancel the rest and return when the rest has ended (JavaScript's Promise.race and Promise.any, without what they leave
// running).
//
//     auto answer = co_await hem::any(ask(primary), ask(replica));
//     co_await hem::race(serve(), shutdown.wait());
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hem/core/detail/contest.hpp"
#include "hem/core/task.hpp"

namespace hem {
namespace detail {

template <class T>
using alternative_t = std::conditional_t<std::is_void_v<T>, std::monostate, std::remove_cvref_t<T>>;

template <class T, class... Ts>
struct race_result {
    static constexpr bool same = (std::is_same_v<T, Ts> && ...);
    using type = std::conditional_t<same, T, std::variant<alternative_t<T>, alternative_t<Ts>...>>;
};
template <class... Ts>
using race_result_t = typename race_result<Ts...>::type;

template <class Result, class Children, std::size_t... I>
Result take_alternative(Children& children, std::size_t winner, std::index_sequence<I...>) {
    std::optional<Result> result;
    (void)((I == winner && (result.emplace(std::in_place_index<I>, take_value(std::get<I>(children).result)), true)) || ...);
    return *std::move(result);
}

template <class... Ts>
task<race_result_t<Ts...>> race_tasks(contest_rule rule, const char* what, task<Ts>... tasks) {
    std::tuple<watched_child<Ts>...> children{watched_child<Ts>(std::move(tasks))...};
    contest contest(rule, what);
    std::apply([&](auto&... child) { (contest.add(child), ...); }, children);
    contest.start_all();
    co_await contest.over();
    const std::size_t winner = contest.conclude();
    if constexpr (race_result<Ts...>::same) {
        const auto outcomes = std::apply([](auto&... child) { return std::array{&child.result...}; }, children);
        co_return std::move(*outcomes[winner]).value();
    } else {
        co_return take_alternative<race_result_t<Ts...>>(children, winner, std::index_sequence_for<Ts...>());
    }
}

template <class T>
task<T> race_children(contest_rule rule, const char* what, std::vector<watched_child<T>> children) {
    contest contest(rule, what);
    for (auto& child : children) contest.add(child);
    contest.start_all();
    co_await contest.over();
    co_return std::move(children[contest.conclude()].result).value();
}

}  // namespace detail

// The value or error of the first awaitable to finish. Of different types the value comes as a std::variant in argument order, whose index
// says who won (monostate for void). An error of a loser is reported. If the caller is cancelled all are cancelled and joined, then the
// first error leaves, else `cancelled`.
template <detail::awaitable... Awaitables>
    requires(sizeof...(Awaitables) > 0)
HEM_CORO_WRAPPER auto race(Awaitables... awaitables) {
    return detail::race_tasks(detail::contest_rule::first_end, "race", detail::as_task(std::move(awaitables))...);
}
// A range of them, all started at once; std::invalid_argument if it is empty.
template <detail::awaitable_range Range>
HEM_CORO_WRAPPER auto race(Range awaitables) {
    return detail::race_children(detail::contest_rule::first_end, "race",
                                 detail::collect_children<detail::watched_child<detail::range_result_t<Range>>>(std::move(awaitables)));
}
void race() = delete("race of nothing would wait for ever: give it at least one awaitable");

// The first value. When all have failed: an exception_group of their errors in order of arrival, even for one. An error of one that failed
// before another gave its value is reported.
template <detail::awaitable... Awaitables>
    requires(sizeof...(Awaitables) > 0)
HEM_CORO_WRAPPER auto any(Awaitables... awaitables) {
    return detail::race_tasks(detail::contest_rule::first_value, "any", detail::as_task(std::move(awaitables))...);
}
template <detail::awaitable_range Range>
HEM_CORO_WRAPPER auto any(Range awaitables) {
    return detail::race_children(detail::contest_rule::first_value, "any",
                                 detail::collect_children<detail::watched_child<detail::range_result_t<Range>>>(std::move(awaitables)));
}
void any() = delete("any of nothing would wait for ever: give it at least one awaitable");

}  // namespace hem
