#include "apps/blog/serving.hpp"

#include "hem/core.hpp"

#include <csignal>
#include <cstdio>
#include <fmt/format.h>

namespace blog {

std::string endpoint_text(const std::string& host, std::uint16_t port) {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string url_of(const hem::http::server& server, const std::string& host) {
    const auto endpoints = server.local_endpoints();
    const std::uint16_t port = endpoints.empty() ? 0 : endpoints.front().port;
    // Everywhere is no address to open.
    return "http://" + endpoint_text(host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host, port);
}

void announce_stop() {
    fmt::print("\nblog: stopping; requests under way are answered first (Ctrl-C again: at once)\n");
    std::fflush(stdout);
}

hem::task<int> serve_until_signal(hem::http::server& server) {
    int code = 0;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            co_await hem::with(hem::signals({SIGINT, SIGTERM}), [&](hem::signal_stream& arriving) -> hem::task<> {
                (void)co_await arriving.next();
                announce_stop();
                server.stop();
                const auto second = co_await arriving.next();
                code = 128 + second.value_or(SIGINT);
                server.stop_now();
            });
        });
        co_await server.serve();
        group.cancel("the server has stopped");
    });
    co_return code;
}

}  // namespace blog
