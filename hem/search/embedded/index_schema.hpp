// Everything that is decided about an index but its documents: settings, analyzers, mapping. Immutable once made; a change makes a new one.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/fields.hpp"
#include "hem/search/embedded/mapping.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hem::search::embedded {

// Settings in any of the accepted spellings (`number_of_shards`, `index.number_of_shards`, nested or dotted) to the one that is stored
// and returned: {"index":{...}} with texts as leaves. Throws rest_error for a setting or value that is not known.
json normalize_settings(const json& body);
// Settings changed on an existing index. Throws rest_error for one that is fixed at creation.
json changed_settings(const json& before, const json& body, std::string_view index, std::string_view uuid);

// Throws rest_error when the name cannot be one of an index.
void check_index_name(std::string_view name);

struct index_schema {
    json settings;  // {"index":{...}} without uuid and dates
    std::shared_ptr<const analyzer_registry> analyzers;
    mapping fields;
    similarity_options similarity;
    std::int64_t shards = 1, replicas = 1, max_result_window = 10'000;

    // Throws rest_error.
    static std::shared_ptr<const index_schema> make(json settings, const json& mappings);
    std::shared_ptr<const index_schema> with_mapping(mapping changed) const;
    std::shared_ptr<const index_schema> with_settings(json changed) const;

    field_plan plan() const;
    json settings_json(std::string_view name, std::string_view uuid, std::int64_t created_ms) const;  // as GET _settings shows it
};

}  // namespace hem::search::embedded
