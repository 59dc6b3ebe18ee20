#include "apps/blog/post_search.hpp"

#include "apps/blog/search_queries.hpp"
#include "hem/core/cancel_scope.hpp"
#include "hem/core/gather.hpp"
#include "hem/core/loop.hpp"
#include "hem/search/scan.hpp"

namespace blog {

namespace search = hem::search;

namespace {

std::vector<search::keyword> keywords(const auto& texts) {
    std::vector<search::keyword> list;
    list.reserve(texts.size());
    for (const auto& text : texts) list.emplace_back(static_cast<const std::string&>(text));
    return list;
}

// Trouble of the engine, not of the request: no answer, 429 or 5xx; never another 4xx.
bool engine_failed(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const search::error& failure) {
        return failure.status() == 0 || failure.status() == 429 || failure.status() >= 500;
    } catch (...) {
        return hem::counts_as_failure(error);
    }
}

// A call of the engine, unless the breaker is open: then circuit_open_error, and nothing of it runs.
template <class T>
hem::task<T> guarded(hem::circuit_breaker& breaker, hem::task<T> work) {
    co_return co_await breaker.call([&work]() -> hem::task<T> { co_return co_await std::move(work); });
}

}  // namespace

post_search::post_search(search::client client)
    : posts_(client), breaker_(hem::breakers({.name = "search", .is_failure = engine_failed})) {}

blog_post to_blog_post(const bulk_post& post, moment now) {
    return {.title = *post.title,
            .content = post.content,
            .author = *post.author,
            .published_date = search::date(post.published_date.value_or(now)),
            .tags = keywords(*post.tags)};
}

std::string changed_fields(const post_changes& changes) {
    hem::json fields = hem::json::object();
    if (*changes.title) fields.set("title", **changes.title);
    if (changes.content) fields.set("content", *changes.content);
    if (*changes.author) fields.set("author", **changes.author);
    if (changes.published_date) fields.set("published_date", search::date(*changes.published_date).to_string());
    if (changes.tags) {
        hem::json& tags = fields.set("tags", hem::json::array());
        for (const std::string& tag : *changes.tags) tags.push_back(tag);
    }
    return fields.dump();
}

stored_post to_stored_post(const search::document<blog_post>& post) {
    return {.id = post.meta.id,
            .seq_no = post.meta.seq_no.value_or(0),
            .primary_term = post.meta.primary_term.value_or(0),
            .title = post.title,
            .content = post.content,
            .author = post.author,
            .published_date = to_moment(post.published_date),
            .tags = {post.tags.begin(), post.tags.end()}};
}

hem::task<> post_search::open() { co_await posts_.ensure(); }

hem::task<std::pair<std::vector<post_response>, std::int64_t>> post_search::find(search_request request) {
    const auto found = co_await guarded(breaker_, find_posts(posts_.search(), terms_of(request)).execute());
    co_return std::pair(read_posts(found), found.hits.total.value);
}

hem::task<search_answer> post_search::search(search_terms terms) {
    co_return read_answer(co_await guarded(breaker_, find_posts(posts_.search(), terms).execute()));
}

hem::task<advanced_answer> post_search::search_with_facets(search_terms terms) {
    co_return read_advanced_answer(co_await guarded(breaker_, find_with_facets(posts_.search(), terms).execute()));
}

hem::task<stored_post> post_search::get(std::string id) {
    const auto found = co_await guarded(breaker_, posts_.find(id));
    if (!found) throw post_not_found(id);
    co_return to_stored_post(*found);
}

hem::task<stored_post> post_search::create(new_post post) {
    search::document<blog_post> document(
        blog_post{.title = *post.title,
                  .content = post.content,
                  .author = *post.author,
                  .published_date = post.published_date ? search::date(*post.published_date) : search::date::now(),
                  .tags = keywords(*post.tags)});
    co_await guarded(breaker_, posts_.save(document));
    co_return to_stored_post(document);
}

