// Options and checks that all readers of the query DSL share.
#include "hem/search/embedded/query_parse_detail.hpp"

#include <charconv>

namespace hem::search::embedded::detail {

float float_of(const json& value, std::string_view key) {
    if (value.is_number()) return static_cast<float>(value.as_double());
    if (value.is_string()) {
        float out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
    }
    throw parsing_fault("Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as a number", key);
}

std::int64_t whole_of(const json& value, std::string_view key) {
    if (value.is_number()) return static_cast<std::int64_t>(value.as_double());
    if (value.is_string()) {
        std::int64_t out = 0;
        const std::string& text = value.as_string();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
    }
    throw parsing_fault("Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as a number", key);
}

bool flag_of(const json& value, std::string_view key) {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string() && (value.as_string() == "true" || value.as_string() == "false")) return value.as_string() == "true";
    throw parsing_fault(
        "Failed to parse value [" + text_of(value) + "] of [" + std::string(key) + "] as only [true] or [false] are allowed.", key);
}

[[noreturn]] void no_support(std::string_view query, const std::string& key) {
    throw parsing_fault("[" + std::string(query) + "] query does not support [" + key + "]", key);
}

rest_error unknown_key(std::string_view query, const std::string& key) {
    const std::string reason = "[@] [" + std::string(query) + "] unknown field [" + key + "]";
    return parsing_fault(reason, key).caused_by("x_content_parse_exception", reason);
}

bool common_option(query& out, const std::string& key, const json& value) {
    if (key == "boost") {
        out.boost = float_of(value, key);
        if (out.boost < 0)
            throw illegal_argument("negative [boost] are not allowed in [" + text_of(value) + "], use a value between 0 and 1 to deboost");
        return true;
    }
    if (key == "_name") {
        out.name = text_of(value);
        return true;
    }
    return false;
}

const json& object_body(std::string_view name, const json& body) {
    if (!body.is_object()) throw parsing_fault("[" + std::string(name) + "] query malformed, no start_object after query name", name);
    return body;
}

const json::member& one_field(std::string_view name, const json& body) {
    object_body(name, body);
    const json::member* found = nullptr;
    for (const json::member& one : body.items()) {
        if (one.first == "boost" || one.first == "_name") {
            if (!one.second.is_object()) continue;
        }
        if (found != nullptr)
            throw parsing_fault("[" + std::string(name) + "] query doesn't support multiple fields, found [" + found->first + "] and [" +
                                    one.first + "]",
                                one.first);
        found = &one;
    }
    if (found == nullptr) throw illegal_argument("field name is null or empty");
    return *found;
}

void fuzziness(match_options& into, const json& value) {
    const std::string text = text_of(value);
    if (text.starts_with("AUTO") || text.starts_with("auto")) {
        into.fuzziness = -1;
        if (text.size() > 4) {
            int low = 0;
            int high = 0;
            const char* end = text.data() + text.size();
            const auto first =
                text[4] == ':' ? std::from_chars(text.data() + 5, end, low) : std::from_chars_result{end, std::errc::invalid_argument};
            if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',' || std::from_chars(first.ptr + 1, end, high).ptr != end)
                throw rest_error(400, "parse_exception", "failed to find low and high distance values");
            into.auto_low = low;
            into.auto_high = high;
        }
        return;
    }
    float edits = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), edits);
    if (code != std::errc() || end != text.data() + text.size() || edits < 0 || edits > 2)
        throw illegal_argument("Valid edit distances are [0, 1, 2] but was [" + text + "]");
    into.fuzziness = static_cast<int>(edits);
}

}  // namespace hem::search::embedded::detail
