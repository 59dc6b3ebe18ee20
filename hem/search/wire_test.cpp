// The wire table of the design, row by row: what each call of the source documents puts on the wire.
#include "hem/search.hpp"

#include "hem/search/detail/scripted_transport.hpp"
#include "hem/testing.hpp"

#include <algorithm>

namespace search = hem::search;
using hem::json;
using hem::task;
using search::detail::scripted_client;
using search::detail::scripted_transport;
using lines = std::vector<std::string>;

namespace {

struct blog_post {
    search::text<"english"> title, content;
    search::keyword author;
    search::date published_date;
    std::vector<search::keyword> tags;
    static constexpr search::index_options index{.name = "blog_posts", .shards = 1, .replicas = 0};
};

const char* const mapping_text =
    R"({"properties":{"title":{"type":"text","analyzer":"english"},"content":{"type":"text","analyzer":"english"},"author":{"type":"keyword"},"published_date":{"type":"date"},"tags":{"type":"keyword"}}})";

blog_post sample() {
    return {.title = "Async Programming with FastAPI",
            .content = "This is a comprehensive guide...",
            .author = "john_doe",
            .published_date = search::date::parse("2025-11-20T06:30:00.123456Z"),
            .tags = {"python", "fastapi", "async"}};
}
const char* const sample_text =
    R"({"title":"Async Programming with FastAPI","content":"This is a comprehensive guide...","author":"john_doe","published_date":"2025-11-20T06:30:00.123456Z","tags":["python","fastapi","async"]})";

std::string written(std::string_view id, int version, const char* result = "created") {
    return json::object({{"_index", "blog_posts"},
                         {"_id", id},
                         {"_version", version},
                         {"result", result},
                         {"_seq_no", version - 1},
                         {"_primary_term", 1}})
        .dump();
}

std::string stored(std::string_view id, std::int64_t seq_no = 0) {
    return R"({"_index":"blog_posts","_id":")" + std::string(id) + R"(","_version":1,"_seq_no":)" + std::to_string(seq_no) +
           R"(,"_primary_term":1,"found":true,"_source":)" + sample_text + "}";
}

const char* const no_hits =
    R"({"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":0,"relation":"eq"},"max_score":null,"hits":[]}})";

struct fixture {
    std::shared_ptr<scripted_transport> node = std::make_shared<scripted_transport>();
    search::client client = scripted_client(node);
    search::index<blog_post> posts{client};

