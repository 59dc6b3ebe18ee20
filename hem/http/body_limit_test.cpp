// The limit of a request's body: what the server allows, what a handler's rule allows for some heads, and that 413 reaches who still sends.
#include "hem/http.hpp"
#include "hem/http/detail/raw_client.hpp"
#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using namespace hem::http::testing;
using hem::testing::virtual_clock;

std::string post(const std::string& path, std::size_t length) {
    return "POST " + path + " HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

// Counts the bytes of the body; "/large" takes up to 1 MiB, whatever the server's limit.
struct counting_handler {
    int* calls;
    task<http::response> operator()(http::request& request) const {
        ++*calls;
        if (request.path() == "/large") request.set_body_limit(1 << 20);
        const auto size = (co_await request.body()).size();
        co_return http::response(200, "<" + std::to_string(size) + ">", http::content_type::text);
    }
};

http::handler counting(int& calls) {
    http::handler handler(counting_handler{&calls});
    handler.set_body_limit_rule(nullptr, [](const void*, const http::request& head, std::uint64_t servers) noexcept {
        return head.path() == "/large" ? std::uint64_t{1} << 20 : servers;
    });
    return handler;
}

http::server_options small_bodies() {
    http::server_options options;
    options.limits.body.body = 1000;
    return options;
}

ASYNC_TEST(BodyLimit, AHandlersRuleMayRaiseTheServersLimit) {
    int calls = 0;
    co_await serving(counting(calls), small_bodies(), [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(post("/large", 5000) + std::string(5000, 'x'));
        EXPECT_TRUE((co_await client.read_until("<5000>")).starts_with("HTTP/1.1 200"));
        co_await client.send("POST /large HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') +
                             "\r\n0\r\n\r\n");
        EXPECT_TRUE((co_await client.read_until("<2000>")).starts_with("HTTP/1.1 200"));
        co_await client.send(post("/", 1000) + std::string(1000, 'x'));
        EXPECT_TRUE((co_await client.read_until("<1000>")).starts_with("HTTP/1.1 200"));
        EXPECT_EQ(calls, 3);
        co_await client.send(post("/large", (1 << 20) + 1));
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 413"));
        EXPECT_EQ(calls, 3);
    });
}

ASYNC_TEST(BodyLimit, AnnouncedBytesOverTheLimitAre413BeforeTheHandler) {
    int calls = 0;
    co_await serving(counting(calls), small_bodies(), [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(post("/", 1001));
        const auto answer = co_await client.read_to_end();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer;
        EXPECT_NE(answer.find("connection: close"), std::string::npos);
        EXPECT_EQ(calls, 0);
    });
}

// RFC 9112 9.6: the answer reaches a client that sends on; nobody reads what it sends, and its connection ends after a second.
ASYNC_TEST(BodyLimit, TheAnswerReachesAClientThatIsStillSending) {
    constexpr std::size_t large = 32 << 20;
    int calls = 0;
    co_await serving(counting(calls), small_bodies(), [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        bool broken = false;
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                try {
                    co_await client.send(post("/", large) + std::string(large, 'x'));
                } catch (const network_error&) {
                    broken = true;
                }
            });
            const auto answer = co_await client.read_to_end();
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer;
            EXPECT_TRUE(answer.ends_with("}")) << answer;
            EXPECT_FALSE(broken);  // the connection was held for it
            EXPECT_EQ(server.statistics().connections, 1u);
            virtual_clock::jump(2s);
            while (server.statistics().connections != 0) co_await yield_now();
        });
        EXPECT_TRUE(broken);
        EXPECT_EQ(calls, 0);
    });
}

}  // namespace
