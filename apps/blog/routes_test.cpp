#include "apps/blog/routes.hpp"

#include "apps/blog/embedded.hpp"
#include "apps/blog/options.hpp"
#include "apps/blog/store.hpp"
#include "hem/http.hpp"
#include "hem/model/json.hpp"
#include "hem/search/client.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"
#include "hem/web/test_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blog {

namespace {

namespace http = hem::http;
namespace web = hem::web;

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct answer {
    int status = 0;
    std::string body;
    http::headers headers{};

    hem::json read() const { return hem::json::parse(body); }
    std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("")); }
};

// The whole app over a store in memory, without a socket.
class running_blog {
public:
    explicit running_blog(web::test_client& client) : client_(client) {}

    hem::task<answer> call(std::string method, std::string target, std::string body = {}, std::string type = "application/json") {
        http::call_options options;
        if (!body.empty()) {
            options.headers.set("content-type", type);
            options.content = std::move(body);
        }
        if (!accept.empty()) options.headers.set("accept", accept);
        const http::response response = co_await client_.call(std::move(method), std::move(target), std::move(options));
        answer got{.status = response.status(), .body = std::string(response.text())};
        got.headers = response.headers();
        co_return got;
    }
    hem::task<answer> get(std::string target) { co_return co_await call("GET", std::move(target)); }
    hem::task<answer> post(std::string target, std::string body) { co_return co_await call("POST", std::move(target), std::move(body)); }

    std::string accept;

private:
    web::test_client& client_;
};

options in_memory() {
    options chosen;
    chosen.search = "embedded::memory:";
    return chosen;
}

template <class F>
hem::task<> with_blog(F body, bool seeded = true) {
    co_await hem::with(hem::search::connect(in_memory().search), [&](hem::search::client& client) -> hem::task<> {
        post_search posts(client);
        if (seeded) {
            const std::size_t first = co_await open_posts(posts, in_memory());
            EXPECT_EQ(first, seed_posts.size());
        } else {
            co_await posts.open();
        }
        web::app app(describe_app());
        add_routes(app, posts);
        co_await hem::with(web::test_client(app), [&](web::test_client& calls) -> hem::task<> {
            running_blog blog(calls);
            co_await body(blog);
        });
    });
}

constexpr std::string_view small_post = R"({"title":"A small post","content":"Some quiet words about herons.","author":"Ann",)"
                                        R"("published_date":"2026-03-04T05:06:07Z","tags":["birds","water"]})";

ASYNC_TEST(Routes, SearchesWithAllTheFields) {
    co_await with_blog([](running_blog& blog) -> hem::task<> {
        const answer all = co_await blog.post("/search", R"({"query":"timeout"})");
        CO_ASSERT_EQ(all.status, 200);
        const hem::json hits = all.read();
        CO_ASSERT_TRUE(hits.is_array() && hits.size() > 1);
        for (const char* member : {"id", "title", "author", "score"}) EXPECT_TRUE(hits[0].contains(member)) << member;
        EXPECT_EQ(hits[0].size(), 4u);
        EXPECT_GE(hits[0]["score"].as_double(), hits[1]["score"].as_double());
        EXPECT_EQ(all.header("x-total-count"), std::to_string(hits.size() < 10 ? hits.size() : std::stoul(all.header("x-total-count"))));

        const answer mine = co_await blog.post("/search", R"({"query":"timeout","author":"Priya Nair"})");
        for (const hem::json& hit : mine.read().elements()) EXPECT_EQ(hit["author"].as_string(), "Priya Nair");
        const answer tagged = co_await blog.post("/search", R"({"query":"the scope of a task","tags":["testing","timeout"],"size":100})");
        EXPECT_GT(tagged.read().size(), 0u);
        const answer second = co_await blog.post("/search", R"({"query":"task","page":2,"size":1})");
        const answer both = co_await blog.post("/search", R"({"query":"task","size":2})");
        CO_ASSERT_EQ(second.read().size(), 1u);
        EXPECT_EQ(second.read()[0]["id"].as_string(), both.read()[1]["id"].as_string());
    });
}

ASYNC_TEST(Routes, RefusesABadSearch) {
    co_await with_blog([](running_blog& blog) -> hem::task<> {
        const answer bad = co_await blog.post("/search", R"({"size":0,"page":"x"})");
        EXPECT_EQ(bad.status, 422);
        const hem::json detail = bad.read()["detail"];
        CO_ASSERT_EQ(detail.size(), 3u);
        EXPECT_EQ(detail[0]["type"].as_string(), "missing");
        EXPECT_EQ(detail[1]["type"].as_string(), "int_parsing");
        EXPECT_EQ(detail[2]["type"].as_string(), "greater_than_equal");
        EXPECT_EQ((co_await blog.post("/search", "{some broken json}")).read()["detail"][0]["type"].as_string(), "json_invalid");
        EXPECT_EQ((co_await blog.post("/search", R"({"query":"x","page":101,"size":100})")).status, 422);
        EXPECT_EQ((co_await blog.post("/search", R"({"query":"x","page":100,"size":100})")).status, 200);
        EXPECT_EQ((co_await blog.get("/search/advanced?page=501")).status, 422);
        const answer misspelt = co_await blog.get("/search?q=x&autor=Ann");
        EXPECT_EQ(misspelt.status, 422);
        EXPECT_EQ(misspelt.read()["detail"][0]["type"].as_string(), "extra_forbidden");
        EXPECT_EQ((co_await blog.get("/search/advanced?month=2026-13")).status, 422);
    });
}