    fixture() { node->fallback.body = no_hits; }
};

ASYNC_TEST(Wire, EnsureCreates) {
    fixture f;
    f.node->answer(404, "").answer(200, R"({"acknowledged":true})");
    co_await f.posts.ensure();
    EXPECT_EQ(f.node->lines(), (lines{"HEAD /blog_posts", "PUT /blog_posts"}));
    EXPECT_EQ(f.node->body(1),
              json::parse(std::string(R"({"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":)") + mapping_text + "}"));
    EXPECT_TRUE(f.node->seen[0].request.content_type.empty());
    EXPECT_EQ(f.node->seen[1].request.content_type, "application/vnd.elasticsearch+json; compatible-with=9");
    EXPECT_EQ(f.node->seen[1].request.accept, "application/vnd.elasticsearch+json; compatible-with=9");
}

ASYNC_TEST(Wire, EnsureLosesTheRace) {
    fixture f;
    f.node->answer(404, "").answer(400, R"({"error":{"type":"resource_already_exists_exception","reason":"x"},"status":400})");
    f.node->answer(200, std::string(R"({"blog_posts":{"mappings":)") + mapping_text + "}}");
    co_await f.posts.ensure();
    EXPECT_EQ(f.node->lines(), (lines{"HEAD /blog_posts", "PUT /blog_posts", "GET /blog_posts/_mapping"}));
}

ASYNC_TEST(Wire, EnsureAddsMissingFields) {
    fixture f;
    f.node->answer(200, "").answer(
        200,
        R"({"blog_posts":{"mappings":{"properties":{"title":{"type":"text","analyzer":"english"},"content":{"type":"text","analyzer":"english"},"author":{"type":"keyword"}}}}})");
    f.node->answer(200, R"({"acknowledged":true})");
    co_await f.posts.ensure();
    EXPECT_EQ(f.node->lines(), (lines{"HEAD /blog_posts", "GET /blog_posts/_mapping", "PUT /blog_posts/_mapping"}));
    EXPECT_EQ(f.node->body(2), json::parse(R"({"properties":{"published_date":{"type":"date"},"tags":{"type":"keyword"}}})"));
}

ASYNC_TEST(Wire, EnsureRefusesChangedTypes) {
    fixture f;
    f.node->answer(200, "").answer(200, R"({"blog_posts":{"mappings":{"properties":{"title":{"type":"text"}}}}})");
    try {
        co_await f.posts.ensure();
        ADD_FAILURE();
    } catch (const search::mapping_conflict& fault) {
        EXPECT_EQ(fault.path(), "title");
        EXPECT_EQ(fault.stored(), R"({"type":"text"})");
        EXPECT_EQ(fault.wanted(), R"({"type":"text","analyzer":"english"})");
    }
}

ASYNC_TEST(Wire, DocumentLife) {
    fixture f;
    f.node->answer(200, "").answer(200, std::string(R"({"blog_posts":{"mappings":)") + mapping_text + "}}");
    f.node->answer(201, written("x1", 1))
        .answer(200, stored("x1"))
        .answer(200, written("x1", 2, "updated"))
        .answer(200, written("x1", 3, "deleted"));
    const search::write_result created = co_await f.posts.save(sample());
    EXPECT_EQ(created.id, "x1");
    search::document<blog_post> post = co_await f.posts.get("x1");
    EXPECT_EQ(post.title, "Async Programming with FastAPI");
    EXPECT_EQ(post.published_date, sample().published_date);
    post.title = "new";
    co_await f.posts.save(post);
    EXPECT_EQ(post.meta.seq_no, 1);
    co_await f.posts.remove(post);
    EXPECT_EQ(f.node->lines(),
              (lines{"HEAD /blog_posts", "GET /blog_posts/_mapping", "POST /blog_posts/_doc", "GET /blog_posts/_doc/x1",
                     "PUT /blog_posts/_doc/x1?if_primary_term=1&if_seq_no=0", "DELETE /blog_posts/_doc/x1?if_primary_term=1&if_seq_no=1"}));
    EXPECT_EQ(f.node->body(2), json::parse(sample_text));
    json changed = json::parse(sample_text);
    changed.set("title", "new");
    EXPECT_EQ(f.node->body(4), changed);
}

ASYNC_TEST(Wire, GetFindExistsRemove) {
    fixture f;
    const char* const none = R"({"_index":"blog_posts","_id":"1","found":false})";
    f.node->answer(404, none).answer(404, none).answer(404, "").answer(200, "").answer(404, R"({"_id":"1","result":"not_found"})");
    f.node->answer(404, R"({"_id":"1","result":"not_found"})").answer(200, written("1", 2, "deleted"));
    CO_EXPECT_THROW(co_await f.posts.get("1"), hem::not_found);
    EXPECT_FALSE((co_await f.posts.find("1")).has_value());
    EXPECT_FALSE(co_await f.posts.exists("1"));
    EXPECT_TRUE(co_await f.posts.exists("a/b c"));
    CO_EXPECT_THROW(co_await f.posts.remove("1"), search::not_found);
    EXPECT_FALSE(co_await f.posts.remove_if_exists("1"));
    co_await f.posts.remove("1");
    EXPECT_EQ(f.node->lines()[3], "HEAD /blog_posts/_doc/a%2Fb%20c");
    EXPECT_EQ(f.node->lines()[6], "DELETE /blog_posts/_doc/1");
}

ASYNC_TEST(Wire, Update) {
    fixture f;
    f.node->answer(200, stored("1")).answer(200, "").answer(200, std::string(R"({"blog_posts":{"mappings":)") + mapping_text + "}}");
    f.node->answer(200, written("1", 2, "updated")).answer(200, written("1", 3, "updated"));
    search::document<blog_post> post = co_await f.posts.get("1");
    co_await f.posts.update(post, json::object({{"title", "new"}}));
    EXPECT_EQ(post.title, "new");
    EXPECT_EQ(post.author, "john_doe");
    EXPECT_EQ(f.node->lines()[3], "POST /blog_posts/_update/1?if_primary_term=1&if_seq_no=0");
    EXPECT_EQ(f.node->body(3), json::parse(R"({"doc":{"title":"new"}})"));
    co_await f.posts.update(post, json::object({{"title", "newer"}}),
                            {.detect_noop = false, .doc_as_upsert = true, .retry_on_conflict = 3});
    EXPECT_EQ(f.node->lines()[4], "POST /blog_posts/_update/1?retry_on_conflict=3");
    EXPECT_EQ(f.node->body(4), json::parse(R"({"doc":{"title":"newer"},"doc_as_upsert":true,"detect_noop":false})"));
    CO_EXPECT_THROW(co_await f.posts.update(post, json::object()), search::illegal_operation);
}

ASYNC_TEST(Wire, Mget) {
    fixture f;
    const std::string both = R"({"docs":[)" + stored("1") + R"(,{"_index":"blog_posts","_id":"2","found":false}]})";
    f.node->answer(200, both).answer(200, both).answer(200, both);
    const auto found = co_await f.posts.mget({"1", "2"});
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_mget"}));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"docs":[{"_id":"1"},{"_id":"2"}]})"));
    CO_ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ((*found[0]).author, "john_doe");
    EXPECT_FALSE(found[1].has_value());
    EXPECT_EQ((co_await f.posts.mget({"1", "2"}, search::missing::skip)).size(), 1u);
    CO_EXPECT_THROW(co_await f.posts.mget({"1", "2"}, search::missing::raise), hem::not_found);
}

