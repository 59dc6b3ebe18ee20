#include "apps/blog/routes.hpp"

#include "apps/blog/bulk_upload.hpp"
#include "apps/blog/embedded.hpp"
#include "hem/http/url.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <initializer_list>
#include <span>

namespace blog {

namespace http = hem::http;
namespace search = hem::search;
namespace web = hem::web;

namespace {

constexpr std::uint64_t small_body = 2 * 1024 * 1024;

// ---- search ----

struct search_call {
    web::body<search_request> search;
    web::depends<post_search> posts;
};

hem::task<web::with_value<std::vector<post_response>>> search_posts(search_call call) {
    auto [found, total] = co_await call.posts->find(*call.search);
    co_return web::with(std::move(found), {.headers = {{"x-total-count", std::to_string(total)}}});
}

// A misspelt filter must not quietly find everything.
void refuse_unknown(const http::request& request, std::span<const std::string_view> known) {
    hem::validation_errors errors;
    for (const auto& [name, value] : http::query_params::parse(request.query())) {
        if (std::ranges::find(known, name) != known.end()) continue;
        errors.add({.type = "extra_forbidden",
                    .loc = hem::json::array({"query", name}),
                    .msg = "Extra inputs are not permitted",
                    .input = hem::json(value)});
    }
    if (!errors.empty()) throw web::request_validation_error(std::move(errors));
}

void refuse_too_deep(std::int64_t page, std::int64_t size) {
    if (page > deepest_hit / size) {
        throw web::request_validation_error("value_error", {"query", "page"}, "Value error, page times size must be at most 10000", page);
    }
}

struct find_call {
    web::query<std::string> q = "";
    web::query<std::optional<std::string>> author;
    web::query<std::vector<std::string>, hem::defaulted> tags;
    web::query<std::int64_t, hem::ge<1>> page = 1;
    web::query<std::int64_t, hem::ge<1>, hem::le<100>> size = 10;
    web::depends<post_search> posts;
};

hem::task<search_answer> find_posts_by_words(find_call call, http::request& request) {
    static constexpr std::string_view known[] = {"q", "author", "tags", "page", "size"};
    refuse_unknown(request, known);
    refuse_too_deep(*call.page, *call.size);
    co_return co_await call.posts->search(
        {.query = *call.q, .author = *call.author, .tags = *call.tags, .month = {}, .page = *call.page, .size = *call.size});
}

struct advanced_call {
    web::query<std::string> q = "";
    web::query<std::optional<std::string>> author;
    web::query<std::vector<std::string>, hem::defaulted> tags;
    web::query<std::optional<std::string>, hem::pattern<"^[0-9]{4}-(0[1-9]|1[0-2])$">> month;
    web::query<std::int64_t, hem::ge<1>> page = 1;
    web::query<std::int64_t, hem::ge<1>, hem::le<100>> size = 20;
    web::depends<post_search> posts;
};

std::optional<std::chrono::year_month> read_month(const std::optional<std::string>& text) {
    if (!text) return {};
    const auto digit = [&](std::size_t i) { return (*text)[i] - '0'; };
    return std::chrono::year(digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3)) /
           std::chrono::month(static_cast<unsigned>(digit(5) * 10 + digit(6)));
}

hem::task<advanced_answer> find_posts_with_facets(advanced_call call, http::request& request) {
    static constexpr std::string_view known[] = {"q", "author", "tags", "month", "page", "size"};
    refuse_unknown(request, known);
    refuse_too_deep(*call.page, *call.size);
    co_return co_await call.posts->search_with_facets({.query = *call.q,
                                                       .author = *call.author,
                                                       .tags = *call.tags,
                                                       .month = read_month(*call.month),
                                                       .page = *call.page,
                                                       .size = *call.size});
}

// ---- posts ----

struct post_call {
    web::path<std::string> post_id;
    web::depends<post_search> posts;
};

hem::task<stored_post> get_post(post_call call) { co_return co_await call.posts->get(*call.post_id); }

struct create_call {
    web::body<new_post> post;
    web::depends<post_search> posts;
};

hem::task<web::with_value<stored_post>> create_post(create_call call) {
    stored_post stored = co_await call.posts->create(*call.post);
    std::string location = "/posts/" + http::percent_encode(stored.id, http::encode_set::segment);
    co_return web::with(std::move(stored), {.headers = {{"location", std::move(location)}}});
}

struct update_call {
    web::path<std::string> post_id;
    web::body<post_changes> changes;
    web::depends<post_search> posts;
};

hem::task<> update_post(update_call call) { co_await call.posts->update(*call.post_id, *call.changes); }

hem::task<> delete_post(post_call call) { co_await call.posts->remove(*call.post_id); }

struct service_call {
    web::depends<post_search> posts;
};

hem::task<bulk_answer> create_posts(service_call call, http::request& request) { co_return co_await upload_posts(*call.posts, request); }

hem::task<bulk_update_answer> update_posts(service_call call, http::request& request) {
    co_return co_await upload_changes(*call.posts, request);
}

// ---- all of it ----

hem::task<web::array_response<exported_post>> export_posts(service_call call) {
    co_return web::json_array(call.posts->every_post(), {.wrap = "posts", .filename = "posts.json"});
}

hem::task<web::with_value<health_answer>> health(service_call call) {
    health_answer answer = co_await call.posts->health();
    const int status = answer.application == "healthy" ? 200 : 503;
    co_return web::with(std::move(answer), {.status = status});
}

// ---- errors without a category ----

hem::task<http::response> answer_bad_search(http::request&, const search::bad_request&) {
    co_return web::detail::detail_response(400, "Invalid search request");
}

template <class E>
hem::task<http::response> answer_bad_gateway(http::request&, const E&) {
    co_return web::detail::detail_response(502, "The search engine gave an answer that cannot be used");
}

// ---- the page ----

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) return http::content_type::html;
    if (name.ends_with(".css")) return http::content_type::css;
    if (name.ends_with(".js")) return http::content_type::javascript;
    return http::content_type::svg;
}

