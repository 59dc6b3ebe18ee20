#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

struct post {
    int id;
    std::string title;
};

async_generator<post> posts(int count, int fail_at = -1) {
    for (int i = 0; i < count; ++i) {
        if (i == fail_at) throw std::runtime_error("cluster went away");
        co_yield post{i, "title " + std::to_string(i)};
    }
}

struct export_call {
    query<int> count = 2;
    query<int> fail_at = -1;
};

task<array_response<post>> export_posts(export_call call) {
    co_return json_array(posts(*call.count, *call.fail_at), {.wrap = "posts", .filename = "posts.json"});
}

ASYNC_TEST(Streaming, JsonArrayIsOneWrappedDocument) {
    app target;
    target.get<export_posts>("/export");
    target.get("/bare", []() -> task<array_response<post>> { co_return json_array(posts(1)); });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/export");
        EXPECT_EQ(answer.text(), R"({"posts":[{"id":0,"title":"title 0"},{"id":1,"title":"title 1"}]})");
        EXPECT_EQ(answer.headers().get("content-type"), "application/json");
        EXPECT_EQ(answer.headers().get("content-disposition"), "attachment; filename=\"posts.json\"");
        EXPECT_EQ((co_await client.get("/export?count=0")).text(), R"({"posts":[]})");
        EXPECT_EQ((co_await client.get("/bare")).text(), R"([{"id":0,"title":"title 0"}])");
        EXPECT_EQ((co_await client.head("/bare")).status(), 200);
    });
}

ASYNC_TEST(Streaming, LinesWhereTheClientAsksForThem) {
    app target;
    target.get<export_posts>("/export");
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/export", {.headers = {{"accept", "application/x-ndjson"}}});
        EXPECT_EQ(answer.text(), "{\"id\":0,\"title\":\"title 0\"}\n{\"id\":1,\"title\":\"title 1\"}\n");
        EXPECT_EQ(answer.headers().get("content-type"), "application/x-ndjson");
        answer = co_await client.get("/export", {.headers = {{"accept", "application/json, application/x-ndjson;q=0.5"}}});
        EXPECT_EQ(answer.headers().get("content-type"), "application/json");
    });
}

ASYNC_TEST(Streaming, EarlyErrorIsAProperAnswerLateOneCutsTheTransfer) {
    app target;
    target.get<export_posts>("/export");
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        auto early = co_await client.get("/export?fail_at=0");
        EXPECT_EQ(early.status(), 500);
        EXPECT_EQ(early.text(), R"({"detail":"Internal Server Error"})");
        std::string received;
        bool failed = false;
        try {
            co_await client.http().stream("GET", "/export?count=5000&fail_at=4000", [&](http::response& answer) -> task<> {
                while (true) {
                    const auto piece = co_await answer.content().stream()->next();
                    if (piece.empty()) break;
                    received += piece;
                }
            });
        } catch (const std::exception&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
        EXPECT_GT(received.size(), 16U * 1024);
        EXPECT_FALSE(received.ends_with("]}"));
    });
    EXPECT_EQ(reported.texts().size(), 1U);
}

async_generator<std::string> words() {
    co_yield "one ";
    co_yield "two";
}

ASYNC_TEST(Streaming, TextComesInThePiecesOfTheGenerator) {
    app target;
    target.get("/words", []() -> task<http::response> { co_return streaming_response(words(), "text/plain"); });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        std::vector<std::string> pieces;
        co_await client.http().stream("GET", "/words", [&](http::response& answer) -> task<> {
            while (true) {
                const auto piece = co_await answer.content().stream()->next();
                if (piece.empty()) break;
                pieces.emplace_back(piece);
            }
        });
        EXPECT_THAT(pieces, ::testing::ElementsAre("one ", "two"));
    });
}

TEST(Streaming, AttachmentNamesAreSafe) {
    EXPECT_EQ(detail::attachment("a.json"), "attachment; filename=\"a.json\"");
    EXPECT_EQ(detail::attachment("a\"\r\nb/../c"), "attachment; filename=\"a\\\"b..c\"");
    EXPECT_EQ(detail::attachment("über.txt"), "attachment; filename=\"__ber.txt\"; filename*=UTF-8''%C3%BCber.txt");
}

}  // namespace
}  // namespace hem::web
