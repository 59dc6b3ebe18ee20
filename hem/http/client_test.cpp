#include "hem/http/client.hpp"

#include <deque>

#include "hem/core/with.hpp"
#include "hem/http/detail/exchange.hpp"
#include "hem/http/in_process.hpp"
#include "hem/http/json.hpp"
#include "hem/http/mock_transport.hpp"
#include "hem/http/network_transport.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

using namespace std::chrono_literals;

// What a scripted server does next on one connection.
struct step {
    enum class kind { send, wait, end, fail } what;
    std::string bytes = {};
    std::chrono::nanoseconds time{0};
};

step send(std::string bytes) { return {step::kind::send, std::move(bytes)}; }
step wait(std::chrono::nanoseconds time) { return {step::kind::wait, {}, time}; }
step end() { return {step::kind::end}; }
step fail() { return {step::kind::fail}; }

struct script {
    std::vector<step> steps;
    bool refuse = false;        // connecting fails
    bool refuse_write = false;  // the first write fails before any byte is taken
    std::size_t fail_write_after = SIZE_MAX;
    std::chrono::nanoseconds connect_time{0};
};

struct scripted_server {
    std::deque<script> scripts;  // one per connection, in order; the last one serves all others
    std::vector<std::string> received;
    int open = 0;
    int most_open = 0;
    int connected = 0;
    bool idle_dead = false;  // idle connections look readable

    script next() {
        script result = scripts.front();
        if (scripts.size() > 1) scripts.pop_front();
        return result;
    }
};

class scripted_wire final : public detail::wire {
public:
    scripted_wire(scripted_server& server, script script) : server_(server), script_(std::move(script)), index_(server.received.size()) {
        server_.received.emplace_back();
        server_.most_open = std::max(server_.most_open, ++server_.open);
    }
    ~scripted_wire() override { --server_.open; }

    task<std::size_t> read_some(std::span<char> into) override {
        co_await checkpoint();
        while (true) {
            if (closed_) throw network_error("connection reset");
            if (position_ == script_.steps.size()) co_await sleep_for(24h);
            step& now = script_.steps[position_];
            if (now.what == step::kind::wait) {
                co_await sleep_for(now.time);
                ++position_;
                continue;
            }
            if (now.what == step::kind::end) co_return 0;
            if (now.what == step::kind::fail) throw network_error("connection reset by peer");
            const std::size_t count = std::min(into.size(), now.bytes.size());
            std::copy_n(now.bytes.begin(), count, into.begin());
            now.bytes.erase(0, count);
            if (now.bytes.empty()) ++position_;
            co_return count;
        }
    }
    task<void> write_all(std::span<const std::string_view> pieces) override {
        co_await checkpoint();
        for (const std::string_view piece : pieces) {
            if (script_.refuse_write || written_ >= script_.fail_write_after) throw network_error("broken pipe");
            server_.received[index_] += piece;
            written_ += piece.size();
        }
    }
    std::uint64_t bytes_written() const noexcept override { return written_; }
    bool readable() const noexcept override { return server_.idle_dead; }
    void close() noexcept override { closed_ = true; }

private:
    scripted_server& server_;
    script script_;
    std::size_t index_;
    std::size_t position_ = 0;
    std::uint64_t written_ = 0;
    bool closed_ = false;
};

detail::connect_function connect_to(scripted_server& server) {
    return [&server](detail::origin) -> task<std::unique_ptr<detail::wire>> {
        ++server.connected;
        script next = server.next();
        if (next.connect_time != 0s)
            co_await sleep_for(next.connect_time);
        else
            co_await checkpoint();
        if (next.refuse) throw network_error("connection refused", failure_kind::not_sent);
        co_return std::make_unique<scripted_wire>(server, std::move(next));
    };
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

client_options over(scripted_server& server, pool_options pool = {}, timeout_options timeouts = {}) {
    client_options options{.base_url = "http://server"};
    options.pool = pool;
    options.timeout = timeouts;
    options.transport = std::make_unique<network_transport>(pool, timeouts, connect_to(server));
    return options;
}

ASYNC_TEST(Client, SendsARequestAndReadsItsAnswer) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\ncontent-TYPE: text/plain\r\nContent-Length: 5\r\n\r\nhello")}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        const response answer = co_await api.get("/a/{}", std::string("b/c d"));
        EXPECT_EQ(answer.status(), 200);
        EXPECT_EQ(answer.text(), "hello");
        EXPECT_EQ(answer.headers().get("Content-Type"), "text/plain");
    });
    EXPECT_EQ(server.received[0], "GET /a/b%2Fc%20d HTTP/1.1\r\nhost: server\r\naccept: */*\r\nuser-agent: hem\r\n\r\n");
    EXPECT_EQ(server.open, 0);
}

