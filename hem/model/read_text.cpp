#include "hem/model/read_text.hpp"

namespace hem {

bool read_text_model(const model_info& info, void* out, const text_lookup& lookup, bool header_names, const json& missing_input,
                     read_context& context) {
    bool good = true;
    std::vector<std::string_view> texts;
    std::string name;
    for (const auto& member : info.members()) {
        if (member.read_only) continue;
        name = member.wire_name;
        if (header_names) {
            for (char& c : name) c = c == '_' ? '-' : c;
        }
        texts.clear();
        const read_context::step step(context, member.wire_name);
        if (lookup.find(lookup.source, name, texts) == 0) {
            if (!member.required) continue;
            validation_error_entry missing{"missing", context.location(), "Field required", missing_input, json()};
            context.errors().add(std::move(missing));
            good = false;
        } else if (!member.operations->read(json_source::text(texts.data(), texts.size()), member.in(out), context)) {
            good = false;
        }
        if (context.full()) return false;
    }
    const std::string_view none;
    return good && info.validate(json_source::text(&none), out, context);
}

}  // namespace hem
