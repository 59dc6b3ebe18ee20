// Cutting JSON to what was asked for: `_source` includes and excludes, and `filter_path` of any response.
#pragma once

#include "hem/model/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct source_filter {
    bool wanted = true;
    std::vector<std::string> includes, excludes;

    // From the value of `_source`: a boolean, a pattern, patterns, or {includes, excludes}. Throws rest_error.
    static source_filter parse(const json& value);
    bool whole() const { return wanted && includes.empty() && excludes.empty(); }
    json apply(const json& source) const;
    // The same on JSON text; the text itself when nothing is cut.
    std::string apply_text(const std::string& source) const;
};

// `hits.hits._id,-took,**.x`: comma-separated patterns, `*` within a part, `**` over parts, `-` to leave out.
json filter_paths(const json& body, std::string_view patterns);

// The values at a path of a source, arrays flattened; objects are left out.
void values_at(const json& source, std::string_view path, std::vector<const json*>& into);

}  // namespace hem::search::embedded
