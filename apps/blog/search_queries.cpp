#include "apps/blog/search_queries.hpp"

#include "hem/search/aggregation.hpp"
#include "hem/search/query.hpp"

#include <fmt/format.h>

namespace blog {

namespace search = hem::search;

namespace {

constexpr std::size_t excerpt_bytes = 180;

enum class facet { none, author, tags, month };

search::query words_query(const search_terms& terms) {
    if (terms.query.find_first_not_of(" \t\r\n") == std::string::npos) return {};
    return search::multi_match(terms.query, {"title^2", "content"}, {.type = search::multi_match_type::best_fields});
}

std::string first_day(std::chrono::year_month month) {
    return fmt::format("{:04}-{:02}-01", static_cast<int>(month.year()), static_cast<unsigned>(month.month()));
}

// The filters but for one facet's own.
search::query filters_query(const search_terms& terms, facet without) {
    search::boolean_clauses clauses;
    if (without != facet::author) clauses.filter.push_back(search::term("author", terms.author));
    if (without != facet::tags && !terms.tags.empty()) clauses.filter.push_back(search::terms("tags", terms.tags));
    if (without != facet::month && terms.month) {
        clauses.filter.push_back(
            search::range("published_date", {.gte = first_day(*terms.month), .lt = first_day(*terms.month + std::chrono::months(1))}));
    }
    std::erase_if(clauses.filter, [](const search::query& clause) { return clause.empty(); });
    if (clauses.filter.empty()) return {};
    return search::boolean(clauses);
}

search::single_bucket_aggregation under_others(const search_terms& terms, facet own, const search::aggregation& values) {
    const search::query others = filters_query(terms, own);
    return search::agg::filter(others.empty() ? search::match_all() : others).aggregate("values", values);
}

posts_request page_of(const posts_request& on, const search_terms& terms) {
    const search::query words = words_query(terms);
    posts_request request = on.slice((terms.page - 1) * terms.size, terms.page * terms.size);
    return words.empty() ? request.query(search::match_all()).sort("-published_date") : request.query(words);
}

std::string_view relation_of(const posts_response& found) { return found.hits.total.relation == search::total_relation::eq ? "eq" : "gte"; }

std::vector<std::string> tags_of(const blog_post& post) { return {post.tags.begin(), post.tags.end()}; }

// The beginning of a text, cut between words; stands in where the words were found in the title only.
std::string beginning(std::string_view text) {
    if (text.size() <= excerpt_bytes) return std::string(text);
    std::size_t end = text.find_last_of(" \n", excerpt_bytes);
    if (end == std::string_view::npos || end < excerpt_bytes / 2) {
        end = excerpt_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    }
    return std::string(text.substr(0, end));
}

std::vector<facet_bucket> read_values(const posts_response& found, std::string_view name) {
    std::vector<facet_bucket> values;
    const auto counted = found.aggregation<search::single_bucket_result>(name).aggregations.get<search::terms_result>("values");
    values.reserve(counted.buckets.size());
    for (const search::terms_bucket& bucket : counted.buckets) values.push_back({bucket.key.text(), bucket.doc_count});
    return values;
}

}  // namespace

moment to_moment(const hem::search::date& date) { return date.time(); }

posts_request find_posts(const posts_request& on, const search_terms& terms) {
    return page_of(on, terms).filter(filters_query(terms, facet::none));
}

posts_request find_with_facets(const posts_request& on, const search_terms& terms) {
    return page_of(on, terms)
        .post_filter(filters_query(terms, facet::none))
        .aggregate("authors", under_others(terms, facet::author, search::terms("author").size(10)))
        .aggregate("tags", under_others(terms, facet::tags, search::terms("tags").size(20)))
        .aggregate("publication_dates",
                   under_others(terms, facet::month, search::date_histogram("published_date").calendar_interval("month").format("yyyy-MM")))
        .highlight("title", {.number_of_fragments = 0})
        .highlight("content", {.fragment_size = 160, .number_of_fragments = 2});
}

search_terms terms_of(const search_request& request) {
    return {.query = request.query,
            .author = request.author,
            .tags = request.tags.value_or(std::vector<std::string>()),
            .month = {},
            .page = *request.page,
            .size = *request.size};
}

std::vector<post_response> read_posts(const posts_response& found) {
    std::vector<post_response> posts;
    posts.reserve(found.hits.size());
    for (const auto& hit : found.hits) posts.push_back({hit.meta.id, hit->title, hit->author, hit.meta.score.value_or(0)});
    return posts;
}

search_answer read_answer(const posts_response& found) {
    search_answer answer{.total = found.hits.total.value, .relation = std::string(relation_of(found)), .hits = {}};
    answer.hits.reserve(found.hits.size());
    for (const auto& hit : found.hits) {
        answer.hits.push_back(
            {hit.meta.id, hit->title, hit->author, to_moment(hit->published_date), tags_of(*hit), hit.meta.score.value_or(0)});
    }
    return answer;
}

advanced_answer read_advanced_answer(const posts_response& found) {
    advanced_answer answer{.total = found.hits.total.value, .relation = std::string(relation_of(found)), .hits = {}, .facets = {}};
    answer.hits.reserve(found.hits.size());
    for (const auto& hit : found.hits) {
        advanced_hit& to = answer.hits.emplace_back(hit.meta.id, hit->title, hit->author, to_moment(hit->published_date), tags_of(*hit),
                                                    hit.meta.score.value_or(0));
        to.highlight.title = hit.meta.highlight["title"];
        to.highlight.content = hit.meta.highlight["content"];
        if (to.highlight.content.empty() && !hit->content.empty()) to.highlight.content.push_back(beginning(hit->content));
    }
    // An index that was just made has no aggregations to answer with.
    if (!found.aggregations.contains("authors")) return answer;
    answer.facets.authors = read_values(found, "authors");
    answer.facets.tags = read_values(found, "tags");
    const auto months =
        found.aggregation<search::single_bucket_result>("publication_dates").aggregations.get<search::date_histogram_result>("values");
    for (const search::date_bucket& bucket : months.buckets) {
        answer.facets.publication_dates.push_back({bucket.key.time_since_epoch().count(), bucket.key_as_string, bucket.doc_count});
    }
    return answer;
}

}  // namespace blog
