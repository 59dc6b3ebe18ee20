// The body of a search as values: what is known of it without an index. Keys that the engine has not are refused by name.
#pragma once

#include "hem/search/embedded/aggregate.hpp"
#include "hem/search/embedded/highlight.hpp"
#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/source_filter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hem::search::embedded {

// One key of `sort` as written.
struct sort_wish {
    std::string field;
    bool descending = false;
    json missing;  // null: _last
    std::string mode, unmapped_type, format;
};

struct search_body {
    json query, post_filter;
    std::vector<aggregation> aggregations;
    std::size_t from = 0, size = 10;
    bool size_given = false;
    std::vector<sort_wish> sort;
    json search_after;
    source_filter source;
    bool source_given = false;
    std::vector<std::pair<std::string, std::string>> fields, docvalue_fields;  // pattern, format
    std::optional<highlight_request> highlight;
    std::int64_t track_total_hits = 10'000;
    bool no_total = false, track_scores = false, version = false, seq_no_primary_term = false;
    std::optional<float> min_score;
    std::string collapse;  // a field
    std::string pit_id, pit_keep_alive;
    std::size_t slice = 0, slices = 1;
    bool sliced = false;

    // Throws rest_error.
    static search_body parse(const json& body);
};

std::vector<sort_wish> parse_sort(const json& value);

}  // namespace hem::search::embedded
