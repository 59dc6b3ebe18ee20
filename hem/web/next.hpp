// What a middleware calls to let the request go on: `auto answer = co_await next(request);`.
//
//     app.use([](http::request& request, web::next& next) -> hem::task<http::response> {
//         auto answer = co_await next(request);
//         answer.headers().set("x-frame-options", "DENY");
//         co_return answer;
//     });
// Cancellation and deadlines pass through, because there is nothing between but an await. Bodies stay streams.
#pragma once

#include "hem/core/task.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"

#include <cstddef>
#include <memory>

namespace hem::web {

namespace detail {
struct app_core;
struct close_after;
struct route_record;
class request_graph;
}  // namespace detail

class next {
public:
    next(const next&) = delete;
    next& operator=(const next&) = delete;

    // The rest of the way. For a middleware of the app errors of handlers have become answers; for one of a route or router they are
    // still exceptions, since exception handlers stand outside of it. Throws usage_error when called twice or after the middleware
    // returned.
    task<http::response> operator()(http::request& request);

private:
    friend struct detail::app_core;
    friend struct detail::close_after;
    next(detail::app_core& app, std::size_t middleware, detail::route_record* route = nullptr,
         std::shared_ptr<detail::request_graph>* kept = nullptr) noexcept
        : app_(&app), middleware_(middleware), route_(route), kept_(kept) {}
    void close() noexcept { closed_ = true; }

    detail::app_core* app_;
    std::size_t middleware_;
    detail::route_record* route_;  // null: middleware of the app
    std::shared_ptr<detail::request_graph>* kept_;
    bool called_ = false;
    bool closed_ = false;
};

}  // namespace hem::web
