#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

void add_route(app& target) {
    target.get("/data", []() -> task<int> { co_return 1; });
    target.get("/broken", []() -> task<int> {
        throw http_exception(500, "broken");
        co_return 1;
    });
}

ASYNC_TEST(Cors, AnswersPreflightsAndNamesWhatItRefuses) {
    app target;
    target.use(cors({.allow_origins = {"https://a.example"}, .allow_methods = {"GET", "POST"}, .allow_headers = {"X-Token"}}));
    add_route(target);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto good = co_await client.call("OPTIONS", "/data",
                                         {.headers = {{"origin", "https://a.example"},
                                                      {"access-control-request-method", "POST"},
                                                      {"access-control-request-headers", "x-token, Content-Type"}}});
        EXPECT_EQ(good.status(), 200);
        EXPECT_EQ(good.text(), "OK");
        EXPECT_EQ(good.headers().get("access-control-allow-origin"), "https://a.example");
        EXPECT_EQ(good.headers().get("access-control-allow-methods"), "GET, POST");
        EXPECT_EQ(good.headers().get("access-control-max-age"), "600");
        EXPECT_EQ(good.headers().get("vary"), "Origin");
        auto bad = co_await client.call("OPTIONS", "/data",
                                        {.headers = {{"origin", "https://b.example"},
                                                     {"access-control-request-method", "PUT"},
                                                     {"access-control-request-headers", "x-other"}}});
        EXPECT_EQ(bad.status(), 400);
        EXPECT_EQ(bad.text(), "Disallowed CORS origin, method, headers");
        EXPECT_FALSE(bad.headers().contains("access-control-allow-origin"));
        auto plain = co_await client.call("OPTIONS", "/data");
        EXPECT_EQ(plain.status(), 204);
    });
}

ASYNC_TEST(Cors, MarksEveryAnswerErrorsIncluded) {
    app target;
    target.use(cors({.allow_origins = {"https://a.example"}, .expose_headers = {"x-total-count"}, .allow_credentials = true}));
    add_route(target);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        for (const char* path : {"/data", "/broken", "/nowhere"}) {
            auto answer = co_await client.get(path, {.headers = {{"origin", "https://a.example"}}});
            EXPECT_EQ(answer.headers().get("access-control-allow-origin"), "https://a.example") << path;
            EXPECT_EQ(answer.headers().get("access-control-allow-credentials"), "true") << path;
            EXPECT_EQ(answer.headers().get("access-control-expose-headers"), "x-total-count") << path;
        }
        auto other = co_await client.get("/data", {.headers = {{"origin", "https://b.example"}}});
        EXPECT_FALSE(other.headers().contains("access-control-allow-origin"));
        EXPECT_EQ(other.headers().get("vary"), "Origin");
    });
}

TEST(Cors, EveryOriginWithCredentialsIsRefused) { EXPECT_THROW(cors({.allow_origins = {"*"}, .allow_credentials = true}), usage_error); }

ASYNC_TEST(RequestId, IsKeptOrMadeAndKnownInside) {
    app target;
    target.use(request_ids());
    target.get("/id", []() -> task<http::response> { co_return text_response(current_request_id()); });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto kept = co_await client.get("/id", {.headers = {{"x-request-id", "abc-1.2_Z"}}});
        EXPECT_EQ(kept.text(), "abc-1.2_Z");
        EXPECT_EQ(kept.headers().get("x-request-id"), "abc-1.2_Z");
        auto made = co_await client.get("/id", {.headers = {{"x-request-id", "a b"}}});
        EXPECT_EQ(made.headers().get("x-request-id"), made.text());
        EXPECT_THAT(std::string(made.text()),
                    ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
        auto error = co_await client.get("/nowhere");
        EXPECT_TRUE(error.headers().contains("x-request-id"));
        EXPECT_EQ(current_request_id(), "");
    });
}

}  // namespace
}  // namespace hem::web
