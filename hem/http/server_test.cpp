// The server over real sockets on loopback, with the virtual clock: time moves only where a test moves it.
#include "hem/http/server.hpp"

#include "hem/http.hpp"
#include "hem/http/detail/raw_client.hpp"
#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;
using namespace hem::http::testing;

ASYNC_TEST(HttpServer, KeepsTheConnectionAndAnswersInOrder) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\nGET /b HTTP/1.1\r\nHost: t\r\n\r\n");
        EXPECT_NE((co_await client.read_until("hello /a")).find("HTTP/1.1 200 OK"), std::string::npos);
        EXPECT_NE((co_await client.read_until("hello /b")).find("HTTP/1.1 200 OK"), std::string::npos);
        co_await client.send("GET /c HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        const auto last = co_await client.read_to_end();
        EXPECT_NE(last.find("connection: close"), std::string::npos);
        EXPECT_TRUE(last.ends_with("hello /c"));
        EXPECT_EQ(server.statistics().requests, 3u);
    });
}

ASYNC_TEST(HttpServer, AHeadMayArriveByteByByte) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        for (const char c : std::string("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")) co_await client.send(std::string(1, c));
        EXPECT_NE((co_await client.read_until("hello /slow")).find("200 OK"), std::string::npos);
    });
}

ASYNC_TEST(HttpServer, RefusesAndCloses) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        struct {
            std::string request;
            std::string status;
        } const rows[] = {
            {"GET / HTTP/1.1\r\n\r\n", "400"},
            {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
            {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
            {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
            {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
            {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
            {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'a') + "\r\n\r\n", "431"},
            {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "413"},
            {"GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", "417"},
        };
        for (const auto& row : rows) {
            auto client = co_await raw_client::open(server);
            co_await client.send(row.request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            client.socket().shutdown_write();
            const auto answer = co_await client.read_to_end();
            EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + row.status)) << row.request.substr(0, 60) << " -> " << answer;
            EXPECT_EQ(answer.find("smuggled"), std::string::npos);
            EXPECT_NE(answer.find("connection: close"), std::string::npos) << answer;
        }
    });
}

ASYNC_TEST(HttpServer, ReadsBodiesOfBothFramings) {
    auto echo = [](http::request& request) -> task<http::response> {
        const auto body = co_await request.body();
        co_return http::response(200, "[" + std::string(body) + "]", http::content_type::text);
    };
    co_await serving(echo, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
        EXPECT_TRUE((co_await client.read_until("[hello]")).ends_with("[hello]"));
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
        EXPECT_TRUE((co_await client.read_until("[abcde]")).ends_with("[abcde]"));
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        EXPECT_EQ(co_await client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        co_await client.send("ok");
        EXPECT_TRUE((co_await client.read_until("[ok]")).ends_with("[ok]"));
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n");
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 400"));
    });
}

ASYNC_TEST(HttpServer, ABodyThatGrowsOverItsLimitIs413) {
    auto read = [](http::request& request) -> task<http::response> {
        co_return http::response(200, std::to_string((co_await request.body()).size()), http::content_type::text);
    };
    http::server_options options;
    options.limits.body.body = 10;
    co_await serving(read, options, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n");
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 413"));
    });
}

ASYNC_TEST(HttpServer, AnUnreadBodyIsNoRequest) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(
            "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 30\r\n\r\nGET /x HTTP/1.1\r\nHost: t\r\n\r\n..GET /b HTTP/1.1\r\nHost: t\r\n\r\n");
        EXPECT_TRUE((co_await client.read_until("hello /a")).ends_with("hello /a"));
        EXPECT_TRUE((co_await client.read_until("hello /b")).ends_with("hello /b"));
        EXPECT_EQ(server.statistics().requests, 2u);
    });
}

ASYNC_TEST(HttpServer, StreamsInChunksAndCutsVisibly) {
    auto stream = [](http::request& request) -> task<http::response> {
        auto lines = [](bool fail) -> async_generator<std::string> {
            co_yield "one";
            co_yield "three";
            if (fail) throw std::runtime_error("the source broke");
        };
        co_return http::response(200, lines(request.path() == "/fails"), http::content_type::text);
    };
    co_await serving(stream, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
        EXPECT_TRUE((co_await client.read_until("0\r\n\r\n")).ends_with("3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"));
        co_await client.send("GET /fails HTTP/1.1\r\nHost: t\r\n\r\n");
        EXPECT_TRUE((co_await client.read_to_end()).ends_with("3\r\none\r\n5\r\nthree\r\n"));
    });
}