ASYNC_TEST(Client, BodiesParamsAndFieldsReachTheWire) {
    scripted_server server{.scripts = {{.steps = {send(ok), send(ok), send(ok)}}}};
    client_options options = over(server);
    options.base_url = "http://server:8080/v1/";
    options.headers.set("authorization", "Bearer x");
    co_await with(open(std::move(options)), [&](client& api) -> task<> {
        co_await api.post("/posts?a=1", {.params = {{"q", "x y"}, {"n", 3}, {"f", true}}, .json = std::vector<int>{1, 2}});
        co_await api.put("posts", {.headers = {{"Authorization", "none"}}, .form = {{"k", "a&b"}}});
        co_await api.post("/empty");
    });
    EXPECT_EQ(
        server.received[0],
        "POST /v1/posts?a=1&q=x+y&n=3&f=true HTTP/1.1\r\nhost: server:8080\r\nauthorization: Bearer x\r\naccept: */*\r\nuser-agent: hem\r\n"
        "content-type: application/json\r\ncontent-length: 5\r\n\r\n[1,2]"
        "PUT /v1/posts HTTP/1.1\r\nhost: server:8080\r\nauthorization: none\r\naccept: */*\r\nuser-agent: hem\r\n"
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: 7\r\n\r\nk=a%26b"
        "POST /v1/empty HTTP/1.1\r\nhost: server:8080\r\nauthorization: Bearer x\r\naccept: */*\r\nuser-agent: hem\r\ncontent-length: 0\r\n\r\n");
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, ReadsChunkedBodiesWithTrailers) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r"),
                                                  send("\n2;x=y\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"), send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        response answer = co_await api.get("/");
        EXPECT_EQ(answer.text(), "abcde");
        CO_ASSERT_TRUE(answer.find_trailers() != nullptr);
        EXPECT_EQ(answer.find_trailers()->get("x-sum"), "5");
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
    });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, ReadsCloseDelimitedBodiesAndOpensAnew) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.0 200 OK\r\n\r\nto the "), send("end"), end()}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.get("/")).text(), "to the end");
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
    });
    EXPECT_EQ(server.connected, 2);
}

