#include "hem/testing.hpp"
#include "hem/web.hpp"
#include "hem/web/detail/docs_page.hpp"
#include "hem/web/detail/sha256.hpp"

#include <gmock/gmock.h>

namespace hem::web::detail {
namespace {

struct post {
    std::string id;
    std::string title;
};
struct get_post_call {
    path<std::string> post_id;
    query<std::int64_t, ge<1>> page = 1;
};
task<post> get_post(get_post_call call) { co_return post{*call.post_id, "t"}; }
task<> remove_all() { co_return; }

struct new_post {
    std::string title;
    field<std::vector<std::string>, max_length<5>> tags = std::vector<std::string>{};
};
struct problem {
    std::string reason;
};

TEST(OpenApi, OperationHasFastApisForm) {
    app target;
    target.get<get_post>("/posts/{post_id}");
    const auto document = target.openapi();
    EXPECT_EQ(document["openapi"], json("3.1.0"));
    EXPECT_EQ(document["paths"]["/posts/{post_id}"],
              json::parse(R"({"get":{"summary":"Get Post","operationId":"get_post_posts__post_id__get","parameters":[
        {"name":"post_id","in":"path","required":true,"schema":{"type":"string","title":"Post Id"}},
        {"name":"page","in":"query","required":false,"schema":{"type":"integer","minimum":1,"default":1,"title":"Page"}}],
       "responses":{"200":{"description":"Successful Response","content":{"application/json":{"schema":{"$ref":"#/components/schemas/post"}}}},
        "422":{"description":"Validation Error","content":{"application/json":{"schema":{"$ref":"#/components/schemas/HTTPValidationError"}}}}}}})"))
        << document.dump_pretty();
    EXPECT_EQ(
        document["components"]["schemas"]["HTTPValidationError"],
        json::parse(
            R"({"title":"HTTPValidationError","type":"object","properties":{"detail":{"title":"Detail","type":"array","items":{"$ref":"#/components/schemas/ValidationError"}}}})"));
    EXPECT_EQ(
        document["components"]["schemas"]["ValidationError"],
        json::parse(
            R"({"title":"ValidationError","type":"object","required":["loc","msg","type"],"properties":{"loc":{"title":"Location","type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer"}]}},
        "msg":{"title":"Message","type":"string"},"type":{"title":"Error Type","type":"string"},"input":{"title":"Input"},"ctx":{"title":"Context","type":"object"}}})"));
}

TEST(OpenApi, DocumentsBodiesTagsExtraAnswersAndHiddenRoutes) {
    app target{
        {.title = "Blog", .version = "2.0", .description = "All posts", .tags = {{"posts", "What was written"}}, .servers = {"/api"}}};
    target.post("/posts", [](new_post) -> task<post> { co_return post{}; },
                {.name = "add",
                 .status = 201,
                 .tags = {"posts"},
                 .summary = "Add a post",
                 .responses = {{409, web::model<problem>("Already there")}},
                 .deprecated = true});
    target.del<remove_all>("/posts", {.openapi_extra = json::object({{"x-cost", 7}})});
    target.get("/hidden", []() -> task<> { co_return; }, {.include_in_schema = false});
    const auto document = target.openapi();
    EXPECT_EQ(document["info"], json::parse(R"({"title":"Blog","version":"2.0","description":"All posts"})"));
    EXPECT_EQ(document["servers"], json::parse(R"([{"url":"/api"}])"));
    EXPECT_EQ(document["tags"], json::parse(R"([{"name":"posts","description":"What was written"}])"));
    EXPECT_EQ(document["paths"].size(), 1U);
    const auto& add = document["paths"]["/posts"]["post"];
    EXPECT_EQ(add["summary"], json("Add a post"));
    EXPECT_EQ(add["operationId"], json("add_posts_post"));
    EXPECT_EQ(add["deprecated"], json(true));
    EXPECT_EQ(add["requestBody"],
              json::parse(R"({"content":{"application/json":{"schema":{"$ref":"#/components/schemas/new_post"}}},"required":true})"));
    EXPECT_TRUE(add["responses"].contains("201"));
    EXPECT_EQ(add["responses"]["409"],
              json::parse(
                  R"({"description":"Already there","content":{"application/json":{"schema":{"$ref":"#/components/schemas/problem"}}}})"));
    const auto& remove = document["paths"]["/posts"]["delete"];
    EXPECT_EQ(remove["responses"], json::parse(R"({"204":{"description":"Successful Response"}})"));
    EXPECT_EQ(remove["x-cost"], json(7));
    EXPECT_EQ(document["components"]["schemas"]["new_post"]["properties"]["tags"]["maxItems"], json(5));
}

ASYNC_TEST(Docs, PageStandsAloneUnderAStrictPolicy) {
    app target{{.title = "A <b> & c"}};
    target.get<get_post>("/posts/{post_id}", {.tags = {"posts"}});
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/docs");
        EXPECT_EQ(answer.status(), 200);
        const std::string html(answer.text());
        EXPECT_LE(html.size(), 80U * 1024);
        EXPECT_THAT(html, ::testing::HasSubstr("<title>A &lt;b&gt; &amp; c</title>"));
        EXPECT_THAT(html, ::testing::HasSubstr("<code>GET /posts/{post_id}</code> Get Post"));  // the list without JavaScript
        EXPECT_THAT(html, ::testing::HasSubstr("data-openapi=\"./openapi.json\""));
        EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("http://")));
        EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("https://")));
        EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("innerHTML")));
        const std::string policy(answer.headers().get("content-security-policy").value_or(""));
        EXPECT_THAT(policy, ::testing::HasSubstr("default-src 'self'"));
        const auto begin = html.find("<script>") + 8;
        EXPECT_THAT(policy, ::testing::HasSubstr(csp_hash(html.substr(begin, html.find("</script>") - begin))));
        const auto style = html.find("<style>") + 7;
        EXPECT_THAT(policy, ::testing::HasSubstr(csp_hash(html.substr(style, html.find("</style>") - style))));
        auto document = co_await client.get("/openapi.json");
        EXPECT_EQ(json::parse(document.text())["info"]["title"], json("A <b> & c"));
        EXPECT_TRUE(document.headers().contains("etag"));
    });
}

ASYNC_TEST(Docs, TurningTheDocumentOffTurnsThePageOff) {
    app target{{.openapi_url = ""}};
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/openapi.json")).status(), 404);
        EXPECT_EQ((co_await client.get("/docs")).status(), 404);
    });
}

TEST(Docs, AddressesAreRelativeSoThatAPrefixDoesNotMatter) {
    const auto page = make_docs_page(json::object({{"openapi", "3.1.0"}, {"info", json::object({{"title", "x"}, {"version", "1"}})}}),
                                     "/api/v1/docs", "/api/openapi.json");
    EXPECT_THAT(page.html, ::testing::HasSubstr("data-base=\"../../\" data-openapi=\"../../api/openapi.json\""));
}

}  // namespace
}  // namespace hem::web::detail