ASYNC_TEST(Wire, Searches) {
    fixture f;
    const auto text = search::match("title", "q");
    const std::optional<std::string> author = "a", none;
    co_await f.posts.search().query(text).execute();
    co_await f.posts.search().query(text).filter(search::term("author", author)).execute();
    co_await f.posts.search().filter(search::term("author", author)).execute();
    co_await f.posts.search().query(text).filter(search::term("author", none)).execute();
    EXPECT_EQ(f.node->lines(), lines(4, "POST /blog_posts/_search"));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"query":{"match":{"title":"q"}}})"));
    EXPECT_EQ(f.node->body(1), json::parse(R"({"query":{"bool":{"must":[{"match":{"title":"q"}}],"filter":[{"term":{"author":"a"}}]}}})"));
    EXPECT_EQ(f.node->body(2), json::parse(R"({"query":{"bool":{"filter":[{"term":{"author":"a"}}]}}})"));
    EXPECT_EQ(f.node->body(3), f.node->body(0));
}

ASYNC_TEST(Wire, AdvancedSearch) {
    fixture f;
    f.node->answer(
        200,
        R"({"took":2,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":2,"relation":"eq"},"max_score":1.5,
        "hits":[{"_index":"blog_posts","_id":"1","_score":1.5,"_source":{"title":"One","author":"ada"},"highlight":{"title":["<em>One</em>"]}}]},
        "aggregations":{"authors":{"doc_count_error_upper_bound":0,"sum_other_doc_count":3,"buckets":[{"key":"ada","doc_count":2}]},
        "publication_dates":{"buckets":[{"key_as_string":"2025-11-01T00:00:00.000Z","key":1761955200000,"doc_count":2}]}}})");
    const auto authors = search::terms("author").size(10).named("authors");
    const auto found =
        co_await f.posts.search()
            .query(search::multi_match("t", {"title^2", "content"}, {.type = search::multi_match_type::best_fields}))
            .filter(search::boolean({.should = {search::term("tags", "x"), search::term("tags", "y")}, .minimum_should_match = 1}))
            .aggregate(authors)
            .aggregate("publication_dates", search::date_histogram("published_date").calendar_interval("month"))
            .slice(0, 20)
            .execute();
    EXPECT_EQ(
        f.node->body(0),
        json::parse(
            R"({"query":{"bool":{"must":[{"multi_match":{"query":"t","fields":["title^2","content"],"type":"best_fields"}}],"filter":[{"bool":{"should":[{"term":{"tags":"x"}},{"term":{"tags":"y"}}],"minimum_should_match":1}}]}},"aggs":{"authors":{"terms":{"field":"author","size":10}},"publication_dates":{"date_histogram":{"field":"published_date","calendar_interval":"month"}}},"from":0,"size":20})"));
    EXPECT_TRUE(found.success());
    CO_ASSERT_EQ(found.hits.size(), 1u);
    EXPECT_EQ(found.hits.total.value, 2);
    EXPECT_EQ(found.hits[0]->title, "One");
    EXPECT_EQ(found.hits[0].meta.score, 1.5);
    EXPECT_EQ(found.hits[0].meta.highlight["title"], std::vector<std::string>{"<em>One</em>"});
    EXPECT_EQ(found.hits[0].field<std::string>("author"), "ada");
    EXPECT_EQ(found[authors].buckets.at(0).key, "ada");
    EXPECT_EQ(found[authors].sum_other_doc_count, 3);
    const auto months = found.aggregation<search::date_histogram_result>("publication_dates");
    EXPECT_EQ(search::date(months.buckets.at(0).key).to_string(), "2025-11-01T00:00:00Z");
    EXPECT_EQ(found.aggregations["authors"]["buckets"].size(), 1u);
    try {
        (void)found.aggregation<search::terms_result>("author");
        ADD_FAILURE();
    } catch (const std::out_of_range& fault) {
        EXPECT_STREQ(fault.what(), "the response has no aggregation 'author'; it has 'authors', 'publication_dates'");
    }
}

