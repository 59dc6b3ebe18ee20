// A function around handlers, kept by value: what `app.use`, `router.use` and `.middleware` take.
//
//     hem::task<hem::http::response> timed(hem::http::request& request, hem::web::next& next);
//     web::router admin{{.prefix = "/admin", .middleware = {timed}}};
//     app.get<report>("/report", {.middleware = {timed, web::access_log()}});            // the first is outermost
// Middleware of the app sees every request and answers of errors; that of a router or route runs when the route is known, and sees errors
// as exceptions.
#pragma once

#include "hem/core/callable.hpp"
#include "hem/web/next.hpp"

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace hem::web {

namespace detail {

class middleware_base {
public:
    virtual ~middleware_base() = default;
    virtual task<http::response> call(http::request& request, next& following) = 0;
};

template <class F>
class middleware_of final : public middleware_base {
public:
    explicit middleware_of(F&& f) : f_(std::move(f)) {}
    HEM_CORO_WRAPPER task<http::response> call(http::request& request, next& following) override { return f_(request, following); }

private:
    F f_;
};

}  // namespace detail

class middleware {
public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, middleware> &&
                 std::is_same_v<decltype(std::declval<std::decay_t<F>&>()(std::declval<http::request&>(), std::declval<next&>())),
                                task<http::response>>)
    middleware(F&& f)  // NOLINT(google-explicit-constructor): lists of functions read as such
        : shared_(std::make_shared<detail::middleware_of<std::decay_t<F>>>(std::decay_t<F>(std::forward<F>(f)))) {}

    HEM_CORO_WRAPPER task<http::response> operator()(http::request& request, next& following) const {
        return shared_->call(request, following);
    }

private:
    std::shared_ptr<detail::middleware_base> shared_;
};

using middleware_list = std::vector<middleware>;

}  // namespace hem::web
