#include "hem/search/scan.hpp"

#include "hem/search/detail/client_state.hpp"
#include "hem/search/detail/scripted_transport.hpp"
#include "hem/testing.hpp"

namespace search = hem::search;
using hem::json;
using hem::task;
using search::detail::scripted_client;
using search::detail::scripted_transport;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

struct note {
    std::string text;
};

// A page with `count` hits and one sort value each.
std::string page(int first, int count, const char* ids = R"("_scroll_id":"s1")", int successful = 1) {
    std::string body = std::string("{") + ids + R"(,"took":1,"timed_out":false,"_shards":{"total":1,"successful":)" +
                       std::to_string(successful) +
                       R"(,"skipped":0,"failed":0},"hits":{"total":{"value":9,"relation":"eq"},"max_score":null,"hits":[)";
    for (int i = first; i < first + count; ++i) {
        if (i != first) body += ',';
        body += R"({"_index":"i","_id":")" + std::to_string(i) + R"(","_score":null,"_source":{"text":")" + std::to_string(i) +
                R"("},"sort":[)" + std::to_string(i) + "]}";
    }
    return body + "]}}";
}

struct fixture {
    std::shared_ptr<scripted_transport> node = std::make_shared<scripted_transport>();
    search::client client;
    explicit fixture(search::client_options options = {}) : client(scripted_client(node, std::move(options))) {}
    search::search_request<note> all() { return client.search<note>("blog_posts"); }
};

ASYNC_TEST(Scan, WireForm) {
    fixture f;
    f.node->answer(200, page(0, 2)).answer(200, page(2, 1)).answer(200, page(3, 0)).answer(200, R"({"succeeded":true,"num_freed":1})");
    std::string texts;
    co_await hem::for_each(search::scan(f.all().params({{"scroll", "5m"}, {"size", "100"}})),
                           [&](search::hit<note> hit) { texts += hit->text; });
    EXPECT_EQ(texts, "012");
    EXPECT_EQ(f.node->lines(),
              (lines{"POST /blog_posts/_search?scroll=5m", "POST /_search/scroll", "POST /_search/scroll", "DELETE /_search/scroll"}));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"size":100,"sort":"_doc"})"));
    EXPECT_EQ(f.node->body(1), json::parse(R"({"scroll_id":"s1","scroll":"5m"})"));
    EXPECT_EQ(f.node->body(3), json::parse(R"({"scroll_id":"s1"})"));
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

ASYNC_TEST(Scan, PreserveOrderKeepsTheSort) {
    fixture f;
    f.node->fallback.body = page(0, 0);
    (void)co_await hem::collect(search::scan(f.all().sort("-text"), {.preserve_order = true}));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"size":1000,"sort":[{"text":{"order":"desc"}}]})"));
}