ASYNC_TEST(Client, SkipsInterimAnswersAndBodiesOfHead) {
    scripted_server server{
        .scripts = {{.steps = {send("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                               send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
                               send("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
        const response head = co_await api.head("/");
        EXPECT_EQ(head.text(), "");
        EXPECT_EQ(head.headers().get(field::content_length), "99");
        EXPECT_EQ((co_await api.get("/")).status(), 304);
    });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, RefusesSmugglingAnswers) {
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

ASYNC_TEST(Client, BytesBehindAnAnswerCloseItsConnection) {
    scripted_server server{.scripts = {{.steps = {send(ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
    });
    EXPECT_EQ(server.connected, 2);
}

ASYNC_TEST(Client, TruncationIsAnError) {
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

ASYNC_TEST(Client, PhaseTimersThrowPhaseErrors) {
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
    EXPECT_EQ(testing::virtual_clock::elapsed(), 15s);
}

ASYNC_TEST(Client, AScopesDeadlineIsNoPhaseError) {
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
    EXPECT_EQ(testing::virtual_clock::elapsed(), 2s);
}

ASYNC_TEST(Client, ConnectErrorsNameTheServer) {
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

ASYNC_TEST(Client, AStaleConnectionIsReplacedOnceForIdempotentRequests) {
    scripted_server server{.scripts = {{.steps = {send(ok), end()}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        EXPECT_EQ((co_await api.get("/second")).text(), "ok");
        EXPECT_EQ(api.stats().retried, 1u);
    });
    EXPECT_EQ(server.connected, 2);
}

ASYNC_TEST(Client, APostThatMayHaveRunIsNeverSentTwice) {
    scripted_server server{.scripts = {{.steps = {send(ok), end()}}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        CO_EXPECT_THROW(co_await api.post("/second", {.content = "x"}), read_error);
        EXPECT_EQ(api.stats().retried, 0u);
    });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, APostOfWhichNoByteWasTakenIsSentAgain) {
    const std::string first = "GET /first HTTP/1.1\r\nhost: server\r\naccept: */*\r\nuser-agent: hem\r\n\r\n";
    scripted_server server{.scripts = {{.steps = {send(ok), fail()}, .fail_write_after = first.size()}, {.steps = {send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.get("/first");
        EXPECT_EQ((co_await api.post("/second", {.content = "x"})).text(), "ok");
        EXPECT_EQ(api.stats().retried, 1u);
    });
    EXPECT_EQ(server.received[0], first);
}

ASYNC_TEST(Client, AFreshConnectionThatFailsIsNotRetried) {
    scripted_server server{.scripts = {{.steps = {end()}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> { CO_EXPECT_THROW(co_await api.get("/"), read_error); });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, AnAnswerToABrokenUploadIsStillRead) {
    scripted_server server{
        .scripts = {{.steps = {send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")}, .fail_write_after = 1}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        EXPECT_EQ((co_await api.post("/", {.content = std::string(100'000, 'x')})).status(), 413);
        EXPECT_EQ(api.stats().idle, 0u);
    });
}

ASYNC_TEST(Client, ADeadOrExpiredIdleConnectionIsNotUsed) {
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

ASYNC_TEST(Client, WaitersAreServedInOrderAndBounded) {
    scripted_server server{.scripts = {{.steps = {wait(1s), send(ok), wait(1s), send(ok), wait(1s), send(ok), wait(1s), send(ok)}}}};
    std::string order;
    co_await with(open(over(server, {.max_connections = 1, .max_waiting = 2})), [&](client& api) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            for (const char name : {'a', 'b', 'c'}) {
                group.create_task([&api, &order, name]() -> task<> {
                    co_await api.get("/");
                    order += name;
                });
                co_await testing::wait_all_tasks_blocked();
            }
            EXPECT_EQ(api.stats().waiting, 2u);
            CO_EXPECT_THROW(co_await api.get("/"), pool_full);
        });
    });
    EXPECT_EQ(order, "abc");
    EXPECT_EQ(server.most_open, 1);
}

ASYNC_TEST(Client, APoolTimeoutLeavesTheOthersTheirTurn) {
    scripted_server server{.scripts = {{.steps = {wait(4s), send(ok), wait(4s), send(ok)}}}};
    co_await with(open(over(server, {.max_connections = 1}, {5s, 5s, 5s, 2s})), [&](client& api) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&api]() -> task<> { co_await api.get("/1"); });
            co_await testing::wait_all_tasks_blocked();
            CO_EXPECT_THROW(co_await api.get("/2"), pool_timeout);
            EXPECT_EQ(api.stats().waiting, 0u);
        });
        EXPECT_EQ((co_await api.get("/3")).text(), "ok");
        EXPECT_EQ(api.stats().in_use, 0u);
    });
}

ASYNC_TEST(Client, AnIdleConnectionToAnotherServerMakesRoom) {
    scripted_server server{.scripts = {{.steps = {send(ok)}}}};
    co_await with(open(over(server, {.max_connections = 1})), [&](client& api) -> task<> {
        co_await api.get("http://one/");
        co_await api.get("http://two/");
        EXPECT_EQ(api.stats().idle, 1u);
    });
    EXPECT_EQ(server.most_open, 1);
}

ASYNC_TEST(Client, AStormOfCancellationsLeaksNoSlot) {
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

TEST(Client, CancelledAtEveryAwaitItClosesItsConnection) {
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
    EXPECT_GT(testing::cancel_at_every_await(once), 5u);
    EXPECT_EQ(server.open, 0);
}

ASYNC_TEST(Client, AStreamIsBoundToItsCallback) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc"), send("def"), send(ok)}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        std::string first;
        co_await api.stream("GET", "/", [&](response& answer) -> task<> {
            first = co_await answer.content().stream()->next();
            EXPECT_EQ(api.stats().in_use, 1u);
        });
        EXPECT_EQ(first, "abc");
        EXPECT_EQ(api.stats().in_use, 0u);
        EXPECT_EQ(api.stats().idle, 1u);  // the short rest was drained
        EXPECT_EQ((co_await api.get("/")).text(), "ok");
    });
    EXPECT_EQ(server.connected, 1);
}

ASYNC_TEST(Client, AStreamThatIsLeftEarlyGivesUpItsConnection) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\nabc")}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        co_await api.stream("GET", "/", [&](response&) -> task<> { co_return; });
        EXPECT_EQ(api.stats().in_use + api.stats().idle, 0u);
    });
    EXPECT_EQ(testing::virtual_clock::elapsed(), 0s);
}

ASYNC_TEST(Client, StreamedUploadsAreChunked) {
    scripted_server server{.scripts = {{.steps = {send(ok)}}}};
    const auto chunks = []() -> async_generator<std::string> {
        co_yield std::string("abc");
        co_yield std::string();
        co_yield std::string(20, 'x');
    };
    co_await with(open(over(server)), [&](client& api) -> task<> { co_await api.post("/", {.stream = make_body_source(chunks())}); });
    EXPECT_TRUE(
        server.received[0].ends_with("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n"))
        << server.received[0];
}

ASYNC_TEST(Client, LargeBodiesStopAtTheLimit) {
    scripted_server server{.scripts = {{.steps = {send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'))}}}};
    co_await with(open(over(server)), [&](client& api) -> task<> {
        CO_EXPECT_THROW(co_await api.get("/", {.max_body = 99}), response_too_large);
        EXPECT_EQ(api.stats().in_use, 0u);
    });
}

ASYNC_TEST(Client, ClosingWaitsForRequestsThenEndsThem) {
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
        co_await testing::wait_all_tasks_blocked();
        co_await api.aclose();
        CO_EXPECT_THROW(co_await api.get("/"), closed_resource);
        group.cancel();
    });
    EXPECT_EQ(answered, 1);
    EXPECT_LE(failed, 1);
    EXPECT_EQ(server.open, 0);
    EXPECT_EQ(api.stats().in_use, 0u);
}

ASYNC_TEST(Client, AnAnswerMayOutliveItsClient) {
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

ASYNC_TEST(Client, HttpsIsRefusedWithTheReason) {
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

ASYNC_TEST(Client, MisuseIsNamed) {
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

ASYNC_TEST(Client, StatusErrorsCarryTheAnswer) {
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

ASYNC_TEST(Client, JsonIsReadIntoTypes) {
    auto mock = std::make_unique<mock_transport>([](request&) { return response(200, std::string("[1,2,3]"), content_type::json); });
    co_await with(open({.base_url = "http://server", .transport = std::move(mock)}), [&](client& api) -> task<> {
        const auto numbers = (co_await api.get("/")).raise_for_status().json<std::vector<int>>();
        EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
    });
}

ASYNC_TEST(InProcess, CallsAHandlerAsAServerWould) {
    std::string log;
    handler serve = [&](request& message) -> task<response> {
        const std::string_view body = co_await message.body();
        response answer(200,
                        std::string(message.method()) + " " + std::string(message.path()) + "?" + std::string(message.query()) + " " +
                            std::string(body),
                        content_type::text);
        answer.after_sent([&]() -> task<> {
            log += "sent";
            co_return;
        });
        co_return answer;
    };
    co_await with(open({.base_url = "http://test", .transport = std::make_unique<in_process>(std::move(serve))}),
                  [&](client& api) -> task<> {
                      const response posted = co_await api.post("/a?b=c", {.content = "body"});
                      EXPECT_EQ(posted.text(), "POST /a?b=c body");
                      EXPECT_EQ(posted.headers().get(field::content_length), "16");
                      EXPECT_EQ(log, "sent");
                      const response head = co_await api.head("/a");
                      EXPECT_EQ(head.text(), "");
                      EXPECT_EQ(head.headers().get(field::content_length), "9");
                  });
}

ASYNC_TEST(InProcess, StreamsPassAndTheirErrorsToo) {
    handler serve = [](request& message) -> task<response> {
        const bool good = message.path() == "/good";
        co_return response(
            200,
            [](bool good) -> async_generator<std::string> {
                co_yield std::string("a");
                if (!good) throw std::runtime_error("the store failed");
                co_yield std::string("b");
            }(good),
            content_type::text);
    };
    co_await with(open({.base_url = "http://test", .transport = std::make_unique<in_process>(std::move(serve))}),
                  [&](client& api) -> task<> {
                      EXPECT_EQ((co_await api.get("/good")).text(), "ab");
                      CO_EXPECT_THROW(co_await api.get("/bad"), std::runtime_error);
                  });
}

}  // namespace
}  // namespace hem::http
