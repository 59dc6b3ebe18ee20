// What the store needs to know of an index's fields: a neutral form of the mapping, without JSON.
//
// The REST face derives a `field_plan` from mapping and settings. The store gives each field a number that never changes; documents,
// columns and postings are addressed by it.
#pragma once

#include "hem/search/embedded/analysis.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

// text: postings with positions and norms, no column. The others: a column of doc values, searched through it.
// integer holds every whole-number type, boolean 0 and 1, date epoch milliseconds.
enum class field_kind : std::uint8_t { text, keyword, integer, floating, boolean, date };

struct field_spec {
    std::string name;  // full path, multi-fields as "title.keyword"
    field_kind kind = field_kind::text;
    std::string analyzer = "standard";  // text only; name in the plan's registry
    std::string search_analyzer;        // empty: as `analyzer`
    std::string normalizer;             // keyword only; empty for none (values arrive normalized, queries are normalized by the parser)
    std::uint32_t position_increment_gap = default_position_increment_gap;
    std::uint32_t number = 0;  // given by the store
};

struct similarity_options {
    float k1 = 1.2f, b = 0.75f;
    bool legacy = true;  // with the factor (k1 + 1), as Elasticsearch and OpenSearch 2 score
};

struct field_plan {
    std::vector<field_spec> fields;
    std::shared_ptr<const analyzer_registry> analyzers;  // never null once given to the store
    similarity_options similarity;

    // The field of that name or null. Logarithmic after the store has numbered the plan, linear before.
    const field_spec* find(std::string_view name) const noexcept;
    const analyzer& index_analyzer(const field_spec& field) const;
    const analyzer& search_analyzer(const field_spec& field) const;

    std::vector<std::uint32_t> by_name;  // made by the store: indices of `fields`, sorted by name
};

}  // namespace hem::search::embedded
