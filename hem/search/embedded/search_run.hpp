// Runs a search over the snapshots of several indices, merges, fetches and writes the answer.
#pragma once

#include "hem/search/embedded/catalog.hpp"
#include "hem/search/embedded/search_body.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hem::search::embedded {

// An index with the view that a search reads: pinned for scrolls and points in time.
struct search_shard {
    target index;
    embedded::snapshot view;
};
std::vector<search_shard> pin(const std::vector<target>& targets);

struct search_settings {
    std::int64_t now_ms = 0;
    bool typed_keys = false;
    bool total_as_int = false;
    bool pattern_without_match = false;  // nothing was there to search
    bool point_in_time = false;
    std::int64_t max_window = 10'000;
    std::string scroll_id;  // written into the answer when set
    std::string pit_id;
};

// Where a scroll stands: per index, the sort values of the last hit it delivered (the document number is the last of them).
struct scroll_cursor {
    std::vector<std::optional<std::vector<sort_value>>> after;
    std::int64_t delivered = 0;
};

// The JSON of a search response. With `cursor` the page after it, moving it on. Throws rest_error.
std::string run_search(const search_body& body, const std::vector<search_shard>& shards, const search_settings& settings,
                       scroll_cursor* cursor = nullptr);

// {"total":n,"successful":n,"skipped":0,"failed":0}
json shards_json(const std::vector<target>& targets, bool skipped = true);

}  // namespace hem::search::embedded
