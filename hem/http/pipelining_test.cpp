// Pipelined requests: safe ones run side by side, answers leave in the order of the requests (RFC 9112 9.3.2). Real sockets, virtual time.
#include <algorithm>
#include <map>

#include "hem/http.hpp"
#include "hem/http/detail/raw_client.hpp"
#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using namespace hem::http::testing;
using hem::testing::virtual_clock;

std::string ask(const std::string& method, const std::string& path, const std::string& fields = {}) {
    return method + " " + path + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n";
}

// Handlers that begin, wait for the test, and answer with their path.
class gates {
public:
    http::handler handler() {
        return [this](http::request& request) -> task<http::response> {
            const std::string path(request.path());
            begun += path;
            running = std::max(running, ++now);
            struct leave {
                gates& all;
                ~leave() { --all.now; }
            } leaving{*this};
            try {
                co_await open_[path].wait();
            } catch (const cancelled&) {
                cancelled_paths += path;
                throw;
            }
            if (path == "/fails") throw std::runtime_error("broken");
            co_return http::response(200, "<" + path + ">", http::content_type::text);
        };
    }
    void open(const std::string& path) { open_[path].set(); }

    std::string begun;
    std::string cancelled_paths;
    int now = 0;
    int running = 0;

private:
    std::map<std::string, event> open_;
};

// Where each text stands, in this order.
void expect_in_order(const std::string& text, std::initializer_list<std::string_view> pieces) {
    std::size_t at = 0;
    for (const auto piece : pieces) {
        const auto found = text.find(piece, at);
        EXPECT_NE(found, std::string::npos) << piece << " is missing behind offset " << at << " in\n" << text;
        if (found == std::string::npos) return;
        at = found + piece.size();
    }
}

ASYNC_TEST(Pipelining, SafeRequestsRunSideBySideAndAreAnsweredInOrder) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("HEAD", "/b") + ask("OPTIONS", "/c"));
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b/c");
        EXPECT_EQ(server.statistics().in_flight, 3u);
        all.open("/c");
        all.open("/b");
        co_await settle();
        EXPECT_EQ(client.take_arrived(), "");
        all.open("/a");
        const auto answers = co_await client.read_until("</c>");
        expect_in_order(answers, {"</a>", "content-length: 4", "</c>"});
        EXPECT_EQ(answers.find("</b>"), std::string::npos);  // the answer to HEAD has no body
        co_await client.send(ask("GET", "/a"));
        EXPECT_TRUE((co_await client.read_until("</a>")).ends_with("</a>"));
        EXPECT_EQ(server.statistics().requests, 4u);
    });
}

ASYNC_TEST(Pipelining, ARequestThatComesLaterJoins) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a"));
        co_await settle();
        co_await client.send(ask("GET", "/b") + "GET /c HT");
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b");
        co_await client.send("TP/1.1\r\nHost: t\r\n\r\n");
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b/c");
        for (const char* path : {"/c", "/b", "/a"}) all.open(path);
        expect_in_order(co_await client.read_until("</c>"), {"</a>", "</b>", "</c>"});
    });
}

ASYNC_TEST(Pipelining, AnUnsafeMethodWaitsForAllBeforeItAndHoldsAllAfterIt) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b") + ask("POST", "/post", "Content-Length: 2\r\n") + "xx" + ask("GET", "/c"));
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b");
        all.open("/b");
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b");
        all.open("/a");
        expect_in_order(co_await client.read_until("</b>"), {"</a>", "</b>"});
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b/post");
        all.open("/c");
        all.open("/post");
        expect_in_order(co_await client.read_until("</c>"), {"</post>", "</c>"});
    });
}

ASYNC_TEST(Pipelining, ASafeRequestWithABodyRunsAlone) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a", "Content-Length: 2\r\n") + "xx" + ask("GET", "/b"));
        co_await settle();
        EXPECT_EQ(all.begun, "/a");
        all.open("/a");
        all.open("/b");
        expect_in_order(co_await client.read_until("</b>"), {"</a>", "</b>"});
    });
}

