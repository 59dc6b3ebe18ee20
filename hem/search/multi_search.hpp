// Several searches in one request. A bad one does not fail the others: each comes back as an outcome.
//
//     auto [posts, users] = co_await multi_search(a, b);
//     if (posts.has_value()) show(posts.value().hits);
#pragma once

#include "hem/core/outcome.hpp"
#include "hem/search/search_request.hpp"

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace hem::search {

namespace detail {

struct multi_answer {
    std::shared_ptr<search_body> body;  // null: failed
    response_meta meta;
    std::exception_ptr error;
};

// One `POST /_msearch`; answers in order.
task<std::vector<multi_answer>> run_multi_search(std::vector<search_core> searches);

template <class T>
outcome<search_response<T>> to_outcome(multi_answer answer, std::string request) {
    outcome<search_response<T>> made;
    if (answer.error) {
        made.set_error(std::move(answer.error));
    } else {
        made.set_value(std::move(answer.body), std::move(answer.meta), std::move(request));
    }
    return made;
}

}  // namespace detail

// All requests are sent by the client of the first one.
template <class... T>
    requires(sizeof...(T) > 0)
task<std::tuple<outcome<search_response<T>>...>> multi_search(search_request<T>... requests) {
    std::vector<detail::search_core> searches{requests.core()...};
    std::vector<detail::multi_answer> answers = co_await detail::run_multi_search(searches);
    std::size_t next = 0;
    co_return std::tuple<outcome<search_response<T>>...>{
        [&](std::size_t at) { return detail::to_outcome<T>(std::move(answers[at]), searches[at].dump()); }(next++)...};
}

template <class T>
task<std::vector<outcome<search_response<T>>>> multi_search(std::vector<search_request<T>> requests) {
    std::vector<detail::search_core> searches;
    for (search_request<T>& request : requests) searches.push_back(request.core());
    std::vector<outcome<search_response<T>>> outcomes;
    if (searches.empty()) co_return outcomes;
    std::vector<detail::multi_answer> answers = co_await detail::run_multi_search(searches);
    for (std::size_t i = 0; i < answers.size(); ++i) outcomes.push_back(detail::to_outcome<T>(std::move(answers[i]), searches[i].dump()));
    co_return outcomes;
}

}  // namespace hem::search
