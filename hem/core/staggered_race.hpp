// Candidates that get a head start, one after the other ("happy eyeballs", RFC 8305): the next one starts when the delay is over or as soon
// as one has failed; the first value wins and calls off the rest.
//
//     auto won = co_await hem::staggered_race(250ms, attempts);      // a range of callables that return a task, or several callables
//     use(won.value, attempts_names[won.index]);
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "hem/core/completion.hpp"
#include "hem/core/detail/contest.hpp"
#include "hem/core/task.hpp"

namespace hem {

template <class T>
struct [[nodiscard("this holds the winner's value")]] staggered_result {
    detail::lifted_t<T> value;          // monostate for void
    std::size_t index;                  // of the winner among the candidates
    std::vector<completion<T>> others;  // every other candidate in input order; cancelled: called off, or never started
};

namespace detail {

template <class F>
auto call_candidate(F candidate) -> decltype(candidate()) {
    co_return co_await candidate();
}

template <class T>
task<staggered_result<T>> run_staggered(duration delay, std::vector<watched_child<T>> children) {
    contest contest(contest_rule::first_value, "staggered_race");
    for (auto& child : children) contest.add(child);
    contest.start_staggered(delay);
    co_await contest.over();
    const std::size_t winner = contest.conclude(true);
    std::vector<completion<T>> others;
    others.reserve(children.size() - 1);
    for (std::size_t i = 0; i < children.size(); ++i) {
        if (i != winner) others.push_back({i, std::move(children[i].result)});
    }
    co_return staggered_result<T>{take_value(children[winner].result), winner, std::move(others)};
}

template <class F>
using candidate_result_t = typename decltype(std::declval<F&>()())::value_type;

template <class F>
concept candidate = requires(F& f) {
    { f() } -> std::same_as<task<candidate_result_t<F>>>;
};

template <class T, class Range>
std::vector<watched_child<T>> collect_candidates(Range&& candidates) {
    std::vector<watched_child<T>> children;
    for (auto&& each : candidates) children.emplace_back(call_candidate(std::move(each)));
    return children;
}

}  // namespace detail

// The first value, its index and every other outcome. When all have failed: an exception_group of their errors in order of arrival. A
// candidate is called when its turn comes; one whose turn never comes never runs. std::invalid_argument for no candidate. If the caller is
// cancelled every candidate is, and none starts any more.
template <class Rep, class Period, class Range>
    requires(!detail::candidate<Range>)
HEM_CORO_WRAPPER auto staggered_race(std::chrono::duration<Rep, Period> delay, Range candidates) {
    using T = detail::candidate_result_t<std::remove_cvref_t<decltype(*candidates.begin())>>;
    return detail::run_staggered<T>(detail::to_duration(delay), detail::collect_candidates<T>(std::move(candidates)));
}
template <class Rep, class Period, detail::candidate First, detail::candidate... Rest>
HEM_CORO_WRAPPER auto staggered_race(std::chrono::duration<Rep, Period> delay, First first, Rest... rest) {
    using T = detail::candidate_result_t<First>;
    static_assert((std::is_same_v<T, detail::candidate_result_t<Rest>> && ...),
                  "the candidates of a staggered_race give one type of value");
    std::vector<detail::watched_child<T>> children;
    children.reserve(1 + sizeof...(Rest));
    children.emplace_back(detail::call_candidate(std::move(first)));
    (children.emplace_back(detail::call_candidate(std::move(rest))), ...);
    return detail::run_staggered<T>(detail::to_duration(delay), std::move(children));
}

}  // namespace hem