ASYNC_TEST(Pipelining, NoMoreThanTheLimitRunAtOnce) {
    for (const std::size_t limit : {1, 2, 16}) {
        gates all;
        http::server_options options;
        options.limits.pipelined = limit;
        co_await serving(all.handler(), options, [&](http::server& server) -> task<> {
            auto client = co_await raw_client::open(server);
            std::string burst;
            std::string last;
            for (int i = 10; i < 50; ++i) {
                last = "/" + std::to_string(i);
                burst += ask("GET", last);
                all.open(last);
            }
            gates& gate = all;
            co_await client.send(ask("GET", "/first") + burst);
            co_await settle();
            EXPECT_LE(gate.running, static_cast<int>(limit));
            all.open("/first");
            const auto answers = co_await client.read_until("<" + last + ">");
            EXPECT_EQ(std::count(answers.begin(), answers.end(), '<'), 41);
            expect_in_order(answers, {"</first>", "</10>", "</11>", "</30>", "</49>"});
        });
        EXPECT_LE(all.running, static_cast<int>(limit));
    }
}

ASYNC_TEST(Pipelining, AStreamAheadOfItsTurnHolds64KiBThenWaits) {
    event go;
    int pieces = 0;
    auto handler = [&](http::request& request) -> task<http::response> {
        if (request.path() == "/first") {
            co_await go.wait();
            co_return http::response(200, "first", http::content_type::text);
        }
        auto stream = [](int& count) -> async_generator<std::string> {
            for (int i = 0; i < 200; ++i) {
                ++count;
                co_yield std::string(1022, '~') + "\n";
            }
            co_yield "the end";
        };
        co_return http::response(200, stream(pieces), http::content_type::text);
    };
    co_await serving(handler, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/first") + ask("GET", "/stream") + ask("GET", "/first"));
        co_await settle();
        co_await settle();
        EXPECT_GT(pieces, 50);
        EXPECT_LE(pieces, 64);
        EXPECT_EQ(client.take_arrived(), "");
        go.set();
        const auto answers = co_await client.read_until("the end\r\n0\r\n\r\n");
        expect_in_order(answers, {"first", "transfer-encoding: chunked", "the end"});
        EXPECT_EQ(std::count(answers.begin(), answers.end(), '~'), 200 * 1022);
        EXPECT_EQ(pieces, 200);
        EXPECT_TRUE((co_await client.read_until("first")).ends_with("first"));
    });
}

// What a stream has made before its turn does not wait for its next piece.
ASYNC_TEST(Pipelining, WhatAStreamHoldsLeavesWhenItsTurnComes) {
    event go;
    event more;
    auto handler = [&](http::request& request) -> task<http::response> {
        if (request.path() == "/first") {
            co_await go.wait();
            co_return http::response(200, "first", http::content_type::text);
        }
        auto stream = [](event& later) -> async_generator<std::string> {
            co_yield "early";
            co_await later.wait();
            co_yield "late";
        };
        co_return http::response(200, stream(more), http::content_type::text);
    };
    co_await serving(handler, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/first") + ask("GET", "/stream"));
        co_await settle();
        go.set();
        expect_in_order(co_await client.read_until("early\r\n"), {"first", "early"});
        more.set();
        EXPECT_TRUE((co_await client.read_until("0\r\n\r\n")).starts_with("4\r\nlate\r\n"));
    });
}

ASYNC_TEST(Pipelining, LargeAnswersKeepTheirOrder) {
    auto handler = [](http::request& request) -> task<http::response> {
        for (auto i = request.path().size(); i < 6; ++i) co_await yield_now();
        co_return http::response(200, std::string(3 << 20, request.path().back()) + "|", http::content_type::text);
    };
    co_await serving(handler, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/1") + ask("GET", "/22") + ask("GET", "/333") + ask("GET", "/4444"));
        for (const char digit : {'1', '2', '3', '4'}) {
            const auto answer = co_await client.read_until("|");
            EXPECT_TRUE(answer.ends_with(std::string(3 << 20, digit) + "|"));
        }
    });
}

ASYNC_TEST(Pipelining, AnErrorInTheMiddleIsAnsweredInItsPlace) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/fails") + ask("GET", "/c"));
        all.open("/fails");
        all.open("/c");
        co_await settle();
        EXPECT_EQ(client.take_arrived(), "");
        all.open("/a");
        expect_in_order(co_await client.read_until("</c>"), {"200 OK", "</a>", "500 Internal", "200 OK", "</c>"});
    });
}

