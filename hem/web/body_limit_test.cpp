// A route's own body limit: more or less than the server's, known when the head has come.
#include "hem/http/detail/raw_client.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"

namespace hem::web {
namespace {

using namespace hem::http::testing;

std::string post(const std::string& path, std::size_t length) {
    return "POST " + path + " HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

// The size of a body.
task<http::response> measure(http::request& request) {
    const auto size = (co_await request.body()).size();
    co_return text_response("<" + std::to_string(size) + ">");
}

template <class F>
task<> with_service(F body) {
    app service({.title = "Limits"});
    service.post("/default", measure, {.name = "default"});
    service.post("/small", measure, {.name = "small", .body_limit = 16});
    service.post("/large/{name}", measure, {.name = "large", .body_limit = 1 << 20});
    co_await service.run([&]() -> task<> {
        http::server_options options;
        options.limits.body.body = 1000;
        co_await serving(service.handler(), std::move(options), [&](http::server& server) -> task<> {
            auto client = co_await raw_client::open(server);
            co_await body(client);
        });
    });
}

ASYNC_TEST(RouteBodyLimit, MayBeAboveTheServers) {
    co_await with_service([](raw_client& client) -> task<> {
        co_await client.send(post("/large/x", 70'000) + std::string(70'000, 'x'));
        EXPECT_TRUE((co_await client.read_until("<70000>")).ends_with("<70000>"));
        co_await client.send("POST /large/x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') +
                             "\r\n0\r\n\r\n");
        EXPECT_TRUE((co_await client.read_until("<2000>")).ends_with("<2000>"));
    });
}

ASYNC_TEST(RouteBodyLimit, MayBeBelowTheServers) {
    co_await with_service([](raw_client& client) -> task<> {
        co_await client.send(post("/small", 16) + std::string(16, 'x'));
        EXPECT_TRUE((co_await client.read_until("<16>")).ends_with("<16>"));
        co_await client.send(post("/small", 17));  // no byte of the body is needed to refuse it
        EXPECT_TRUE((co_await client.read_until("}")).starts_with("HTTP/1.1 413"));
    });
}

ASYNC_TEST(RouteBodyLimit, WhatIsOverTheRoutesOwnIs413) {
    co_await with_service([](raw_client& client) -> task<> {
        co_await client.send(post("/large/x", (1 << 20) + 1));
        EXPECT_TRUE((co_await client.read_until("}")).starts_with("HTTP/1.1 413"));
    });
}

ASYNC_TEST(RouteBodyLimit, TheServersHoldsWhereARouteSaysNothing) {
    for (const std::string path : {"/default", "/unknown"}) {
        co_await with_service([&](raw_client& client) -> task<> {
            co_await client.send(post(path, 1001));
            EXPECT_TRUE((co_await client.read_until("}")).starts_with("HTTP/1.1 413")) << path;
        });
    }
}

}  // namespace
}  // namespace hem::web