ASYNC_TEST(Wire, OtherBodyKeys) {
    fixture f;
    const auto q = search::term("a", 1);
    co_await f.client.search("i").exclude(q).execute();
    co_await f.client.search("i").sort("-d", "_score").post_filter(q).source({"title", "tags"}).execute();
    co_await f.client.search("i").highlight({"title"}, {.fragment_size = 50}).collapse("author").execute();
    EXPECT_EQ(f.node->lines(), lines(3, "POST /i/_search"));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"query":{"bool":{"filter":[{"bool":{"must_not":[{"term":{"a":1}}]}}]}}})"));
    EXPECT_EQ(f.node->body(1),
              json::parse(R"({"sort":[{"d":{"order":"desc"}},"_score"],"post_filter":{"term":{"a":1}},"_source":["title","tags"]})"));
    EXPECT_EQ(f.node->body(2), json::parse(R"({"highlight":{"fields":{"title":{"fragment_size":50}}},"collapse":{"field":"author"}})"));
}

ASYNC_TEST(Wire, Count) {
    fixture f;
    f.node->answer(200, R"({"count":7,"_shards":{}})");
    EXPECT_EQ(co_await f.posts.search().query(search::match_all()).sort("author").slice(0, 5).count(), 7);
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_count"}));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"query":{"match_all":{}}})"));
}

ASYNC_TEST(Wire, HealthCalls) {
    fixture f;
    f.node->answer(200, "").answer(200, R"({"name":"n","cluster_name":"c","version":{"number":"9.1.0"}})");
    f.node->answer(200, R"({"cluster_name":"c","status":"green","timed_out":false,"number_of_nodes":1,"active_shards":3})");
    f.node->answer(
        200,
        R"([{"health":"green","status":"open","index":"blog_posts","uuid":"u","pri":"1","rep":"0","docs.count":"30","docs.deleted":"0","store.size":"1kb"}])");
    EXPECT_TRUE(co_await f.client.ping());
    EXPECT_EQ((co_await f.client.info()).cluster_name, "c");
    const auto health = co_await f.client.cluster().health();
    EXPECT_EQ(health.status, "green");
    EXPECT_EQ(health["active_shards"].as_int64(), 3);
    const auto indices = co_await f.client.cat().indices();
    CO_ASSERT_EQ(indices.size(), 1u);
    EXPECT_EQ(indices[0].docs_count, 30);
    EXPECT_EQ(f.node->lines(), (lines{"HEAD /", "GET /", "GET /_cluster/health", "GET /_cat/indices?format=json"}));
}

ASYNC_TEST(Wire, MultipleIndicesAtOnce) {
    fixture f;
    f.node->fallback.delay = std::chrono::seconds(1);
    std::vector<task<search::search_response<>>> all;
    for (int i = 0; i < 3; ++i) all.push_back(f.client.search("posts_" + std::to_string(i)).query(search::match("content", "q")).execute());
    const hem::time_point began = hem::clock::now();
    co_await hem::gather(std::move(all), hem::unbounded);
    EXPECT_EQ(hem::clock::now() - began, std::chrono::seconds(1));
    lines sent = f.node->lines();
    std::sort(sent.begin(), sent.end());
    EXPECT_EQ(sent, (lines{"POST /posts_0/_search", "POST /posts_1/_search", "POST /posts_2/_search"}));
    EXPECT_EQ(f.node->body(2), json::parse(R"({"query":{"match":{"content":"q"}}})"));
}