ASYNC_TEST(Routes, FindsWithHighlightsAndFacets) {
    co_await with_blog([](running_blog& blog) -> hem::task<> {
        const answer browse = co_await blog.get("/search/advanced");
        CO_ASSERT_EQ(browse.status, 200);
        const hem::json all = browse.read();
        EXPECT_EQ(all["total"].as_int64(), static_cast<std::int64_t>(seed_posts.size()));
        EXPECT_EQ(all["relation"].as_string(), "eq");
        CO_ASSERT_EQ(all["hits"].size(), 20u);
        EXPECT_GE(all["hits"][0]["published_date"].as_string(), all["hits"][1]["published_date"].as_string());
        EXPECT_GT(all["facets"]["authors"].size(), 2u);
        EXPECT_GT(all["facets"]["publication_dates"].size(), 12u);
        EXPECT_EQ(all["facets"]["publication_dates"][0]["key_as_string"].as_string(), "2025-03");

        const hem::json found = (co_await blog.get("/search/advanced?q=queue")).read();
        const std::string marked = found["hits"][0]["highlight"].dump();
        EXPECT_THAT(marked, HasSubstr("<em>"));

        const std::string author = all["facets"]["authors"][0]["key"].as_string();
        const hem::json by_author = (co_await blog.get("/search/advanced?author=" + http::percent_encode(author))).read();
        EXPECT_EQ(by_author["total"].as_int64(), all["facets"]["authors"][0]["count"].as_int64());
        EXPECT_EQ(by_author["facets"]["authors"], all["facets"]["authors"]);
        EXPECT_FALSE(by_author["facets"]["publication_dates"] == all["facets"]["publication_dates"]);

        const hem::json march = (co_await blog.get("/search/advanced?month=2026-03&tags=web&tags=conflict")).read();
        CO_ASSERT_TRUE(march["total"].as_int64() > 0);
        for (const hem::json& hit : march["hits"].elements()) EXPECT_THAT(hit["published_date"].as_string(), StartsWith("2026-03-"));
    });
}

ASYNC_TEST(Routes, KeepsAPostFromItsMakingToItsEnd) {
    co_await with_blog(
        [](running_blog& blog) -> hem::task<> {
            const answer made = co_await blog.post("/posts", std::string(small_post));
            CO_ASSERT_EQ(made.status, 201);
            const hem::json post = made.read();
            const std::string place = "/posts/" + post["id"].as_string();
            EXPECT_EQ(made.header("location"), place);
            EXPECT_EQ(post["published_date"].as_string(), "2026-03-04T05:06:07Z");

            const hem::json read = (co_await blog.get(place)).read();
            EXPECT_EQ(read["title"].as_string(), "A small post");
            EXPECT_EQ(read["seq_no"], post["seq_no"]);
            EXPECT_EQ(read["primary_term"].as_int64(), 1);
            EXPECT_EQ((co_await blog.get("/search?q=herons")).read()["total"].as_int64(), 1);

            EXPECT_EQ((co_await blog.call("PATCH", place, R"({"title":"A better title"})")).status, 204);
            EXPECT_EQ((co_await blog.get(place)).read()["title"].as_string(), "A better title");
            const std::string stale = hem::json::object({{"title", "Lost"}, {"seq_no", read["seq_no"]}, {"primary_term", 1}}).dump();
            const answer refused = co_await blog.call("PATCH", place, stale);
            EXPECT_EQ(refused.status, 409);
            EXPECT_EQ(refused.read()["detail"].as_string(), "The post was changed since it was read");
            EXPECT_EQ((co_await blog.call("PATCH", place, R"({"title":"x","seq_no":1})")).status, 422);
            EXPECT_EQ((co_await blog.call("PATCH", place, "{}")).status, 422);

            EXPECT_EQ((co_await blog.call("DELETE", place)).status, 204);
            const answer gone = co_await blog.get(place);
            EXPECT_EQ(gone.status, 404);
            EXPECT_EQ(gone.body, R"({"detail":"Post not found"})");
            EXPECT_EQ((co_await blog.call("DELETE", place)).status, 404);
            EXPECT_EQ((co_await blog.call("PATCH", place, R"({"title":"x"})")).status, 404);
        },
        false);
}