hem::task<> post_search::update(std::string id, post_changes changes) {
    try {
        if (changes.seq_no) {
            search::document<blog_post> seen;
            seen.meta.id = id;
            seen.meta.seq_no = changes.seq_no;
            seen.meta.primary_term = changes.primary_term;
            co_await guarded(breaker_, posts_.update(seen, hem::json::parse(changed_fields(changes))));
        } else {
            co_await guarded(breaker_, posts_.update(id, hem::json::parse(changed_fields(changes)), {.retry_on_conflict = 3}));
        }
    } catch (const search::not_found&) {
        throw post_not_found(id);
    } catch (const search::conflict&) {
        throw stale_post(id);
    }
}

hem::task<> post_search::remove(std::string id) {
    if (!co_await guarded(breaker_, posts_.remove_if_exists(id))) throw post_not_found(id);
}

namespace {

// For people: what the engine says about one item.
std::string describe_failure(const search::bulk_outcome& failure) {
    if (failure.status == 404) return "Post not found";
    if (failure.status == 409) return "The post was changed since it was read";
    const hem::json& reason = failure.error["reason"];
    return reason.is_string() ? reason.as_string() : "the search engine refused it";
}

hem::task<std::vector<item_error>> run_bulk(search::index<blog_post> posts, std::vector<search::bulk_action> actions) {
    const auto summary = co_await posts.bulk(std::move(actions));
    std::vector<item_error> failures;
    failures.reserve(summary.failures.size());
    for (const search::bulk_outcome& failure : summary.failures) {
        failures.push_back({static_cast<std::int64_t>(failure.position), failure.status, describe_failure(failure)});
    }
    co_return failures;
}

}  // namespace

hem::task<std::vector<item_error>> post_search::write(std::span<const checked_post> posts) {
    std::vector<search::bulk_action> actions;
    actions.reserve(posts.size());
    for (const checked_post& each : posts) {
        std::string source;
        search::detail::encode_document(source, each.post);
        actions.push_back(search::bulk_action::put(std::move(source), each.id));
    }
    co_return co_await guarded(breaker_, run_bulk(posts_, std::move(actions)));
}

hem::task<std::vector<item_error>> post_search::change(std::span<const checked_change> changes) {
    std::vector<search::bulk_action> actions;
    actions.reserve(changes.size());
    for (const checked_change& each : changes) {
        search::bulk_action action;
        action.op = search::bulk_op::update;
        action.id = each.id;
        action.source = "{\"doc\":" + each.fields + "}";
        action.if_seq_no = each.seq_no;
        action.if_primary_term = each.primary_term;
        if (!each.seq_no) action.retry_on_conflict = 3;
        actions.push_back(std::move(action));
    }
    co_return co_await guarded(breaker_, run_bulk(posts_, std::move(actions)));
}

hem::async_generator<exported_post> post_search::every_post() {
    hem::generator_stream<search::hit<blog_post>> hits(search::scan(posts_.search().params({{"size", "500"}})));
    std::exception_ptr stopped;
    try {
        while (const auto hit = co_await hits.next()) {
            const blog_post& post = hit->source();
            co_yield exported_post{
                hit->meta.id, post.title, post.content, post.author, to_moment(post.published_date), {post.tags.begin(), post.tags.end()}};
        }
    } catch (...) {
        stopped = std::current_exception();  // a reader that left, too: the cursor is cleared first
    }
    co_await hem::shield(hits.aclose());
    if (stopped) std::rethrow_exception(stopped);
}

hem::task<std::int64_t> post_search::count() { co_return co_await posts_.search().count(); }

hem::task<health_answer> post_search::health() {
    const auto turn = co_await health_lock_.acquire();
    const hem::time_point now = hem::loop::current().now();
    if (last_health_ && now - last_health_at_ < std::chrono::seconds(1)) co_return *last_health_;
    last_health_ = co_await ask_health();
    last_health_at_ = hem::loop::current().now();
    co_return *last_health_;
}

hem::task<health_answer> post_search::ask_health() {
    search::client client = posts_.client();
    if (!co_await client.ping()) co_return health_answer{"unhealthy", {.status = "disconnected"}};
    try {
        const auto [cluster, indices] = co_await hem::gather(client.cluster().health(), client.cat().indices());
        co_return health_answer{"healthy", {"connected", cluster.status, static_cast<std::int64_t>(indices.size())}};
    } catch (const std::exception&) {
        // The reason is in the log of the search client; here it would show more than a stranger should read.
    }
    co_return health_answer{"unhealthy", {.status = "disconnected"}};
}

}  // namespace blog
