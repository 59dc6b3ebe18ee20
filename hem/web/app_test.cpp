#include "hem/web.hpp"

#include "hem/core/run.hpp"
#include "hem/http/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hem::web {
namespace {

using ::testing::HasSubstr;

// One request through a running app, as a server would pass it.
struct answer {
    int status = 0;
    std::string body;
    http::headers headers;
    std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("(none)")); }
};

task<answer> ask(app& target, std::string method, std::string path, std::optional<std::string> body = {}, http::headers headers = {}) {
    http::request request(method, path);
    for (const auto& field : headers) request.headers().append(field.name, field.value);
    if (body) {
        request.set_body(*body);
        if (!request.headers().contains("content-type")) request.headers().set("content-type", "application/json");
    }
    const auto handler = target.handler();
    auto response = co_await handler(request);
    answer got;
    got.status = response.status();
    got.headers = response.headers();
    if (auto* stream = response.content().stream()) {
        got.body = co_await http::read_all(*stream, 0);
    } else {
        got.body = response.text();
    }
    while (const auto hook = response.take_after_sent()) co_await hook->run();
    co_return got;
}

answer once(app& target, std::string method, std::string path, std::optional<std::string> body = {}, http::headers headers = {}) {
    return run([&]() -> task<answer> {
        answer got;
        co_await target.run([&]() -> task<> { got = co_await ask(target, method, path, body, headers); });
        co_return got;
    });
}

std::string mistake(auto registration) {
    app broken;
    try {
        registration(broken);
        broken.check();
    } catch (const usage_error& error) {
        return error.what();
    }
    return "no mistake found";
}

struct item {
    std::string name;
    double price;
    std::optional<std::string> description;
};

struct get_item_call {
    path<std::string> item_id;
    query<int, ge<1>> page = 1;
    query<std::optional<std::string>> q;
    query<std::vector<std::string>> tag = std::vector<std::string>{};
    header<std::optional<std::string>> user_agent;
};

task<item> get_item(get_item_call call) {
    if (*call.item_id == "none") throw http_exception(404, "No such item");
    item found{*call.item_id, static_cast<double>(*call.page), *call.q};
    for (const auto& tag : *call.tag) found.name += "+" + tag;
    if (*call.user_agent) found.name += " for " + **call.user_agent;
    co_return found;
}

TEST(App, TypedRequestReadsPathQueryAndHeader) {
    app shop;
    shop.get<get_item>("/items/{item_id}");
    auto got = once(shop, "GET", "/items/a%20b?page=3&q=x+y&tag=n&tag=m", {}, {{"user-agent", "curl"}});
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.header("content-type"), "application/json");
    EXPECT_EQ(got.body, R"({"name":"a b+n+m for curl","price":3.0,"description":"x y"})");
    EXPECT_EQ(once(shop, "GET", "/items/x").body, R"({"name":"x","price":1.0,"description":null})");
}

TEST(App, AllParameterErrorsAreAnsweredTogether) {
    app shop;
    shop.get<get_item>("/items/{item_id}");
    const auto got = once(shop, "GET", "/items/x?page=0");
    EXPECT_EQ(got.status, 422);
    EXPECT_EQ(
        got.body,
        R"({"detail":[{"type":"greater_than_equal","loc":["query","page"],"msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}}]})");
    EXPECT_EQ(
        once(shop, "GET", "/items/x?page=two").body,
        R"({"detail":[{"type":"int_parsing","loc":["query","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"two"}]})");
}

TEST(App, StandardAnswers) {
    app shop;
    shop.get<get_item>("/items/{item_id}");
    shop.get("/nothing", []() -> task<> { co_return; }, {.name = "nothing"});
    auto got = once(shop, "GET", "/nowhere");
    EXPECT_EQ(got.status, 404);
    EXPECT_EQ(got.body, R"({"detail":"Not Found"})");
    got = once(shop, "POST", "/items/x");
    EXPECT_EQ(got.status, 405);
    EXPECT_EQ(got.body, R"({"detail":"Method Not Allowed"})");
    EXPECT_EQ(got.header("allow"), "GET, HEAD, OPTIONS");
    got = once(shop, "OPTIONS", "/items/x");
    EXPECT_EQ(got.status, 204);
    EXPECT_EQ(got.header("allow"), "GET, HEAD, OPTIONS");
    got = once(shop, "GET", "/items/x/?page=2");
    EXPECT_EQ(got.status, 307);
    EXPECT_EQ(got.header("location"), "/items/x?page=2");
    got = once(shop, "GET", "/items/none");
    EXPECT_EQ(got.status, 404);
    EXPECT_EQ(got.body, R"({"detail":"No such item"})");
    got = once(shop, "GET", "/nothing");
    EXPECT_EQ(got.status, 204);
    EXPECT_EQ(got.body, "");
    EXPECT_EQ(once(shop, "GET", "/items/%2e%2e").status, 400);
}

struct search_request {
    std::string query;
    std::optional<std::string> author;
    field<int, ge<1>> page = 1;
    field<int, ge<1>, le<100>> size = 10;
};
struct search_call {
    body<search_request> search;
};

TEST(App, BodyErrorsHaveFastApisBytes) {
    app shop;
    shop.post("/items", [](item got) -> task<item> { co_return got; });
    shop.post("/search", [](search_call call) -> task<int> { co_return *call.search->size; });
    const auto body = [&](std::string text) { return once(shop, "POST", "/items", text).body; };
    EXPECT_EQ(once(shop, "POST", "/items", R"({"name":"A","price":1})").body, R"({"name":"A","price":1.0,"description":null})");
    EXPECT_EQ(
        body("{}"),
        R"({"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","price"],"msg":"Field required","input":{}}]})");
    EXPECT_EQ(
        body(R"({"name":"A","price":"x"})"),
        R"({"detail":[{"type":"float_parsing","loc":["body","price"],"msg":"Input should be a valid number, unable to parse string as a number","input":"x"}]})");
    EXPECT_EQ(
        body("{some broken json}"),
        R"({"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]})");
    EXPECT_EQ(once(shop, "POST", "/items").body, R"({"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]})");
    EXPECT_EQ(
        once(shop, "POST", "/items", "name=A", {{"content-type", "text/plain"}}).body,
        R"({"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"name=A"}]})");
    EXPECT_EQ(
        once(shop, "POST", "/search", R"({"size":0,"page":"x"})").body,
        R"({"detail":[{"type":"missing","loc":["body","query"],"msg":"Field required","input":{"size":0,"page":"x"}},{"type":"int_parsing","loc":["body","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},{"type":"greater_than_equal","loc":["body","size"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}}]})");
    auto got = once(shop, "POST", "/items", "\xff\xfe");
    EXPECT_EQ(got.status, 400);
    EXPECT_EQ(got.body, R"({"detail":"There was an error parsing the body"})");
    EXPECT_EQ(once(shop, "POST", "/items", "{}", {{"content-type", "application/json; charset=latin-1"}}).status, 415);
    EXPECT_EQ(once(shop, "POST", "/items", R"({"name":"A","price":1})", {{"content-type", "application/vnd.x+json; charset=UTF-8"}}).status,
              200);
}

}  // namespace
}  // namespace hem::web