ASYNC_TEST(Routes, TakesManyPostsAndChecksEachByItself) {
    co_await with_blog(
        [](running_blog& blog) -> hem::task<> {
            const std::string body = "[" + std::string(small_post) + R"(,{"title":"","content":"c","author":"a"},)" +
                                     R"({"id":"own","title":"Own id","content":"c","author":"a"}, 7])";
            const answer bulk = co_await blog.post("/posts/bulk", body);
            CO_ASSERT_EQ(bulk.status, 200);
            const hem::json done = bulk.read();
            EXPECT_EQ(done["indexed"].as_int64(), 2);
            EXPECT_EQ(done["failed"].as_int64(), 2);
            CO_ASSERT_EQ(done["errors"].size(), 2u);
            EXPECT_EQ(done["errors"][0]["index"].as_int64(), 1);
            EXPECT_EQ(done["errors"][0]["status"].as_int64(), 422);
            EXPECT_EQ(done["errors"][1]["index"].as_int64(), 3);
            EXPECT_EQ((co_await blog.get("/posts/own")).status, 200);

            const std::string lines = R"({"id":"own","changes":{"title":"New"}})"
                                      "\n"
                                      R"({"id":"none","changes":{"title":"New"}})"
                                      "\nbroken\n";
            const answer update = co_await blog.call("POST", "/posts/bulk-update", lines, "application/x-ndjson");
            CO_ASSERT_EQ(update.status, 200);
            EXPECT_EQ(update.read()["updated"].as_int64(), 1);
            EXPECT_EQ(update.read()["failed"].as_int64(), 2);
            EXPECT_EQ(update.read()["errors"][0]["status"].as_int64(), 404);
            EXPECT_EQ(update.read()["errors"][1]["status"].as_int64(), 422);
            EXPECT_EQ((co_await blog.get("/posts/own")).read()["title"].as_string(), "New");

            EXPECT_EQ((co_await blog.call("POST", "/posts/bulk")).status, 415);
            EXPECT_EQ((co_await blog.call("POST", "/posts/bulk", " ")).read()["detail"][0]["type"].as_string(), "missing");
            EXPECT_EQ((co_await blog.call("POST", "/posts/bulk", "title=x", "application/x-www-form-urlencoded")).status, 415);
            EXPECT_EQ((co_await blog.post("/posts/bulk", "[}")).read()["detail"][0]["type"].as_string(), "json_invalid");
            const answer half = co_await blog.post("/posts/bulk", "[" + std::string(small_post) + " oops");
            EXPECT_EQ(half.read()["indexed"].as_int64(), 1);
            EXPECT_THAT(half.body, HasSubstr("what follows was not read"));
        },
        false);
}

ASYNC_TEST(Routes, ExportsEverything) {
    co_await with_blog([](running_blog& blog) -> hem::task<> {
        const answer document = co_await blog.get("/export/posts");
        CO_ASSERT_EQ(document.status, 200);
        EXPECT_THAT(document.header("content-disposition"), HasSubstr("posts.json"));
        const hem::json posts = document.read()["posts"];
        EXPECT_EQ(posts.size(), seed_posts.size());
        EXPECT_TRUE(posts[0].contains("content"));
        blog.accept = "application/x-ndjson";
        const answer lines = co_await blog.get("/export/posts");
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(lines.body, '\n')), seed_posts.size());
        // What was exported can be put back.
        blog.accept.clear();
        const answer again = co_await blog.call("POST", "/posts/bulk", lines.body, "application/x-ndjson");
        EXPECT_EQ(again.read()["indexed"].as_int64(), static_cast<std::int64_t>(seed_posts.size()));
        EXPECT_EQ((co_await blog.get("/search/advanced")).read()["total"].as_int64(), static_cast<std::int64_t>(seed_posts.size()));
    });
}

ASYNC_TEST(Routes, TellsItsHealth) {
    co_await with_blog(
        [](running_blog& blog) -> hem::task<> {
            const answer health = co_await blog.get("/health");
            EXPECT_EQ(health.status, 200);
            EXPECT_EQ(health.body,
                      R"({"application":"healthy","elasticsearch":{"status":"connected","cluster_status":"green","active_indices":1}})");
        },
        false);
}

ASYNC_TEST(Routes, ServesThePageAndItsDocumentation) {
    co_await with_blog(
        [](running_blog& blog) -> hem::task<> {
            const answer page = co_await blog.get("/");
            EXPECT_EQ(page.status, 200);
            EXPECT_THAT(page.header("content-type"), StartsWith("text/html"));
            EXPECT_THAT(page.header("content-security-policy"), HasSubstr("default-src 'self'"));
            EXPECT_EQ((co_await blog.get("/app.js")).status, 200);
            EXPECT_THAT((co_await blog.get("/style.css")).header("content-type"), StartsWith("text/css"));
            EXPECT_EQ((co_await blog.get("/docs")).status, 200);
            const hem::json paths = (co_await blog.get("/openapi.json")).read()["paths"];
            for (const char* path : {"/search", "/search/advanced", "/posts", "/posts/{post_id}", "/posts/bulk", "/posts/bulk-update",
                                     "/export/posts", "/health"}) {
                EXPECT_TRUE(paths.contains(path)) << path;
            }
            EXPECT_EQ((co_await blog.get("/nothing")).status, 404);
            EXPECT_EQ((co_await blog.call("PUT", "/search", "{}")).status, 405);
        },
        false);
}

}  // namespace

}  // namespace blog
