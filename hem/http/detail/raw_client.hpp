// For tests of the server: a server on loopback beside the test, and a client that sends exactly what a test says.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "hem/core/errors.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task_group.hpp"
#include "hem/http/server.hpp"
#include "hem/net/connect.hpp"
#include "hem/net/socket_stream.hpp"

namespace hem::http::testing {

// A raw client: what a test sends is what the server gets.
class raw_client {
public:
    static task<raw_client> open(const http::server& server) {
        raw_client client;
        client.socket_ = co_await net::connect(server.local_endpoints().at(0));
        co_return client;
    }
    task<> send(std::string text) { co_await socket_.write_all(text); }
    // What comes until `end` has been seen, or until the connection ends.
    task<std::string> read_until(std::string end) {
        char block[4096];
        while (received_.find(end) == std::string::npos) {
            std::size_t got = 0;
            try {
                got = co_await socket_.read_some(block);
            } catch (const network_error&) {
            }
            if (got == 0) co_return std::exchange(received_, {});
            received_.append(block, got);
        }
        const auto at = received_.find(end) + end.size();
        std::string text = received_.substr(0, at);
        received_.erase(0, at);
        co_return text;
    }
    task<std::string> read_to_end() { co_return co_await read_until("\xff never"); }
    // What has come and was not read yet; does not wait.
    std::string take_arrived() {
        char block[64 * 1024];
        for (;;) {
            const auto got = socket_.try_read(block);
            if (got.bytes == 0) return std::exchange(received_, {});
            received_.append(block, got.bytes);
        }
    }
    net::socket_stream& socket() noexcept { return socket_; }

private:
    net::socket_stream socket_;
    std::string received_;
};

inline constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

inline task<http::response> greet(http::request& request) {
    co_return http::response(200, "hello " + std::string(request.path()), http::content_type::text);
}

// Runs `body` beside a server and stops the server afterwards.
template <class F>
task<> serving(http::handler handler, http::server_options options, F body) {
    options.bind = {"127.0.0.1:0"};
    http::server server(std::move(handler), std::move(options));
    server.listen();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await server.serve(); });
        co_await body(server);
        server.stop();
    });
}

// Lets everything go on that needs no time.
inline task<> settle() {
    for (int i = 0; i < 100; ++i) co_await yield_now();
}

}  // namespace hem::http::testing
