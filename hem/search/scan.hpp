// Reading all hits of a search, page by page. Both forms are async generators that hold one page; they end their scroll or point in time
// on the server however they end: at the end, by an error, cancelled, or dropped half-way.
//
//     co_await hem::for_each(scan(posts.search().query(q)), [&](search::hit<blog_post> hit) { … });
//
// `iterate` (a point in time) is for new code; `scan` is the scroll API, for servers without points in time and for code that knows it.
#pragma once

#include "hem/core/async_generator.hpp"
#include "hem/core/with.hpp"
#include "hem/search/search_request.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hem::search {

// The request's parameters `scroll` (5m) and `size` (1000) are those of the scroll. Hits come in index order unless `preserve_order`.
struct scan_options {
    bool preserve_order = false;
};

struct iterate_options {
    duration keep_alive = std::chrono::minutes(1);
    std::int64_t page_size = 1000;
};

namespace detail {

// One scroll, or one point in time: pages until there are none, then a clear. Whoever holds it calls `clear` on every way out.
class page_source {
public:
    virtual ~page_source() = default;
    virtual task<std::shared_ptr<search_body>> next() = 0;  // null at the end
    virtual task<> clear() = 0;                             // never throws but a cancellation; 404 is fine
};

std::unique_ptr<page_source> open_scroll(search_core core, scan_options options);
std::unique_ptr<page_source> open_point_in_time(search_core core, iterate_options options);

// Opens a point in time over the request's targets and gives its id.
task<std::string> open_pit(search_core core, duration keep_alive);
task<> close_pit(std::shared_ptr<client_state> state, std::string id);
std::string duration_text(duration d);  // "1m", "30s", "500ms"
task<> clear_shielded(page_source& pages);

template <class T>
async_generator<hit<T>> read_pages(std::unique_ptr<page_source> pages) {
    std::exception_ptr stopped;
    try {
        while (auto page = co_await pages->next()) {
            for (raw_hit& each : page->hits) co_yield hit<T>(page, std::move(each.meta), each.source);
        }
    } catch (...) {
        stopped = std::current_exception();  // the consumer's leave, too: what follows must be awaited first
    }
    co_await clear_shielded(*pages);
    if (stopped) std::rethrow_exception(stopped);
}

}  // namespace detail

// Every hit by the scroll API. Throws scan_error when a page misses shards. A page is never asked for twice: the cursor moves.
template <class T>
HEM_SEARCH_DETACHED async_generator<hit<T>> scan(search_request<T> request, scan_options options = {}) {
    return detail::read_pages<T>(detail::open_scroll(request.core(), options));
}

// Every hit by a point in time and search_after. Where the server has no tie-break of its own (OpenSearch before 3.3) and the request
// declares no `unique_sort`, it reads by scroll instead.
template <class T>
HEM_SEARCH_DETACHED async_generator<hit<T>> iterate(search_request<T> request, iterate_options options = {}) {
    return detail::read_pages<T>(detail::open_point_in_time(request.core(), options));
}

// Runs `body(request)` with the request bound to a point in time, which is closed afterwards.
template <class T, class F>
auto point_in_time(search_request<T> request, duration keep_alive, F body)
    -> task<typename hem::detail::await_result_t<decltype(body(std::declval<search_request<T>>()))>> {
    const std::shared_ptr<client_state> state = request.core().state;
    std::string id = co_await detail::open_pit(request.core(), keep_alive);
    request.core().pit_id = id;
    request.core().pit_keep_alive = detail::duration_text(keep_alive);
    co_return co_await hem::finally(body(std::move(request)), [&]() -> task<> { co_await detail::close_pit(state, id); });
}

}  // namespace hem::search