ASYNC_TEST(Pipelining, ARefusalNeverOvertakesGoodRequests) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b") + "GET / HTTP/1.1\r\n\r\n" + ask("GET", "/smuggled"));
        all.open("/b");
        co_await settle();
        EXPECT_EQ(client.take_arrived(), "");
        all.open("/a");
        const auto answers = co_await client.read_to_end();
        expect_in_order(answers, {"</a>", "</b>", "400 Bad Request", "connection: close"});
        EXPECT_EQ(all.begun, "/a/b");
    });
}

ASYNC_TEST(Pipelining, ConnectionCloseIsTheLastOne) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b", "Connection: close\r\n") + ask("GET", "/c"));
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b");
        all.open("/b");
        all.open("/a");
        const auto answers = co_await client.read_to_end();
        expect_in_order(answers, {"</a>", "connection: close", "</b>"});
        EXPECT_EQ(all.begun, "/a/b");
    });
}

ASYNC_TEST(Pipelining, AStreamThatIsCutEndsThoseBehindIt) {
    gates all;
    auto inner = all.handler();
    auto handler = [&](http::request& request) -> task<http::response> {
        if (request.path() != "/cut") co_return co_await inner(request);
        auto stream = []() -> async_generator<std::string> {
            co_yield "half";
            throw std::runtime_error("the source broke");
        };
        co_return http::response(200, stream(), http::content_type::text);
    };
    co_await serving(handler, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/cut") + ask("GET", "/c") + ask("GET", "/d"));
        all.open("/c");
        co_await settle();
        all.open("/a");
        const auto answers = co_await client.read_to_end();
        EXPECT_TRUE(answers.ends_with("4\r\nhalf\r\n")) << answers;
        EXPECT_EQ(all.cancelled_paths, "/d");
    });
}

ASYNC_TEST(Pipelining, AResetCancelsAllOfThem) {
    for (const bool in_one_burst : {true, false}) {
        gates all;
        co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
            auto client = co_await raw_client::open(server);
            co_await client.send(ask("GET", "/a") + (in_one_burst ? ask("GET", "/b") + ask("GET", "/c") : ""));
            co_await settle();
            if (!in_one_burst) co_await client.send(ask("GET", "/b") + ask("GET", "/c"));
            co_await settle();
            EXPECT_EQ(server.statistics().in_flight, 3u);
            client.socket().reset();
            while (server.statistics().connections != 0) co_await yield_now();
            EXPECT_EQ(all.cancelled_paths.size(), 6u);
            EXPECT_EQ(server.statistics().in_flight, 0u);
        });
    }
}

ASYNC_TEST(Pipelining, AHalfClosedClientGetsItsAnswersWithinTheGrace) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b"));
        client.socket().shutdown_write();
        co_await settle();
        EXPECT_EQ(all.begun, "/a/b");
        all.open("/b");
        all.open("/a");
        expect_in_order(co_await client.read_to_end(), {"</a>", "</b>"});

        auto slow = co_await raw_client::open(server);
        co_await slow.send(ask("GET", "/c") + ask("GET", "/d"));
        slow.socket().shutdown_write();
        co_await settle();
        virtual_clock::jump(2s);
        EXPECT_EQ(co_await slow.read_to_end(), "");
        EXPECT_EQ(all.cancelled_paths.size(), 4u);
    });
}

ASYNC_TEST(Pipelining, AHandlerOverItsLimitIs504AndEndsTheConnection) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/endless") + ask("GET", "/c"));
        co_await settle();
        all.open("/a");
        all.open("/c");
        EXPECT_TRUE((co_await client.read_until("</a>")).ends_with("</a>"));
        virtual_clock::jump(61s);
        const auto rest = co_await client.read_to_end();
        EXPECT_TRUE(rest.starts_with("HTTP/1.1 504")) << rest;
        EXPECT_EQ(rest.find("</c>"), std::string::npos);
        EXPECT_EQ(all.cancelled_paths, "/endless");
    });
}

