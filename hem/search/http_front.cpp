#include "hem/search/http_front.hpp"

#include "hem/core/to_thread.hpp"
#include "hem/search/embedded/engine.hpp"

#include <stdexcept>

namespace hem::search {
namespace {

constexpr std::uint64_t body_limit = std::uint64_t{100} << 20;

embedded::rest_response answer_on_worker(std::shared_ptr<embedded::engine> engine, embedded::rest_request request) {
    return engine->handle(request);
}

struct front {
    std::shared_ptr<embedded::engine> engine;

    task<http::response> operator()(http::request& request) const {
        request.set_body_limit(body_limit);
        const std::shared_ptr<embedded::engine> keep = engine;
        std::string body(co_await request.body());
        const auto field = [&](std::string_view name) { return std::string(request.headers().get(name).value_or(std::string_view())); };
        embedded::rest_request rest;
        try {
            rest = embedded::rest_request::from_target(std::string(request.method()), request.target(), std::move(body),
                                                       field("content-type"));
        } catch (const std::invalid_argument&) {
            co_return http::response(
                400,
                R"({"error":{"type":"illegal_argument_exception","reason":"the request's target has a cut percent escape"},"status":400})",
                http::content_type::json);
        }
        rest.accept = field("accept");
        embedded::rest_response answer = co_await to_thread(answer_on_worker, keep, std::move(rest));
        http::response response(answer.status);
        if (!answer.body.empty()) response.set_content(std::move(answer.body));
        for (const auto& [name, value] : answer.headers) {
            if (name != "content-length") response.headers().set(name, value);
        }
        co_return response;
    }
};

}  // namespace

http::handler http_front(std::shared_ptr<embedded::engine> engine) {
    http::handler handler(front{std::move(engine)});
    handler.set_body_limit_rule(nullptr, [](const void*, const http::request&, std::uint64_t) noexcept { return body_limit; });
    return handler;
}

}  // namespace hem::search
