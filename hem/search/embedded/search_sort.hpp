// Sort keys of a search under an index's mapping: from the wish to the executable key, values to JSON and back.
#pragma once

#include "hem/model/json_writer.hpp"
#include "hem/search/embedded/query_parse.hpp"
#include "hem/search/embedded/search_body.hpp"

#include <cstdint>
#include <vector>

namespace hem::search::embedded {

enum class sort_kind : std::uint8_t { score, document, shard_document, text, whole, small_whole, fraction, single_fraction, date };

struct bound_key {
    sort_key key;
    sort_kind kind = sort_kind::score;
    const mapped_field* field = nullptr;  // null when unmapped
    std::string format;                   // of dates; empty for epoch milliseconds
};

// Throws query_shard_fault for what the mapping does not allow.
std::vector<bound_key> bind_sort(const std::vector<sort_wish>& wishes, const query_context& context, bool point_in_time);

// A hit's value of a key; `document` is the number that `_shard_doc` shows.
void write_sort_value(json_writer& out, const sort_value& value, const bound_key& key, std::size_t shard);
// A value of `search_after` for one shard. Throws query_shard_fault.
sort_value read_sort_value(const json& value, const bound_key& key, std::size_t shard, const query_context& context);

// Does the hit with values `a` come before the one with `b`? 0 when equal in all keys.
int compare_sort_values(const std::vector<sort_value>& a, const std::vector<sort_value>& b, const std::vector<bound_key>& keys);

}  // namespace hem::search::embedded