void add_page(web::app& app) {
    for (const embedded_file& file : page_files) {
        // Browsers ask for this one on pages that name no icon, such as /docs.
        if (file.name == "favicon.svg") app.embed("/favicon.ico", {.bytes = file.bytes, .content_type = http::content_type::svg});
        const bool index = file.name == "index.html";
        app.embed(
            index ? std::string("/") : "/" + std::string(file.name),
            {.bytes = file.bytes,
             .content_type = type_of(file.name),
             .cache_control = "no-cache",
             .content_security_policy = index ? "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" : ""});
    }
}

hem::json bulk_body(std::string_view item) {
    const hem::json reference = hem::json::object({{"$ref", fmt::format("#/components/schemas/{}", item)}});
    return hem::json::object(
        {{"requestBody",
          hem::json::object(
              {{"required", true},
               {"content",
                hem::json::object(
                    {{"application/json", hem::json::object({{"schema", hem::json::object({{"type", "array"}, {"items", reference}})}})},
                     {"application/x-ndjson", hem::json::object({{"schema", hem::json::object({{"type", "string"}})}})}})}})}});
}

}  // namespace

web::app_options describe_app() {
    return {.title = "Hem blog",
            .description = "A searchable blog: the reference service of Hem. The page is at /.",
            .tags = {{"search", "Find posts"}, {"posts", "Read and write posts"}, {"service", "Export and health"}}};
}

void add_routes(web::app& app, post_search& posts) {
    app.provide<post_search>([&posts] { return std::ref(posts); }, {.scope = web::scope::app});

    app.post<search_posts>(
        "/search", {.tags = {"search"}, .description = "Posts that match; the total is in X-Total-Count.", .body_limit = small_body});
    app.get<find_posts_by_words>("/search", {.tags = {"search"}});
    app.get<find_posts_with_facets>("/search/advanced",
                                    {.tags = {"search"},
                                     .description = "With highlights and facets. Each facet is counted under the filters of the others; "
                                                    "an empty q browses, the newest first."});

    app.post<create_post>("/posts", {.status = 201, .tags = {"posts"}, .body_limit = small_body});
    app.get<get_post>("/posts/{post_id}", {.tags = {"posts"}, .responses = {{404, {"Post not found"}}}});
    app.patch<update_post>("/posts/{post_id}",
                           {.tags = {"posts"},
                            .description = "With seq_no and primary_term of the post that was read, a change made meanwhile is a 409.",
                            .responses = {{404, {"Post not found"}}, {409, {"The post was changed since it was read"}}},
                            .body_limit = small_body});
    app.del<delete_post>("/posts/{post_id}", {.tags = {"posts"}, .responses = {{404, {"Post not found"}}}});
    app.post<create_posts>(
        "/posts/bulk",
        {.tags = {"posts"},
         .description = "A JSON array or NDJSON of posts, each checked by itself; one with an id replaces the post of that id.",
         .body_limit = largest_body,
         .openapi_extra = bulk_body("new_post")});
    app.post<update_posts>("/posts/bulk-update", {.tags = {"posts"},
                                                  .description = "A JSON array or NDJSON of {id, changes, seq_no?, primary_term?}.",
                                                  .body_limit = largest_body,
                                                  .openapi_extra = bulk_body("post_changes")});

    app.get<export_posts>("/export/posts",
                          {.tags = {"service"}, .description = "All posts as one document, or as lines for Accept: application/x-ndjson."});
    app.get<health>("/health", {.tags = {"service"}, .responses = {{503, web::model<health_answer>("The search engine does not answer")}}});

    app.exception_handler<search::bad_request>(&answer_bad_search);
    app.exception_handler<search::unauthorized>(&answer_bad_gateway<search::unauthorized>);
    app.exception_handler<search::forbidden>(&answer_bad_gateway<search::forbidden>);
    app.exception_handler<search::serialization_error>(&answer_bad_gateway<search::serialization_error>);
    app.exception_handler<search::decode_error>(&answer_bad_gateway<search::decode_error>);
    app.exception_handler<search::unsupported_product>(&answer_bad_gateway<search::unsupported_product>);
    add_page(app);
}

}  // namespace blog