ASYNC_TEST(Scan, LeavingHalfWayClears) {
    fixture f;
    f.node->answer(200, page(0, 2));
    int seen = 0;
    co_await hem::for_each(search::scan(f.all()), [&](search::hit<note>) { return ++seen < 1; });
    EXPECT_EQ(f.node->lines().back(), "DELETE /_search/scroll");
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

ASYNC_TEST(Scan, AnErrorOfTheConsumerClears) {
    fixture f;
    f.node->answer(200, page(0, 2));
    CO_EXPECT_THROW(co_await hem::for_each(search::scan(f.all()), [](search::hit<note>) { throw std::runtime_error("stop"); }),
                    std::runtime_error);
    EXPECT_EQ(f.node->lines().back(), "DELETE /_search/scroll");
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

ASYNC_TEST(Scan, CancelledInAPageClears) {
    fixture f;
    f.node->answer(200, page(0, 2)).add({.body = page(2, 1), .delay = 1min});
    const bool done = co_await hem::move_on_after(1s, hem::for_each(search::scan(f.all()), [](search::hit<note>) {}));
    EXPECT_FALSE(done);
    EXPECT_EQ(f.node->lines().back(), "DELETE /_search/scroll");
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

ASYNC_TEST(Scan, AClearThatFailsIsCountedAndHarmless) {
    fixture f({.max_retries = 0});
    f.node->answer(200, page(0, 1)).answer(200, page(1, 0)).add({.fault = scripted_transport::failure::refused});
    EXPECT_EQ((co_await hem::collect(search::scan(f.all()))).size(), 1u);
    EXPECT_EQ(f.client.state().link->failed_clears, 1u);
    f.node->answer(200, page(0, 1)).answer(200, page(1, 0)).answer(404, R"({"succeeded":true,"num_freed":0})");
    EXPECT_EQ((co_await hem::collect(search::scan(f.all()))).size(), 1u);
    EXPECT_EQ(f.client.state().link->failed_clears, 1u);
}

ASYNC_TEST(Scan, MissingShardsThrow) {
    fixture f;
    f.node->answer(200, page(0, 2, R"("_scroll_id":"s1")", 0));
    CO_EXPECT_THROW((void)co_await hem::collect(search::scan(f.all())), search::scan_error);
    EXPECT_EQ(f.node->lines().back(), "DELETE /_search/scroll");
}

ASYNC_TEST(Scan, APageIsNeverAskedForTwice) {
    fixture f;
    f.node->answer(200, page(0, 2)).answer(503, R"({"error":"busy","status":503})");
    CO_EXPECT_THROW((void)co_await hem::collect(search::scan(f.all())), search::unavailable_error);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_search?scroll=5m", "POST /_search/scroll", "DELETE /_search/scroll"}));
}

ASYNC_TEST(Scan, NoneAsksNothing) {
    fixture f;
    EXPECT_TRUE((co_await hem::collect(search::scan(f.all().none()))).empty());
    EXPECT_TRUE(f.node->seen.empty());
}

ASYNC_TEST(Iterate, Elasticsearch) {
    fixture f;
    f.node->answer(200, R"({"id":"p1"})").answer(200, page(0, 2, R"("pit_id":"p2")")).answer(200, page(2, 0, R"("pit_id":"p3")"));
    EXPECT_EQ((co_await hem::collect(search::iterate(f.all().sort("text"), {.keep_alive = 1min, .page_size = 2}))).size(), 2u);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_pit?keep_alive=1m", "POST /_search", "POST /_search", "DELETE /_pit"}));
    EXPECT_TRUE(f.node->seen[0].request.body.empty());
    EXPECT_EQ(f.node->body(1), json::parse(R"({"sort":["text","_shard_doc"],"size":2,"pit":{"id":"p1","keep_alive":"1m"}})"));
    EXPECT_EQ(f.node->body(2),
              json::parse(R"({"sort":["text","_shard_doc"],"size":2,"pit":{"id":"p2","keep_alive":"1m"},"search_after":[1]})"));
    EXPECT_EQ(f.node->body(3), json::parse(R"({"id":"p3"})"));
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

ASYNC_TEST(Iterate, OpenSearchWithAUniqueKey) {
    fixture f({.flavour = search::server_flavour{.product = search::product::opensearch, .major = 2, .minor = 19}});
    f.node->answer(200, R"({"pit_id":"p1"})").answer(200, page(0, 1, R"("pit_id":"p1")")).answer(200, page(1, 0, R"("pit_id":"p1")"));
    EXPECT_EQ((co_await hem::collect(search::iterate(f.all().unique_sort("slug")))).size(), 1u);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_search/point_in_time?keep_alive=1m", "POST /_search", "POST /_search",
                                      "DELETE /_search/point_in_time"}));
    EXPECT_EQ(f.node->body(1)["sort"], json::parse(R"(["slug"])"));
    EXPECT_EQ(f.node->body(3), json::parse(R"({"pit_id":["p1"]})"));
}

ASYNC_TEST(Iterate, OpenSearchWithoutOneReadsByScroll) {
    fixture f({.flavour = search::server_flavour{.product = search::product::opensearch, .major = 2, .minor = 19}});
    f.node->answer(200, page(0, 1)).answer(200, page(1, 0));
    EXPECT_EQ((co_await hem::collect(search::iterate(f.all()))).size(), 1u);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_search?scroll=5m", "POST /_search/scroll", "DELETE /_search/scroll"}));
}

ASYNC_TEST(PointInTime, IsClosedWhenTheBodyThrows) {
    fixture f;
    f.node->answer(200, R"({"id":"p1"})").answer(200, page(0, 1, R"("pit_id":"p1")"));
    CO_EXPECT_THROW(co_await search::point_in_time(f.all(), 30s,
                                                   [](search::search_request<note> bound) -> task<> {
                                                       (void)co_await bound.execute();
                                                       throw std::runtime_error("stop");
                                                   }),
                    std::runtime_error);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_pit?keep_alive=30s", "POST /_search", "DELETE /_pit"}));
    EXPECT_EQ(f.client.open_contexts(), 0u);
}

}  // namespace