ASYNC_TEST(Pipelining, AHeadThatDripsIs408BehindTheAnswersOfTheOthers) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b") + "GET /c HT");
        co_await settle();
        virtual_clock::jump(11s);
        co_await settle();
        EXPECT_EQ(client.take_arrived(), "");
        all.open("/b");
        all.open("/a");
        expect_in_order(co_await client.read_to_end(), {"</a>", "</b>", "408 Request Timeout"});
    });
}

ASYNC_TEST(Pipelining, DrainAnswersAllThatRunAndOnlyTheLastSaysClose) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b") + ask("GET", "/c"));
        co_await settle();
        server.stop();
        co_await client.send(ask("GET", "/late"));
        co_await settle();
        for (const char* path : {"/c", "/b", "/a"}) all.open(path);
        const auto answers = co_await client.read_to_end();
        expect_in_order(answers, {"</a>", "</b>", "connection: close", "</c>"});
        EXPECT_LT(answers.find("</b>"), answers.find("connection: close"));
        EXPECT_EQ(all.begun, "/a/b/c");
        virtual_clock::jump(2s);  // of the lingering close: the client does not close
        while (server.statistics().connections != 0) co_await yield_now();
        EXPECT_EQ(server.statistics().drain_finished, 3u);
    });
}

ASYNC_TEST(Pipelining, TheEndOfADrainsGraceCancelsAllOfThem) {
    gates all;
    co_await serving(all.handler(), {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b"));
        co_await settle();
        server.stop();
        virtual_clock::jump(31s);
        EXPECT_TRUE((co_await client.read_to_end()).starts_with("HTTP/1.1 503"));
        EXPECT_EQ(server.statistics().drain_cancelled, 2u);
        EXPECT_EQ(all.cancelled_paths.size(), 4u);
    });
}

ASYNC_TEST(Pipelining, AClientThatTakesNothingIsResetWithAllItAskedFor) {
    auto large = [](http::request&) -> task<http::response> {
        co_return http::response(200, std::string(32 << 20, 'x'), http::content_type::text);
    };
    co_await serving(large, {}, [](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b"));
        co_await settle();
        EXPECT_EQ(server.statistics().connections, 1u);
        virtual_clock::jump(31s);
        while (server.statistics().connections != 0) co_await yield_now();
        EXPECT_EQ(server.statistics().in_flight, 0u);
    });
}

ASYNC_TEST(Pipelining, HooksRunInTheOrderOfTheAnswersAndHoldNobody) {
    event go;
    std::string log;
    auto handler = [&](http::request& request) -> task<http::response> {
        const std::string path(request.path());
        http::response answer(200, "<" + path + ">", http::content_type::text);
        answer.after_sent([&log, &go, path]() -> task<> {
            if (path == "/a") co_await go.wait();
            log += path;
        });
        co_await yield_now();
        co_return answer;
    };
    co_await serving(handler, {}, [&](http::server& server) -> task<> {
        auto client = co_await raw_client::open(server);
        co_await client.send(ask("GET", "/a") + ask("GET", "/b") + ask("GET", "/c"));
        expect_in_order(co_await client.read_until("</c>"), {"</a>", "</b>", "</c>"});
        co_await settle();
        EXPECT_EQ(log, "/b/c");
        go.set();
        co_await settle();
        EXPECT_EQ(log, "/b/c/a");
    });
}

TEST(Pipelining, CancelledAtEveryAwaitTheServerDrains) {
    int left_behind = 0;
    const auto once = [&]() -> task<> {
        auto handler = [&](http::request& request) -> task<http::response> {
            ++left_behind;
            struct leave {
                int& count;
                ~leave() { --count; }
            } leaving{left_behind};
            for (auto i = request.path().size(); i < 5; ++i) co_await yield_now();
            co_return http::response(200, "<" + std::string(request.path()) + ">", http::content_type::text);
        };
        co_await serving(handler, {}, [&](http::server& server) -> task<> {
            auto client = co_await raw_client::open(server);
            co_await client.send(ask("GET", "/a") + ask("GET", "/bb") + ask("POST", "/c") + ask("GET", "/dd") + ask("GET", "/e"));
            (void)co_await client.read_until("</e>");
        });
    };
    EXPECT_GT(hem::testing::cancel_at_every_await(once), 5u);
    EXPECT_EQ(left_behind, 0);
}

}  // namespace
