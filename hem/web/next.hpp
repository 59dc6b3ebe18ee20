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

namespace hem::web {

namespace detail {
struct app_core;
}

class next {
public:
    next(const next&) = delete;
    next& operator=(const next&) = delete;

    // The rest of the way; errors of handlers have become answers. Throws usage_error when called twice or after the middleware returned.
    task<http::response> operator()(http::request& request);

private:
    friend struct detail::app_core;
    next(detail::app_core& app, std::size_t middleware) noexcept : app_(&app), middleware_(middleware) {}
    void close() noexcept { closed_ = true; }

    detail::app_core* app_;
    std::size_t middleware_;
    bool called_ = false;
    bool closed_ = false;
};

}  // namespace hem::web