ASYNC_TEST(HttpServer, HeadHasNoBody) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("HEAD /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        const auto answer = co_await client.read_to_end();
        EXPECT_NE(answer.find("content-length: 8"), std::string::npos);
        EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
    });
}

ASYNC_TEST(HttpServer, AnErrorOfTheHandlerIs500WithoutItsText) {
    auto broken = [](http::request&) -> task<http::response> {
        throw std::runtime_error("secret");
        co_return http::response(200);
    };
    co_await serving(broken, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        const auto answer = co_await client.read_until("}");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
        EXPECT_EQ(answer.find("secret"), std::string::npos);
        co_await client.send(std::string(get));
        EXPECT_TRUE((co_await client.read_until("}")).starts_with("HTTP/1.1 500"));
    });
}

ASYNC_TEST(HttpServer, AResetCancelsTheHandler) {
    bool began = false;
    bool was_cancelled = false;
    auto endless = [&](http::request&) -> task<http::response> {
        began = true;
        try {
            co_await sleep_forever();
        } catch (const cancelled&) {
            was_cancelled = true;
            throw;
        }
        co_return http::response(200);
    };
    co_await serving(endless, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        while (!began) co_await yield_now();
        client.socket().reset();
        while (!was_cancelled) co_await yield_now();
        while (server.statistics().connections != 0) co_await yield_now();
        EXPECT_EQ(server.statistics().in_flight, 0u);
    });
}

ASYNC_TEST(HttpServer, AHandlerOverItsLimitIs504) {
    auto endless = [](http::request&) -> task<http::response> {
        co_await sleep_forever();
        co_return http::response(200);
    };
    co_await serving(endless, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        while (server.statistics().in_flight == 0) co_await yield_now();
        virtual_clock::jump(61s);
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 504"));
    });
}

// The limits of a body end with the body: what the handler does afterwards has the handler's own.
ASYNC_TEST(HttpServer, AHandlerThatHasReadItsBodyKeepsItsOwnLimit) {
    event go;
    auto works_on = [&](http::request& request) -> task<http::response> {
        const std::string body(co_await request.body());
        co_await go.wait();
        co_return http::response(200, body, http::content_type::text);
    };
    co_await serving(works_on, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        auto post_slowly = [&]() -> task<> {
            co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbo");
            while (server.statistics().in_flight == 0) co_await yield_now();
            for (int i = 0; i < 20; ++i) co_await yield_now();
            co_await client.send("dy");
            for (int i = 0; i < 40; ++i) co_await yield_now();
        };
        co_await post_slowly();
        for (int second = 0; second < 40; ++second) {
            virtual_clock::jump(1s);
            for (int i = 0; i < 4; ++i) co_await yield_now();
        }
        go.set();
        EXPECT_TRUE((co_await client.read_until("body")).starts_with("HTTP/1.1 200"));
        go.clear();
        co_await post_slowly();  // the connection is still good, and 60 s are the limit
        virtual_clock::jump(61s);
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 504"));
    });
}

ASYNC_TEST(HttpServer, SlowHeadsAndIdleConnectionsEnd) {
    co_await serving(greet, {}, [](http::server& server) -> task<> {
        auto silent = co_await raw_client::open(server);
        auto dripping = co_await raw_client::open(server);
        co_await dripping.send("GET / HT");
        while (server.statistics().connections < 2 || server.statistics().idle > 1) co_await yield_now();
        virtual_clock::jump(11s);
        EXPECT_EQ(co_await silent.read_to_end(), "");
        EXPECT_TRUE((co_await dripping.read_to_end()).starts_with("HTTP/1.1 408"));

        auto idle = co_await raw_client::open(server);
        co_await idle.send(std::string(get));
        (void)co_await idle.read_until("hello /");
        while (server.statistics().idle == 0) co_await yield_now();
        virtual_clock::jump(60s);
        co_await yield_now();
        EXPECT_EQ(server.statistics().idle, 1u);
        virtual_clock::jump(20s);
        EXPECT_EQ(co_await idle.read_to_end(), "");
    });
}

ASYNC_TEST(HttpServer, AClientThatTakesNothingIsReset) {
    auto large = [](http::request&) -> task<http::response> {
        co_return http::response(200, std::string(32 << 20, 'x'), http::content_type::text);
    };
    co_await serving(large, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        while (server.statistics().in_flight == 0) co_await yield_now();
        for (int i = 0; i < 200; ++i) co_await yield_now();
        EXPECT_EQ(server.statistics().connections, 1u);
        virtual_clock::jump(31s);
        while (server.statistics().connections != 0) co_await yield_now();
        EXPECT_EQ(server.statistics().in_flight, 0u);
    });
}