ASYNC_TEST(Wire, MultiSearch) {
    fixture f;
    f.node->answer(200, std::string(R"({"took":1,"responses":[)") + no_hits +
                            R"(,{"error":{"type":"index_not_found_exception","reason":"no such index [b]"},"status":404}]})");
    auto [a, b] = co_await search::multi_search(f.client.search("a").query(search::match_all()), f.client.search<blog_post>("b"));
    EXPECT_TRUE(a.has_value());
    EXPECT_FALSE(b.has_value());
    CO_EXPECT_THROW(b.value(), hem::not_found);
    EXPECT_EQ(f.node->lines(), (lines{"POST /_msearch"}));
    EXPECT_EQ(f.node->seen[0].request.body, "{\"index\":[\"a\"]}\n{\"query\":{\"match_all\":{}}}\n{\"index\":[\"b\"]}\n{}\n");
    EXPECT_EQ(f.node->seen[0].request.content_type, "application/vnd.elasticsearch+x-ndjson; compatible-with=9");
}

ASYNC_TEST(Wire, ByQuery) {
    fixture f;
    f.node->answer(200, R"({"took":3,"total":2,"deleted":2,"batches":1,"version_conflicts":0,"noops":0,"failures":[]})")
        .answer(200, R"({"total":1,"updated":1})");
    const auto gone = co_await f.client.search("i").query(search::match_all()).delete_by_query();
    EXPECT_EQ(gone.deleted, 2);
    const auto changed = co_await f.client.search("i")
                             .query(search::match_all())
                             .update_by_query(search::script{.source = "1"}, {.conflicts = search::conflicts::proceed});
    EXPECT_EQ(changed.updated, 1);
    EXPECT_EQ(f.node->lines(), (lines{"POST /i/_delete_by_query", "POST /i/_update_by_query?conflicts=proceed"}));
    EXPECT_EQ(f.node->body(0), json::parse(R"({"query":{"match_all":{}}})"));
    EXPECT_EQ(f.node->body(1), json::parse(R"({"query":{"match_all":{}},"script":{"source":"1"}})"));
    CO_EXPECT_THROW(co_await f.client.search("i").query(search::match_all()).sort("a").delete_by_query(), search::illegal_operation);
}

ASYNC_TEST(Wire, WritingThroughAPatternIsRefused) {
    fixture f;
    search::index<blog_post> logs{f.client, "logs-*"};
    CO_EXPECT_THROW(co_await logs.save(sample()), search::illegal_operation);
    CO_EXPECT_THROW(co_await logs.remove("1"), search::illegal_operation);
    EXPECT_TRUE(f.node->seen.empty());
    co_await logs.search().execute();
    EXPECT_EQ(f.node->lines(), (lines{"POST /logs-*/_search"}));
}

ASYNC_TEST(Wire, FirstWriteEnsuresOnce) {
    fixture f;
    f.node->answer(404, "").answer(200, "{}").answer(201, written("1", 1)).answer(201, written("2", 1));
    co_await f.posts.save(sample());
    search::index<blog_post> other{f.client};
    co_await other.save(sample());
    EXPECT_EQ(f.node->lines(), (lines{"HEAD /blog_posts", "PUT /blog_posts", "POST /blog_posts/_doc", "POST /blog_posts/_doc"}));
}

ASYNC_TEST(Wire, OpenSearchGetsPlainTypes) {
    auto node = std::make_shared<scripted_transport>();
    search::client client =
        scripted_client(node, {.flavour = search::server_flavour{.product = search::product::opensearch, .major = 2, .minor = 19}});
    (void)co_await client.perform("POST", "/_search", {}, "{}");
    (void)co_await client.perform("POST", "/_bulk", {}, "{}\n", {.ndjson = true});
    EXPECT_EQ(node->seen[0].request.content_type, "application/json");
    EXPECT_EQ(node->seen[1].request.content_type, "application/x-ndjson");
}

}  // namespace
