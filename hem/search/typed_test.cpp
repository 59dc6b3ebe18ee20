// The client's calls over real engines: the embedded one always, a server too when HEM_TEST_SEARCH_URL names it. The same expectations.
#include "hem/search.hpp"

#include "hem/testing.hpp"

#include <unistd.h>

#include <cstdlib>

namespace search = hem::search;
using hem::json;
using hem::task;

namespace {

struct blog_post {
    search::text<"english"> title, content;
    search::keyword author;
    search::date published_date;
    std::vector<search::keyword> tags;
    static constexpr search::index_options index{.name = "hem_typed_posts", .shards = 1, .replicas = 0};
};

blog_post make(std::string title, std::string author, const char* day, std::vector<search::keyword> tags) {
    return {.title = title,
            .content = "About " + title + " and running tasks",
            .author = std::move(author),
            .published_date = search::date::parse(day),
            .tags = std::move(tags)};
}

std::vector<search::document<blog_post>> posts_to_store() {
    std::vector<search::document<blog_post>> all{
        make("Cancel scopes", "ada", "2025-10-01", {"async", "cancel"}), make("Task groups", "ada", "2025-11-20T06:30:00Z", {"async"}),
        make("Queues and channels", "bob", "2025-11-21", {"async", "queue"}), make("Typed requests", "eve", "2026-01-05", {"web"})};
    for (std::size_t i = 0; i < all.size(); ++i) all[i].meta.id = "p" + std::to_string(i);
    return all;
}

// One per process: tests run side by side on one server.
std::string index_name() { return "hem_typed_posts_" + std::to_string(::getpid()); }

class TypedSearch : public ::testing::TestWithParam<std::string> {
protected:
    // Runs `body(client, posts)` over a fresh index on the engine of this parameter.
    template <class F>
    void with_posts(F body) {
        std::string url = GetParam();
        hem::run([&]() -> task<> {
            co_await hem::with(search::connect(url), [&](search::client& client) -> task<> {
                const std::string name = index_name();
                search::index<blog_post> posts{client, name};
                (void)co_await client.perform("DELETE", "/" + name, {}, {}, {.ignore_status = {404}});
                co_await posts.ensure();
                co_await body(client, posts);
                (void)co_await client.perform("DELETE", "/" + name, {}, {}, {.ignore_status = {404}});
                EXPECT_EQ(client.open_contexts(), 0u);
            });
        });
    }
    static task<> store(search::index<blog_post>& posts) {
        const auto summary = co_await posts.bulk(posts_to_store(), {.refresh = "true"});
        EXPECT_EQ(summary.succeeded, 4u);
        EXPECT_EQ(summary.failed, 0u);
    }
};

TEST_P(TypedSearch, DocumentLife) {
    with_posts([](search::client&, search::index<blog_post>& posts) -> task<> {
        search::document<blog_post> post = make("Hello", "ada", "2025-11-20T06:30:00.123456Z", {"x"});
        const auto created = co_await posts.save(post);
        EXPECT_EQ(created.result, "created");
        EXPECT_FALSE(post.meta.id.empty());
        search::document<blog_post> read = co_await posts.get(post.meta.id);
        EXPECT_EQ(read.published_date.to_string(), "2025-11-20T06:30:00.123456Z");
        EXPECT_EQ(read.tags, (std::vector<search::keyword>{"x"}));
        read.title = "Changed";
        EXPECT_EQ((co_await posts.save(read)).version, 2);
        CO_EXPECT_THROW(co_await posts.save(post), hem::conflict);  // read before the change
        CO_EXPECT_THROW(co_await posts.create(make("x", "y", "2025-01-01", {}), read.meta.id), hem::conflict);
        co_await posts.update(read, json::object({{"author", "bob"}}));
        EXPECT_EQ((co_await posts.get(read.meta.id)).author, "bob");
        EXPECT_EQ((co_await posts.get(read.meta.id)).title, "Changed");
        EXPECT_TRUE(co_await posts.exists(read.meta.id));
        co_await posts.remove(read);
        EXPECT_FALSE((co_await posts.find(read.meta.id)).has_value());
        CO_EXPECT_THROW(co_await posts.get(read.meta.id), hem::not_found);
        EXPECT_FALSE(co_await posts.remove_if_exists(read.meta.id));
    });
}

TEST_P(TypedSearch, SearchWithFacetsAndHighlight) {
    with_posts([](search::client&, search::index<blog_post>& posts) -> task<> {
        co_await store(posts);
        const auto authors = search::terms("author").size(10).named("authors");
        const auto months = search::date_histogram("published_date").calendar_interval("month").named("months");
        const std::optional<std::string> nobody;
        const auto found = co_await posts.search()
                               .query(search::multi_match("task", {"title^2", "content"}, {.type = search::multi_match_type::best_fields}))
                               .filter(search::term(search::at<&blog_post::author>, nobody))
                               .aggregate(authors)
                               .aggregate(months)
                               .highlight({"title", "content"})
                               .slice(0, 2)
                               .execute();
        EXPECT_TRUE(found.success());
        EXPECT_EQ(found.hits.total.value, 4);
        CO_ASSERT_EQ(found.hits.size(), 2u);
        EXPECT_EQ(found.hits[0]->title, "Task groups");  // in the title, too
        EXPECT_GT(*found.hits[0].meta.score, *found.hits[1].meta.score);
        EXPECT_EQ(found.hits[0].meta.highlight["title"], std::vector<std::string>{"<em>Task</em> groups"});
        CO_ASSERT_EQ(found[authors].buckets.size(), 3u);
        EXPECT_EQ(found[authors].buckets[0].key, "ada");
        EXPECT_EQ(found[authors].buckets[0].doc_count, 2);
        std::vector<std::int64_t> counts;
        for (const auto& bucket : found[months].buckets) counts.push_back(bucket.doc_count);
        EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 2, 0, 1}));
        EXPECT_EQ(found[months].buckets[0].key_as_string, "2025-10-01T00:00:00.000Z");
    });
}

