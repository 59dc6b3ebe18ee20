#include "hem/http/serialise.hpp"

#include "hem/core/async_generator.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

const head_context context{.date = "Sun, 06 Nov 1994 08:49:37 GMT", .server = "hem"};

std::string written(const response& answer, method_kind method = method_kind::get, http_version version = http_version::http_1_1,
                    bool keep_alive = true) {
    char out[1024];
    const response_plan plan = plan_response(answer, method, version, keep_alive, false);
    return {out, write_response_head(out, answer, plan, context)};
}

std::unique_ptr<body_source> stream() {
    return make_body_source([]() -> async_generator<std::string> { co_yield std::string("x"); }());
}

TEST(Serialise, AnOrdinaryAnswer) {
    EXPECT_EQ(
        written(response(200, body::static_view{"Hello, World!"}, content_type::text)),
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 13\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: hem\r\n\r\n");
}

TEST(Serialise, FramingFollowsVersionAndBody) {
    const auto has = [](const std::string& head, std::string_view text) { return head.find(text) != std::string::npos; };
    EXPECT_TRUE(has(written(response(200)), "content-length: 0\r\n"));
    EXPECT_FALSE(has(written(response(204)), "content-length"));
    EXPECT_FALSE(has(written(response(304)), "content-length"));
    EXPECT_TRUE(has(written(response(205)), "content-length: 0\r\n"));
    EXPECT_TRUE(has(written(response(200), method_kind::get, http_version::http_1_1, false), "connection: close\r\n"));
    EXPECT_TRUE(has(written(response(200), method_kind::get, http_version::http_1_0), "connection: keep-alive\r\n"));
    EXPECT_TRUE(has(written(response(299)), "HTTP/1.1 299 Unknown\r\n"));
}

TEST(Serialise, WhatTheHandlerSetIsKeptWhereItMayBe) {
    response answer(200, std::string("body"), content_type::json);
    answer.headers().set("date", "mine");
    answer.headers().set("server", "mine");
    answer.headers().set("content-length", "3");
    const std::string head = written(answer);
    EXPECT_NE(head.find("date: mine\r\nserver: mine\r\n"), std::string::npos);
    EXPECT_NE(head.find("content-length: 3\r\nconnection: close\r\n"), std::string::npos);
    EXPECT_EQ(head.find("1994"), std::string::npos);
}

TEST(Serialise, ATooSmallBufferSaysHowMuchIsNeeded) {
    const response answer(200, std::string("body"), content_type::json);
    const response_plan plan = plan_response(answer, method_kind::get, http_version::http_1_1, true, false);
    std::string out(10, '\0');
    const std::size_t needed = write_response_head(out, answer, plan, context);
    EXPECT_GT(needed, out.size());
    out.resize(needed);
    EXPECT_EQ(write_response_head(out, answer, plan, context), needed);
    EXPECT_EQ(out, written(answer));
}

ASYNC_TEST(Serialise, StreamsAreChunkedOrCloseDelimited) {
    response answer(200, stream(), content_type::text);
    EXPECT_NE(written(answer).find("transfer-encoding: chunked\r\n"), std::string::npos);
    const std::string old = written(answer, method_kind::get, http_version::http_1_0);
    EXPECT_EQ(old.find("transfer-encoding"), std::string::npos);
    EXPECT_NE(old.find("connection: close\r\n"), std::string::npos);
    const std::string head = written(answer, method_kind::head);
    EXPECT_EQ(head.find("transfer-encoding"), std::string::npos);
    EXPECT_EQ(head.find("content-length"), std::string::npos);
    answer.headers().set("content-length", "1");
    EXPECT_NE(written(answer).find("content-length: 1\r\n"), std::string::npos);
    answer.set_status(204);
    EXPECT_TRUE(plan_response(answer, method_kind::get, http_version::http_1_1, true, false).dropped_body);
    EXPECT_EQ(co_await read_all(*answer.content().stream(), 0), "x");
}

TEST(Serialise, ChunksAndTrailers) {
    char out[18];
    EXPECT_EQ(std::string_view(out, write_chunk_head(out, 0x1f4)), "1f4\r\n");
    EXPECT_EQ(std::string_view(out, write_chunk_head(out, UINT64_MAX)), "ffffffffffffffff\r\n");
    const headers trailers{{"x-sum", "1"}, {"content-length", "2"}};
    char last[64];
    EXPECT_EQ(std::string_view(last, write_last_chunk(last, trailers)), "0\r\nx-sum: 1\r\n\r\n");
    char hints[128];
    EXPECT_EQ(std::string_view(hints, write_informational(hints, 103, headers{{"link", "</a>"}})),
              "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
}

TEST(Date, WritesAndReads) {
    char out[29];
    for (const std::int64_t seconds :
         {std::int64_t{784111777}, std::int64_t{0}, std::int64_t{951782400}, std::int64_t{4102444799}, std::int64_t{1764000000}}) {
        write_date(out, seconds);
        EXPECT_EQ(parse_date({out, 29}), seconds);
    }
    write_date(out, 784111777);
    EXPECT_EQ(std::string_view(out, 29), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994"), 784111777);
    EXPECT_EQ(parse_date("Sun, 31 Feb 1994 08:49:37 GMT"), std::nullopt);
    EXPECT_EQ(parse_date("Sun, 06 Nov 1994 24:49:37 GMT"), std::nullopt);
    EXPECT_EQ(parse_date(""), std::nullopt);
    EXPECT_EQ(parse_date("120"), std::nullopt);
}

ASYNC_TEST(Request, BodiesAreLimitedAndReadOnce) {
    request message("POST", "/a?b");
    message.set_body_limit(4);
    message.set_body(stream());
    EXPECT_FALSE(message.body_complete());
    EXPECT_EQ(co_await message.body(), "x");
    EXPECT_EQ(co_await message.body(), "x");
    EXPECT_TRUE(message.body_complete());

    message.set_body(make_body_source(std::string("12345")));
    CO_EXPECT_THROW(co_await message.body(), body_too_large);

    message.set_body(stream());
    EXPECT_EQ(co_await message.stream().next(), "x");
    CO_EXPECT_THROW(co_await message.body(), stream_consumed);
    CO_EXPECT_THROW(message.stream(), stream_consumed);

    message.set_body(std::string("whole"));
    EXPECT_EQ(co_await message.stream().next(), "whole");
}

TEST(Request, ContextHoldsOneValuePerType) {
    request message("GET", "http://Host:81/p?q=1");
    EXPECT_EQ(message.host(), "host:81");
    EXPECT_EQ(message.target(), "/p?q=1");
    EXPECT_EQ(message.context<int>(), nullptr);
    message.set_context(1);
    message.set_context(std::string("text"));
    message.set_context(2);
    EXPECT_EQ(*message.context<int>(), 2);
    EXPECT_EQ(*message.context<std::string>(), "text");
    const request moved = std::move(message);
    EXPECT_EQ(*moved.context<int>(), 2);
    EXPECT_THROW(request("GE T", "/"), std::invalid_argument);
    EXPECT_THROW(request("GET", "a b"), invalid_url);
    EXPECT_THROW(request("GET", "/a b"), invalid_url);
}

}  // namespace
}  // namespace hem::http
