// Aggregations over the documents of a search: buckets and metrics from columns, nested to any depth, as the server words them.
// Counting goes over the top level's match sets; what lies below a bucket runs over the bucket's own documents.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/index_schema.hpp"
#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/query_parse.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

// One aggregation of a request. Kept as JSON: names are checked once, values when it runs, as the server does.
struct aggregation {
    std::string name;
    std::string type;
    json options;
    json meta;
    std::vector<aggregation> children;
};

// Throws rest_error for an unknown type or option.
std::vector<aggregation> parse_aggregations(const json& body, std::size_t depth = 0);

// The documents of one index that a bucket holds, rising.
struct agg_shard {
    const index_schema* schema = nullptr;
    embedded::snapshot view;
    std::string_view index, uuid;
    const match_set* set = nullptr;  // the top level
    std::vector<docno> documents;    // below it
    const match_set* all = nullptr;  // what `global` sees; null: every live document

    std::int64_t count() const { return set != nullptr ? set->count : static_cast<std::int64_t>(documents.size()); }
    template <class F>
    void for_each(F&& f) const {
        if (set != nullptr)
            set->for_each(f);
        else
            for (const docno document : documents) f(document);
    }
};

struct agg_context {
    std::int64_t now_ms = 0;
    bool typed_keys = false;
    std::size_t buckets = 0;  // made so far; over 65,535 is a fault
    // Renders hits of a bucket for top_hits: documents of shard `shard`, with the aggregation's options.
    std::function<json(const std::vector<agg_shard>&, const json& options)> top_hits;
};

// {"name":{...},...}. Throws rest_error (to be wrapped as a failed query phase), query_shard_fault.
json run_aggregations(const std::vector<aggregation>& wanted, const std::vector<agg_shard>& over, agg_context& context);

inline constexpr std::size_t max_buckets = 65'535;

}  // namespace hem::search::embedded
