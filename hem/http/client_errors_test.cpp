// The errors of the client: which class, what it says, and that nothing stays behind.
#include "hem/http/client.hpp"

#include "hem/core/with.hpp"
#include "hem/http/detail/scripted_server.hpp"
#include "hem/http/json.hpp"
#include "hem/http/mock_transport.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

using namespace std::chrono_literals;
using namespace http::testing;

ASYNC_TEST(ClientErrors, RefusesSmugglingAnswers) {
    for (const std::string fields : {"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n",
                                     "Content-Length: 02\r\n", "Transfer-Encoding: gzip, chunked\r\n", "A: b\n", " A: b\r\n"}) {
        scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\n" + fields + "\r\nok")}}}};
        co_await with(open(over(server)), [&](client& api) -> task<> {
            CO_EXPECT_THROW(co_await api.get("/"), remote_protocol_error);
            EXPECT_EQ(api.stats().in_use, 0u) << fields;
        });
        EXPECT_EQ(server.open, 0) << fields;
    }
}

ASYNC_TEST(ClientErrors, TruncationIsAnError) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), end()}},
                                       {.steps = {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), end()}},
                                       {.steps = {send("HTTP/1.1 200"), end()}},
                                       {.steps = {end()}},
                                       {.steps = {fail()}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        for (int i = 0; i < 5; ++i) CO_EXPECT_THROW(co_await api.get("/"), read_error);
        EXPECT_EQ(api.stats().in_use, 0u);
        EXPECT_EQ(api.stats().idle, 0u);
    });
}

ASYNC_TEST(ClientErrors, PhaseTimersThrowPhaseErrors) {
    scripted_server server{.scripts = {{.connect_time = 6s},
                                       {.steps = {wait(6s), send(ok)}},
                                       {.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), wait(6s)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        CO_EXPECT_THROW(co_await api.get("/"), connect_timeout);
        CO_EXPECT_THROW(co_await api.get("/"), read_timeout);
        try {
            co_await api.get("/secret");
        } catch (const hem::timeout_error& error) {
            const auto* known = dynamic_cast<const http::error*>(&error);
            CO_ASSERT_TRUE(known != nullptr);
            EXPECT_EQ(known->method(), "GET");
            EXPECT_EQ(known->url(), "http://server/secret");
            EXPECT_EQ(known->phase(), phase::read);
            EXPECT_EQ(known->elapsed(), 5s);
            EXPECT_TRUE(known->is_retryable());
        }
        EXPECT_EQ(api.stats().in_use, 0u);
    });
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 15s);
}

ASYNC_TEST(ClientErrors, AScopesDeadlineIsNoPhaseError) {
    scripted_server server{.scripts = {{.steps = {wait(6s), send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        bool phase_error = false;
        try {
            co_await timeout(2s, api.get("/"));
        } catch (const read_timeout&) {
            phase_error = true;
        } catch (const timeout_error&) {
        }
        EXPECT_FALSE(phase_error);
        EXPECT_EQ(api.stats().in_use, 0u);
    });
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 2s);
}

ASYNC_TEST(ClientErrors, ConnectErrorsNameTheServer) {
    scripted_server server{.scripts = {{.refuse = true}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        try {
            co_await api.get("/x");
            ADD_FAILURE();
        } catch (const network_error& error) {
            EXPECT_STREQ(error.what(), "GET http://server/x: cannot connect to server:80: connection refused");
            EXPECT_EQ(error.kind(), failure_kind::not_sent);
        }
        EXPECT_EQ(api.stats().in_use, 0u);
    });
}

ASYNC_TEST(ClientErrors, AnAnswerToABrokenUploadIsStillRead) {
    scripted_server server{
        .scripts = {{.steps = {send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")}, .fail_write_after = 1}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.post("/", {.content = std::string(100'000, 'x')})).status(), 413);
        EXPECT_EQ(api.stats().idle, 0u);
    });
}

ASYNC_TEST(ClientErrors, LargeBodiesStopAtTheLimit) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'))}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        CO_EXPECT_THROW(co_await api.get("/", {.max_body = 99}), response_too_large);
        EXPECT_EQ(api.stats().in_use, 0u);
    });
}

ASYNC_TEST(ClientErrors, HttpsIsRefusedWithTheReason) {
    CO_EXPECT_THROW(co_await open({.base_url = "https://example.com"}), unsupported_protocol);
    scripted_server server{.scripts = {{}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        try {
            co_await api.get("https://example.com/");
            ADD_FAILURE();
        } catch (const unsupported_protocol& error) {
            EXPECT_NE(std::string(error.what()).find("no TLS yet"), std::string::npos);
        }
    });
}

ASYNC_TEST(ClientErrors, MisuseIsNamed) {
    CO_EXPECT_THROW(co_await open({.base_url = "example.com"}), invalid_url);
    CO_EXPECT_THROW(path("/a/{}/{}", 1), usage_error);
    scripted_server server{.scripts = {{}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        CO_EXPECT_THROW(co_await api.post("/", {.json = 1, .content = "x"}), usage_error);
        CO_EXPECT_THROW(co_await api.get("/a b"), invalid_url);
        CO_EXPECT_THROW(co_await api.get("http://user:pw@server/"), invalid_url);
    });
    EXPECT_EQ(server.connected, 0);
}

ASYNC_TEST(ClientErrors, StatusErrorsCarryTheAnswer) {
    auto mock = std::make_unique<mock_transport>(
        [](request&) { return response(404, std::string("{\"detail\":\"Not Found\"}"), content_type::json); });
    const auto& calls = mock->calls();
    co_await with(open({.base_url = "http://server", .transport = std::move(mock)}), [&](client& api) -> task<> {
        try {
            (co_await api.get("/posts/{}", 7)).raise_for_status();
            ADD_FAILURE();
        } catch (const status_error& error) {
            EXPECT_EQ(error.status(), 404);
            EXPECT_EQ(error.body(), "{\"detail\":\"Not Found\"}");
            EXPECT_STREQ(error.what(), "GET http://server/posts/7 was answered with 404 Not Found: {\"detail\":\"Not Found\"}");
            EXPECT_FALSE(error.is_retryable());
        }
        CO_ASSERT_EQ(calls.size(), 1u);
        EXPECT_EQ(calls[0].url, "http://server/posts/7");
    });
}

}  // namespace
}  // namespace hem::http
