// What the blog's API takes and gives: the bodies of `/search`, `/posts` and `/health`. Their members are the documentation at /docs.
#pragma once

#include "hem/model/datetime.hpp"
#include "hem/model/field.hpp"
#include "hem/model/json_traits.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace blog {

using moment = std::chrono::sys_time<std::chrono::nanoseconds>;
using text_list = hem::field<std::vector<std::string>, hem::defaulted>;
using tag_list =
    hem::field<std::vector<hem::field<std::string, hem::min_length<1>, hem::max_length<200>>>, hem::defaulted, hem::max_length<100>>;

// The search engine pages no deeper than this.
inline constexpr std::int64_t deepest_hit = 10'000;

// ---- search ----

struct search_request {
    std::string query;
    std::optional<std::string> author;
    std::optional<std::vector<std::string>> tags;  // posts with any of them
    hem::field<std::int64_t, hem::ge<1>> page = 1;
    hem::field<std::int64_t, hem::ge<1>, hem::le<100>> size = 10;

    static void validate(const search_request& request);
};

struct post_response {
    std::string id;
    std::string title;
    std::string author;
    double score = 0;
};

struct search_hit {
    std::string id;
    std::string title;
    std::string author;
    moment published_date;
    std::vector<std::string> tags;
    double score = 0;
};

struct search_answer {
    std::int64_t total = 0;
    std::string relation;  // "eq", or "gte" when there are more
    std::vector<search_hit> hits;
};

struct highlight_fragments {
    std::vector<std::string> title;  // matched words stand between <em> and </em>; the rest is the text as it is stored
    std::vector<std::string> content;
};

struct advanced_hit {
    std::string id;
    std::string title;
    std::string author;
    moment published_date;
    std::vector<std::string> tags;
    double score = 0;
    highlight_fragments highlight;
};

struct facet_bucket {
    std::string key;
    std::int64_t count = 0;
};

struct month_bucket {
    std::int64_t key = 0;       // first instant of the month, epoch milliseconds
    std::string key_as_string;  // 2026-03
    std::int64_t count = 0;
};

struct search_facets {
    std::vector<facet_bucket> authors;
    std::vector<facet_bucket> tags;
    std::vector<month_bucket> publication_dates;
};

struct advanced_answer {
    std::int64_t total = 0;
    std::string relation;
    std::vector<advanced_hit> hits;
    search_facets facets;
};

// What `GET /search` and `GET /search/advanced` look for.
struct search_terms {
    std::string query;
    std::optional<std::string> author;
    std::vector<std::string> tags;
    std::optional<std::chrono::year_month> month;
    std::int64_t page = 1;
    std::int64_t size = 20;
};

// ---- posts ----

struct new_post {
    hem::field<std::string, hem::min_length<1>, hem::max_length<1000>> title;
    std::string content;
    hem::field<std::string, hem::min_length<1>, hem::max_length<500>> author;
    std::optional<moment> published_date;  // now, if absent
    tag_list tags;
};

// An item of `POST /posts/bulk`: a post that may bring its id and then replaces the post of that id.
struct bulk_post {
    hem::field<std::optional<std::string>, hem::min_length<1>, hem::max_length<512>> id = std::nullopt;
    hem::field<std::string, hem::min_length<1>, hem::max_length<1000>> title;
    std::string content;
    hem::field<std::string, hem::min_length<1>, hem::max_length<500>> author;
    std::optional<moment> published_date;
    tag_list tags;
};

struct stored_post {
    std::string id;
    std::int64_t seq_no = 0;
    std::int64_t primary_term = 0;
    std::string title;
    std::string content;
    std::string author;
    moment published_date;
    std::vector<std::string> tags;
};

// What changes; `seq_no` and `primary_term` are those that were read, so that a change made meanwhile is a 409.
struct post_changes {
    hem::field<std::optional<std::string>, hem::min_length<1>, hem::max_length<1000>> title = std::nullopt;
    std::optional<std::string> content;
    hem::field<std::optional<std::string>, hem::min_length<1>, hem::max_length<500>> author = std::nullopt;
    std::optional<moment> published_date;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::int64_t> seq_no;
    std::optional<std::int64_t> primary_term;

    static void validate(const post_changes& changes);
    bool empty() const noexcept { return !*title && !content && !*author && !published_date && !tags; }
};

// An item of `POST /posts/bulk-update`.
struct bulk_update {
    hem::field<std::string, hem::min_length<1>, hem::max_length<512>> id;
    post_changes changes;
    std::optional<std::int64_t> seq_no;
    std::optional<std::int64_t> primary_term;

    static void validate(const bulk_update& update);
};

struct item_error {
    std::int64_t index = 0;  // of the item in the request, from 0
    int status = 0;
    std::string error;
};

struct bulk_answer {
    std::int64_t indexed = 0;
    std::int64_t failed = 0;
    std::vector<item_error> errors;  // at most 1000
};

struct bulk_update_answer {
    std::int64_t updated = 0;
    std::int64_t failed = 0;
    std::vector<item_error> errors;
};

// A post as `GET /export/posts` writes it; `POST /posts/bulk` takes it back.
struct exported_post {
    std::string id;
    std::string title;
    std::string content;
    std::string author;
    moment published_date;
    std::vector<std::string> tags;
};

// ---- health ----

struct search_health {
    std::string status;                         // "connected" or "disconnected"
    std::optional<std::string> cluster_status;  // green, yellow, red
    std::optional<std::int64_t> active_indices;
};

struct health_answer {
    std::string application;  // "healthy" or "unhealthy"
    search_health elasticsearch;
};

}  // namespace blog
