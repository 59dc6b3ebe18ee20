// The path of a route as written at registration, taken apart: "/users/{id:int}/files/{rest:path}".
//
// A segment is either literal or one parameter as a whole. Literals are compared with decoded segments, so they are written
// unescaped. Anything that could never match, or could match in two ways, is refused here with a text that shows the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hem::web::detail {

enum class segment_kind : std::uint8_t {
    literal,
    uuid,       // {u:uuid}  8-4-4-4-12 hex digits
    integer,    // {n:int}   digits
    number,     // {x:float} digits, optionally a point and digits
    parameter,  // {name}    any text but the empty one
    wildcard,   // {rest:path} the rest of the path with its slashes, may be empty; last segment only
};

struct path_segment {
    segment_kind kind = segment_kind::literal;
    std::string text;  // the literal, or the parameter's name

    bool operator==(const path_segment&) const = default;
};

struct route_pattern {
    static constexpr std::size_t max_segments = 32;
    static constexpr std::size_t max_parameters = 8;

    std::string text;
    std::vector<path_segment> segments;

    std::vector<std::string> parameters() const;  // names in order of the path
    std::string openapi_path() const;             // converters taken out: "/users/{id}/files/{rest}"
};

// Throws usage_error that shows the path and what is wrong with it.
route_pattern parse_route_pattern(std::string_view text);

// True if a decoded segment fits the converter. A parameter takes any text but the empty one; a literal or wildcard is not asked.
bool segment_fits(segment_kind kind, std::string_view decoded) noexcept;

}  // namespace hem::web::detail
