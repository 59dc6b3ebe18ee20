#include "hem/web/detail/route_pattern.hpp"

#include "hem/core/errors.hpp"

namespace hem::web::detail {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_name_start(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
    throw usage_error("route path \"" + std::string(path) + "\": " + why);
}

void check_name(std::string_view path, std::string_view name) {
    if (name.empty()) refuse(path, "a parameter has no name; write {name} or {name:int}");
    bool good = is_name_start(name.front());
    for (const char c : name) good = good && (is_name_start(c) || is_digit(c));
    if (!good) refuse(path, "parameter name \"" + std::string(name) + "\" is not an identifier");
}

path_segment parse_parameter(std::string_view path, std::string_view inner) {
    const auto colon = inner.find(':');
    const auto name = inner.substr(0, colon);
    check_name(path, name);
    path_segment segment{segment_kind::parameter, std::string(name)};
    if (colon == std::string_view::npos) return segment;
    const auto converter = inner.substr(colon + 1);
    if (converter == "int") {
        segment.kind = segment_kind::integer;
    } else if (converter == "float") {
        segment.kind = segment_kind::number;
    } else if (converter == "uuid") {
        segment.kind = segment_kind::uuid;
    } else if (converter == "path") {
        segment.kind = segment_kind::wildcard;
    } else {
        refuse(path, "unknown converter \"" + std::string(converter) + "\"; there are int, float, uuid and path");
    }
    return segment;
}

path_segment parse_segment(std::string_view path, std::string_view text) {
    if (!text.empty() && text.front() == '{' && text.back() == '}' && text.find('{', 1) == std::string_view::npos) {
        return parse_parameter(path, text.substr(1, text.size() - 2));
    }
    if (text.find_first_of("{}") != std::string_view::npos) {
        refuse(path, "a parameter fills a whole segment; \"" + std::string(text) + "\" mixes it with text");
    }
    if (text == "." || text == "..") refuse(path, "\".\" and \"..\" segments never match");
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f || c == '?' || c == '#') refuse(path, "it holds a character that no path segment has");
        if (c == '%') refuse(path, "write segments unescaped; they are compared after decoding");
    }
    return {segment_kind::literal, std::string(text)};
}

bool fits_number(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == 0) return false;
    if (i == text.size()) return true;
    if (text[i] != '.' || i + 1 == text.size()) return false;
    for (++i; i < text.size(); ++i) {
        if (!is_digit(text[i])) return false;
    }
    return true;
}

bool fits_integer(std::string_view text) noexcept {
    for (const char c : text) {
        if (!is_digit(c)) return false;
    }
    return !text.empty();
}

bool fits_uuid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_hex(text[i])) return false;
    }
    return true;
}

}  // namespace

std::vector<std::string> route_pattern::parameters() const {
    std::vector<std::string> names;
    for (const auto& segment : segments) {
        if (segment.kind != segment_kind::literal) names.push_back(segment.text);
    }
    return names;
}

std::string route_pattern::openapi_path() const {
    std::string path;
    for (const auto& segment : segments) {
        path += '/';
        path += segment.kind == segment_kind::literal ? segment.text : "{" + segment.text + "}";
    }
    return path;
}

route_pattern parse_route_pattern(std::string_view text) {
    if (text.empty() || text.front() != '/') refuse(text, "it must begin with \"/\"");
    route_pattern pattern;
    pattern.text = text;
    std::size_t begin = 1;
    while (true) {
        const auto end = text.find('/', begin);
        const bool last = end == std::string_view::npos;
        const auto part = text.substr(begin, last ? std::string_view::npos : end - begin);
        if (part.empty() && !last) refuse(text, "it has an empty segment (\"//\")");
        auto segment = parse_segment(text, part);
        if (segment.kind == segment_kind::wildcard && !last)
            refuse(text, "{" + segment.text + ":path} takes the rest of the path, so it must come last");
        pattern.segments.push_back(std::move(segment));
        if (last) break;
        begin = end + 1;
    }
    if (pattern.segments.size() > route_pattern::max_segments) refuse(text, "it has more than 32 segments");
    const auto names = pattern.parameters();
    if (names.size() > route_pattern::max_parameters) refuse(text, "it has more than 8 parameters");
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t j = i + 1; j < names.size(); ++j) {
            if (names[i] == names[j]) refuse(text, "parameter \"" + names[i] + "\" stands there twice");
        }
    }
    return pattern;
}

bool segment_fits(segment_kind kind, std::string_view decoded) noexcept {
    switch (kind) {
    case segment_kind::uuid: return fits_uuid(decoded);
    case segment_kind::integer: return fits_integer(decoded);
    case segment_kind::number: return fits_number(decoded);
    case segment_kind::parameter: return !decoded.empty();
    case segment_kind::literal:
    case segment_kind::wildcard: break;
    }
    return true;
}

}  // namespace hem::web::detail