ASYNC_TEST(HttpServer, AStreamEndsWhenItsClientIsGone) {
    bool cleaned = false;
    auto endless = [&](http::request&) -> task<http::response> {
        auto lines = [](bool& flag) -> async_generator<std::string> {
            struct note {
                bool& flag;
                ~note() { flag = true; }
            } at_end{flag};
            for (;;) {
                co_yield std::string(1000, 'x');
                co_await yield_now();
            }
        };
        co_return http::response(200, lines(cleaned), http::content_type::text);
    };
    co_await serving(endless, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        (void)co_await client.read_until("xxx");
        client.socket().reset();
        while (server.statistics().connections != 0) co_await yield_now();
        EXPECT_TRUE(cleaned);
    });
}

ASYNC_TEST(HttpServer, ADrippingBodyIs408) {
    auto read = [](http::request& request) -> task<http::response> {
        co_return http::response(200, std::string(co_await request.body()), http::content_type::text);
    };
    co_await serving(read, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nfew");
        while (server.statistics().in_flight == 0) co_await yield_now();
        for (int i = 0; i < 20; ++i) co_await yield_now();
        virtual_clock::jump(31s);
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 408"));
    });
}

ASYNC_TEST(HttpServer, OverTheConnectionLimitIs503) {
    http::server_options options;
    options.limits.connections = 1;
    co_await serving(greet, options, [](http::server& server) -> task<> {
        auto first = co_await raw_client::open(server);
        co_await first.send(std::string(get));
        (void)co_await first.read_until("hello /");
        auto second = co_await raw_client::open(server);
        const auto answer = co_await second.read_to_end();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
        EXPECT_NE(answer.find("retry-after: 1"), std::string::npos);
    });
}

ASYNC_TEST(HttpServer, DrainAnswersWhatIsUnderWay) {
    event go;
    auto waits = [&](http::request&) -> task<http::response> {
        co_await go.wait();
        co_return http::response(200, "done", http::content_type::text);
    };
    http::server_options options;
    options.bind = {"127.0.0.1:0"};
    http::server server(waits, options);
    server.listen();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await server.serve(); });
        auto busy = co_await raw_client::open(server);
        auto idle = co_await raw_client::open(server);
        co_await busy.send(std::string(get));
        while (server.statistics().in_flight == 0) co_await yield_now();
        server.stop();
        go.set();
        const auto answer = co_await busy.read_to_end();
        EXPECT_TRUE(answer.ends_with("done"));
        EXPECT_NE(answer.find("connection: close"), std::string::npos);
        virtual_clock::jump(11s);  // the connection that never asked anything
        EXPECT_EQ(co_await idle.read_to_end(), "");
    });
    EXPECT_EQ(server.statistics().connections, 0u);
}

ASYNC_TEST(HttpServer, DrainCancelsWhatIsStuckAfterItsGrace) {
    auto endless = [](http::request&) -> task<http::response> {
        co_await sleep_forever();
        co_return http::response(200);
    };
    http::server_options options;
    options.bind = {"127.0.0.1:0"};
    http::server server(endless, options);
    server.listen();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await server.serve(); });
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        while (server.statistics().in_flight == 0) co_await yield_now();
        server.stop();
        virtual_clock::jump(31s);
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 503"));
    });
    EXPECT_EQ(server.statistics().drain_cancelled, 1u);
}

ASYNC_TEST(HttpServer, AStreamThatADrainCutsIsCounted) {
    auto endless = [](http::request&) -> task<http::response> {
        auto one_piece = []() -> async_generator<std::string> {
            co_yield "piece";
            co_await sleep_forever();
        };
        co_return http::response(200, one_piece(), http::content_type::text);
    };
    http::server_options options;
    options.bind = {"127.0.0.1:0"};
    http::server server(endless, options);
    server.listen();
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await server.serve(); });
        auto client = co_await raw_client::open(server);
        co_await client.send(std::string(get));
        (void)co_await client.read_until("piece");
        server.stop();
        virtual_clock::jump(31s);
        EXPECT_EQ((co_await client.read_to_end()).find("0\r\n\r\n"), std::string::npos);
    });
    EXPECT_EQ(server.statistics().drain_cancelled, 1u);
}

TEST(HttpServer, APortInUseSaysSo) {
    run({.clock = clock_kind::virtual_time}, []() -> task<> {
        auto first = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
        try {
            auto second = net::listener::open(first.local());
            ADD_FAILURE() << "bound twice";
        } catch (const network_error& error) {
            EXPECT_NE(std::string(error.what()).find("another process listens there"), std::string::npos) << error.what();
        }
        co_return;
    });
}

}  // namespace
