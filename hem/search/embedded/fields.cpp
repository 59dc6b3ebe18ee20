#include "hem/search/embedded/fields.hpp"

#include <algorithm>

namespace hem::search::embedded {

const field_spec* field_plan::find(std::string_view name) const noexcept {
    if (by_name.size() == fields.size()) {
        const auto found = std::lower_bound(by_name.begin(), by_name.end(), name,
                                            [&](std::uint32_t at, std::string_view wanted) { return fields[at].name < wanted; });
        return found != by_name.end() && fields[*found].name == name ? &fields[*found] : nullptr;
    }
    for (const auto& each : fields) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

const analyzer& field_plan::index_analyzer(const field_spec& field) const { return analyzers->get(field.analyzer); }

const analyzer& field_plan::search_analyzer(const field_spec& field) const {
    return analyzers->get(field.search_analyzer.empty() ? field.analyzer : field.search_analyzer);
}

}  // namespace hem::search::embedded
