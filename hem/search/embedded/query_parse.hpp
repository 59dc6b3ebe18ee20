// From the query DSL's JSON to the executable tree, under the mapping of one index.
// Syntax faults are thrown as `rest_error` (the whole request fails); faults that only the mapping reveals as `query_shard_fault`
// (the server reports them as failures of the query phase).
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/index_schema.hpp"
#include "hem/search/embedded/match.hpp"
#include "hem/search/embedded/query_tree.hpp"
#include "hem/search/embedded/rest_error.hpp"
#include "hem/search/embedded/store.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct query_context {
    const index_schema& schema;
    const embedded::snapshot& view;  // may be null: then only the syntax is of interest
    std::string_view index;
    std::string_view uuid;
    std::int64_t now_ms = 0;
};

// The cause of a failed query phase: `failed to create query: ...` and its like.
struct query_shard_fault {
    rest_error cause;
};
query_shard_fault shard_fault(const query_context& context, std::string reason);

query parse_query(const json& body, const query_context& context);

// The text of `q=` and of `query_string`.
struct query_string_options {
    std::vector<weighted_field> fields;  // empty: every field that can be searched as text
    bool all_terms = false;
    bool lenient = false;
    const analyzer* with = nullptr;
    std::uint32_t phrase_slop = 0;
    bool allow_leading_wildcard = true;
    bool simple = false;  // simple_query_string: other signs, never fails
    bool analyze_wildcard = false;
    std::string minimum_should_match;
};
query parse_query_string(std::string_view text, const query_string_options& options, const query_context& context);

// Exact value of a field, as `term` takes it; a date becomes a range.
query term_of(const mapped_field* field, std::string_view path, const json& value, const query_context& context);
// gt, gte, lt, lte as JSON scalars, null when absent.
struct range_bounds {
    json gt, gte, lt, lte;
    std::string format;
    std::string time_zone;
};
query range_of(const mapped_field* field, std::string_view path, const range_bounds& bounds, const query_context& context);

// `title^2` patterns to the mapped fields they name, with boosts.
std::vector<weighted_field> expand_fields(std::span<const std::string> names, const query_context& context);
// Fields that a query without fields looks into.
std::vector<weighted_field> default_fields(const query_context& context, bool& lenient);

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> known);

}  // namespace hem::search::embedded