TEST_P(TypedSearch, FiltersSortsAndCounts) {
    with_posts([](search::client& client, search::index<blog_post>& posts) -> task<> {
        co_await store(posts);
        const auto by_ada = posts.search().filter(search::term("author", "ada"));
        EXPECT_EQ(co_await by_ada.count(), 2);
        EXPECT_EQ(co_await posts.search().exclude(search::term("author", "ada")).count(), 2);
        EXPECT_EQ(co_await posts.search().query(search::terms("tags", {"queue", "web"})).count(), 2);
        EXPECT_EQ(co_await posts.search().query(search::range("published_date", {.gte = "2025-11-01", .lt = "2025-12-01"})).count(), 2);
        EXPECT_EQ(co_await posts.search().query(~search::term("author", "ada") & search::term("tags", "web")).count(), 1);
        EXPECT_EQ(co_await posts.search().query(search::match_phrase("title", "cancel scopes") | search::prefix("author", "ev")).count(),
                  2);
        auto newest = posts.search().sort("-published_date").slice(0, 2);
        auto page = co_await newest.execute();
        CO_ASSERT_EQ(page.hits.size(), 2u);
        EXPECT_EQ(page.hits[0]->title, "Typed requests");
        page = co_await newest.next_page(page).execute();
        CO_ASSERT_EQ(page.hits.size(), 2u);
        EXPECT_EQ(page.hits[1]->title, "Cancel scopes");
        const auto many = co_await posts.mget({"p0", "none", "p3"});
        CO_ASSERT_EQ(many.size(), 3u);
        EXPECT_EQ((*many[2]).author, "eve");
        EXPECT_FALSE(many[1].has_value());
        auto [good, bad] = co_await search::multi_search(by_ada, client.search("hem_no_such_index"));
        EXPECT_EQ(good.value().hits.size(), 2u);
        CO_EXPECT_THROW(bad.value(), hem::not_found);
    });
}

