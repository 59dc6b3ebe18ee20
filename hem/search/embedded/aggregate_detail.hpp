// Shared by the aggregation sources: reading values of a field over shards, handing documents to buckets.
#pragma once

#include "hem/search/embedded/aggregate.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace hem::search::embedded::detail {

// The field of an aggregation over all shards: how its values look, and each shard's column.
struct agg_field {
    std::string path;
    const mapped_field* mapped = nullptr;     // null when no shard maps it
    std::vector<const column_view*> columns;  // by shard; null without values
    std::shared_ptr<const index_schema> keeper;

    bool keyword() const { return mapped != nullptr && mapped->type == field_type::keyword; }
    bool date() const { return mapped != nullptr && mapped->type == field_type::date; }
    bool boolean() const { return mapped != nullptr && mapped->type == field_type::boolean; }
    bool fraction() const { return mapped != nullptr && is_fraction(mapped->type); }
};

// Reads `field` of the options. Throws when it is missing or of a type that the aggregation cannot use.
agg_field field_of(const aggregation& wanted, const std::vector<agg_shard>& over, bool keywords_allowed, const json* options = nullptr);

// Calls f(value) for each number of a document. Dates, booleans and whole numbers arrive as doubles exactly up to 2^53.
template <class F>
void each_number(const column_view& column, docno document, F&& f) {
    const std::size_t last = column.last(document);
    for (std::size_t at = column.first(document); at < last; ++at) {
        if (column.kind == field_kind::floating)
            f(column.floating(at));
        else
            f(static_cast<double>(column.integer(at)));
    }
}

// Sorts and keeps the order of equals (std::stable_sort of this library uses what the standard has deprecated).
template <class T, class Before>
void sort_stably(std::vector<T>& values, Before before) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (before(values[a], values[b])) return true;
        return a < b && !before(values[b], values[a]);
    });
    std::vector<T> sorted;
    sorted.reserve(values.size());
    for (const std::size_t i : order) sorted.push_back(std::move(values[i]));
    values = std::move(sorted);
}

// An empty copy of the shards, to be filled with a bucket's documents.
std::vector<agg_shard> no_documents(const std::vector<agg_shard>& over);
void count_bucket(agg_context& context, std::size_t made = 1);
// Runs the children into `bucket`.
void run_children(json& bucket, const aggregation& parent, const std::vector<agg_shard>& documents, agg_context& context);

double number_option(const json& options, std::string_view key, double fallback);
std::int64_t whole_option(const json& options, std::string_view key, std::int64_t fallback);
std::string text_option(const json& options, std::string_view key);
bool flag_option(const json& options, std::string_view key, bool fallback);
rest_error execution_fault(std::string reason);

json run_terms(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context);
json run_date_histogram(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context);
json run_histogram(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context);
json run_range(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context);
json run_metric(const aggregation& wanted, const std::vector<agg_shard>& over, agg_context& context);
bool is_metric(std::string_view type);
bool is_pipeline(std::string_view type);
bool is_parent_pipeline(std::string_view type);
// Pipelines beside their buckets: reads `siblings`.
json run_sibling_pipeline(const aggregation& wanted, const json& siblings);
// Pipelines inside a histogram: adds to each bucket.
void run_parent_pipelines(const aggregation& parent, json& buckets);
// The number at `path` (`a`, `a.avg`, `_count`) of a bucket; nullopt when it is null or absent.
std::optional<double> number_at(const json& bucket, std::string_view path);

}  // namespace hem::search::embedded::detail
