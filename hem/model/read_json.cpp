#include "hem/model/read_json.hpp"

#include <fmt/format.h>

namespace hem {

namespace {

void report_not_json(std::string_view text, const std::string& reason, std::size_t offset, validation_errors& errors,
                     std::span<const json> prefix) {
    validation_error_entry entry{"json_invalid", json(json::array_type(prefix.begin(), prefix.end())), "JSON decode error", json::object(),
                                 json::object({{"error", reason}})};
    entry.loc.push_back(detail::position_of(text, offset).character);
    errors = validation_errors();
    errors.add(std::move(entry));
}

}  // namespace

void json_input::report_invalid(validation_errors& errors, std::span<const json> prefix) const {
    report_not_json(text_, document_.fault().reason, document_.fault().offset, errors, prefix);
}

bool json_input::report_duplicate(const read_context& context, validation_errors& errors, std::span<const json> prefix) const {
    if (!context.duplicate) return false;
    const auto key = json_source::at_word(context.duplicate, root().tape()).string();
    report_not_json(text_, fmt::format("Duplicate key '{}'", key), document_.offset_of(context.duplicate), errors, prefix);
    return true;
}

bool detail::read_json_text(std::string_view text, void* out, bool (*read)(const json_source&, void*, read_context&),
                            validation_errors& errors, const read_json_options& options) {
    const json_input input(text, options.max_depth);
    if (!input.valid()) {
        input.report_invalid(errors, options.prefix);
        return false;
    }
    read_context context(errors, options.prefix, {.strict = options.strict});
    const bool good = read(input.root(), out, context);
    return !input.report_duplicate(context, errors, options.prefix) && good;
}

}  // namespace hem