TEST_P(TypedSearch, BulkCollectsFailures) {
    with_posts([](search::client& client, search::index<blog_post>& posts) -> task<> {
        co_await store(posts);
        std::vector<search::bulk_action> actions{
            search::bulk_action::create("{}", "p0"), search::bulk_action::update("p1", json::object({{"author", "zoe"}})),
            search::bulk_action::update("none", json::object({{"author", "zoe"}})), search::bulk_action::remove("p2")};
        const auto summary = co_await posts.bulk(actions, {.refresh = "true"});
        EXPECT_EQ(summary.succeeded, 2u);
        CO_ASSERT_EQ(summary.failures.size(), 2u);
        EXPECT_EQ(summary.failures[0].status, 409);
        EXPECT_EQ(summary.failures[1].status, 404);
        EXPECT_EQ(summary.failures[1].position, 2u);
        EXPECT_EQ((co_await posts.get("p1")).author, "zoe");
        EXPECT_EQ(co_await posts.search().count(), 3);
        (void)client;
    });
}

TEST_P(TypedSearch, ScanAndIterateReadEverything) {
    with_posts([](search::client& client, search::index<blog_post>& posts) -> task<> {
        std::vector<search::document<blog_post>> all;
        for (int i = 0; i < 25; ++i) {
            all.emplace_back(make("Post " + std::to_string(i), "ada", "2025-01-01", {}));
            all.back().meta.id = "n" + std::to_string(100 + i);
        }
        (void)co_await posts.bulk(all, {.chunk_size = 10, .refresh = "true"});
        std::size_t seen = 0;
        co_await hem::for_each(search::scan(posts.search().params({{"size", "10"}})), [&](search::hit<blog_post> hit) {
            EXPECT_EQ(hit->author, "ada");
            ++seen;
        });
        EXPECT_EQ(seen, 25u);
        EXPECT_EQ((co_await hem::collect(search::iterate(posts.search().sort("published_date"), {.page_size = 10}))).size(), 25u);
        EXPECT_EQ(client.open_contexts(), 0u);
        seen = 0;
        co_await hem::for_each(search::scan(posts.search().params({{"size", "10"}})), [&](search::hit<blog_post>) { return ++seen < 3; });
        EXPECT_EQ(client.open_contexts(), 0u);
    });
}

TEST_P(TypedSearch, ErrorsAreTyped) {
    with_posts([](search::client& client, search::index<blog_post>& posts) -> task<> {
        CO_EXPECT_THROW(co_await client.search("hem_no_such_index").execute(), search::not_found);
        CO_EXPECT_THROW(co_await posts.search().aggregate("a", search::terms("title")).execute(), search::search_phase_error);
        CO_EXPECT_THROW(co_await posts.search().query(search::query::raw(json::object({{"no_such_query", json::object()}}))).execute(),
                        search::bad_request);
        EXPECT_TRUE(co_await client.ping());
        EXPECT_FALSE((co_await client.info()).cluster_name.empty());
        EXPECT_FALSE((co_await client.cluster().health()).status.empty());
        bool listed = false;
        for (const auto& index : co_await client.cat().indices()) listed = listed || index.index == index_name();
        EXPECT_TRUE(listed);
        EXPECT_TRUE(co_await client.indices().exists(index_name()));
        EXPECT_FALSE(co_await client.indices().exists("hem_no_such_index"));
    });
}

struct other_post {
    search::keyword title;
};

TEST_P(TypedSearch, EnsureTwiceAndConflict) {
    with_posts([](search::client& client, search::index<blog_post>& posts) -> task<> {
        co_await posts.ensure();
        search::index<other_post> other{client, posts.name()};
        CO_EXPECT_THROW(co_await other.ensure(), search::mapping_conflict);
    });
}

std::vector<std::string> engines() {
    std::vector<std::string> urls{"embedded::memory:"};
    if (const char* url = std::getenv("HEM_TEST_SEARCH_URL"); url != nullptr && *url != '\0') urls.emplace_back(url);
    return urls;
}

INSTANTIATE_TEST_SUITE_P(Engines, TypedSearch, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return std::string(info.param.starts_with("embedded") ? "embedded" : "server"); });

}  // namespace
