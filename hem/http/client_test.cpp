// What the client sends, and how it reads what comes back.
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
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 0s);
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

ASYNC_TEST(Client, JsonIsReadIntoTypes) {
    auto mock = std::make_unique<mock_transport>([](request&) { return response(200, std::string("[1,2,3]"), content_type::json); });
    co_await with(open({.base_url = "http://server", .transport = std::move(mock)}), [&](client& api) -> task<> {
        const auto numbers = (co_await api.get("/")).raise_for_status().json<std::vector<int>>();
        EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
    });
}

//
ASYNC_TEST(Client, ACallWithoutAnAnswerForAMinuteIsReported) {
    auto reported = hem::testing::expect_report(report_kind::lint);
    auto slow = std::make_unique<mock_transport>([](request&) -> task<response> {
        co_await sleep_for(90s);
        co_return response(200, std::string("late"), content_type::json);
    });
    co_await with(open({.base_url = "http://server", .transport = std::move(slow)}), [&](client& api) -> task<> {
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task({.name = "page"}, [&api]() -> task<> { EXPECT_EQ((co_await api.get("/report")).status(), 200); });
            co_await sleep_for(59s);
            EXPECT_TRUE(reported.texts().empty());
        });
    });
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_TRUE(reported.texts()[0].starts_with("GET http://server/report: task 'page' waits for it for 60 s")) << reported.texts()[0];
}

}  // namespace
}  // namespace hem::http
