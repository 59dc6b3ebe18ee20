// The connections of the client: which is used again, who waits for one, and that none leaks.
#include "hem/http/client.hpp"

#include "hem/core/with.hpp"
#include "hem/http/detail/scripted_server.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

using namespace std::chrono_literals;
using namespace http::testing;

ASYNC_TEST(ClientPool, BytesBehindAnAnswerCloseItsConnection) {
    scripted_server server{.scripts = {{.steps = {send(ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
    });
    EXPECT_EQ(server.connected, 2);
}

ASYNC_TEST(ClientPool, AStaleConnectionIsReplacedOnceForIdempotentRequests) {
    scripted_server server{.scripts = {{.steps = {send(ok), end()}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        EXPECT_EQ((co_await api.get("/second")).text(), "ok");
        EXPECT_EQ(api.stats().retried, 1u);
    });
    EXPECT_EQ(server.connected, 2);
}

ASYNC_TEST(ClientPool, APostThatMayHaveRunIsNeverSentTwice) {
    scripted_server server{.scripts = {{.steps = {send(ok), end()}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        CO_EXPECT_THROW(co_await api.post("/second", {.content = "x"}), read_error);
        EXPECT_EQ(api.stats().retried, 0u);
    });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(ClientPool, APostOfWhichNoByteWasTakenIsSentAgain) {
    const std::string first = "GET /first HTTP/1.1\r\nhost: server\r\naccept: */*\r\nuser-agent: hem\r\n\r\n";
    scripted_server server{.scripts = {{.steps = {send(ok), fail()}, .fail_write_after = first.size()}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        EXPECT_EQ((co_await api.post("/second", {.content = "x"})).text(), "ok");
        EXPECT_EQ(api.stats().retried, 1u);
    });
    EXPECT_EQ(server.received[0], first);
}

ASYNC_TEST(ClientPool, AFreshConnectionThatFailsIsNotRetried) {
    scripted_server server{.scripts = {{.steps = {end()}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> { CO_EXPECT_THROW(co_await api.get("/"), read_error); });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(ClientPool, ADeadOrExpiredIdleConnectionIsNotUsed) {
    scripted_server server{.scripts = {{.steps = {send(ok), send(ok), send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/");
        co_await sleep_for(4s);
        co_await api.get("/");
        EXPECT_EQ(server.connected, 1);
        co_await sleep_for(5s);
        co_await api.get("/");
        EXPECT_EQ(server.connected, 2);
        server.idle_dead = true;
        co_await api.get("/");
        EXPECT_EQ(server.connected, 3);
    });
}

ASYNC_TEST(ClientPool, WaitersAreServedInOrderAndBounded) {
    scripted_server server{.scripts = {{.steps = {wait(1s), send(ok), wait(1s), send(ok), wait(1s), send(ok), wait(1s), send(ok)}}}};
    std::string order;
    co_await with(open(over(server, {.max_connections = 1, .max_waiting = 2})), [&](client& api) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (const char name : {'a', 'b', 'c'}) {
                group.create_task([&api, &order, name]() -> task<> {
                    co_await api.get("/");
                    order += name;
                });
                co_await hem::testing::wait_all_tasks_blocked();
            }
            EXPECT_EQ(api.stats().waiting, 2u);
            CO_EXPECT_THROW(co_await api.get("/"), pool_full);
        });
    });
    EXPECT_EQ(order, "abc");
    EXPECT_EQ(server.most_open, 1);
}

ASYNC_TEST(ClientPool, APoolTimeoutLeavesTheOthersTheirTurn) {
    scripted_server server{.scripts = {{.steps = {wait(4s), send(ok), wait(4s), send(ok)}}}};
    co_await with(open(over(server, {.max_connections = 1}, {5s, 5s, 5s, 2s})), [&](client& api) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&api]() -> task<> { co_await api.get("/1"); });
            co_await hem::testing::wait_all_tasks_blocked();
            CO_EXPECT_THROW(co_await api.get("/2"), pool_timeout);
            EXPECT_EQ(api.stats().waiting, 0u);
        });
        EXPECT_EQ((co_await api.get("/3")).text(), "ok");
        EXPECT_EQ(api.stats().in_use, 0u);
    });
}

ASYNC_TEST(ClientPool, AnIdleConnectionToAnotherServerMakesRoom) {
    scripted_server server{.scripts = {{.steps = {send(ok)}}}};
    co_await with(open(over(server, {.max_connections = 1})), [&](client& api) -> task<> {
        co_await api.get("http://one/");
        co_await api.get("http://two/");
        EXPECT_EQ(api.stats().idle, 1u);
    });
    EXPECT_EQ(server.most_open, 1);
}

ASYNC_TEST(ClientPool, AStormOfCancellationsLeaksNoSlot) {
    scripted_server server{.scripts = {{.steps = {wait(30ms), send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), wait(20ms),
                                                  send("cd"), wait(10ms), send(ok)},
                                        .connect_time = 10ms}}};
    co_await with(open(over(server, {.max_connections = 3})), [&](client& api) -> task<> {
        std::size_t finished = 0;
        co_await with_task_group([&](task_group& group) -> task<> {
            for (int i = 0; i < 60; ++i) {
                group.create_task([&, i]() -> task<> {
                    const auto answer = co_await move_on_after(std::chrono::milliseconds(i * 37 % 60 * 5), api.get("/"));
                    if (answer) ++finished;
                    const pool_stats now = api.stats();
                    EXPECT_LE(now.in_use + now.idle, 3u);
                });
            }
            co_return;
        });
        EXPECT_GT(finished, 0u);
        EXPECT_EQ(api.stats().in_use, 0u);
        EXPECT_EQ(api.stats().waiting, 0u);
        EXPECT_LE(server.most_open, 3);
    });
    EXPECT_EQ(server.open, 0);
}

TEST(ClientPool, CancelledAtEveryAwaitItClosesItsConnection) {
    scripted_server server;
    const auto once = [&]() -> task<> {
        server = {.scripts = {
                      {.steps = {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), send("0\r\n\r\n"), send(ok)}}}};
        co_await with(open(over(server, {.max_connections = 1})), [&](client& api) -> task<> {
            co_await finally(
                [](client& api) -> task<> {
                    co_await api.get("/");
                    co_await api.post("/", {.content = "x"});
                }(api),
                [&]() -> task<> {
                    EXPECT_EQ(api.stats().in_use, 0u);
                    EXPECT_EQ(api.stats().waiting, 0u);
                    co_return;
                });
        });
        EXPECT_EQ(server.open, 0);
    };
    EXPECT_GT(hem::testing::cancel_at_every_await(once), 5u);
    EXPECT_EQ(server.open, 0);
}

ASYNC_TEST(ClientPool, ClosingWaitsForRequestsThenEndsThem) {
    scripted_server server{.scripts = {{.steps = {wait(3s), send(ok)}}, {.steps = {wait(90s), send(ok)}}}};
    client api(over(server, {}, {no_phase_timeout, no_phase_timeout, no_phase_timeout, no_phase_timeout}));
    int answered = 0;
    int failed = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&]() -> task<> {
                try {
                    co_await api.get("/");
                    ++answered;
                } catch (const read_error&) {
                    ++failed;
                }
            });
        }
        co_await hem::testing::wait_all_tasks_blocked();
        co_await api.aclose();
        CO_EXPECT_THROW(co_await api.get("/"), closed_resource);
        group.cancel();
    });
    EXPECT_EQ(answered, 1);
    EXPECT_LE(failed, 1);
    EXPECT_EQ(server.open, 0);
    EXPECT_EQ(api.stats().in_use, 0u);
}

ASYNC_TEST(ClientPool, AnAnswerMayOutliveItsClient) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), send("cd")}}}};
    std::unique_ptr<body_source> rest;
    {
        network_transport transport({}, {}, connect_to(server));
        request message("GET", "http://server/");
        response answer = co_await transport.send(message);
        rest = answer.content().take_stream();
    }
    EXPECT_EQ(co_await read_all(*rest, 0), "abcd");
    rest.reset();
    EXPECT_EQ(server.open, 0);
}

}  // namespace
}  // namespace hem::http
