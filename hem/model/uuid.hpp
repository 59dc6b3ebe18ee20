// A UUID (RFC 9562) as 16 bytes; in JSON a hyphenated text in lower case.
#pragma once

#include "hem/model/json_traits.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hem {

struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    // Takes 32 hexadecimal digits with or without hyphens, in braces, or after `urn:uuid:`.
    static std::optional<uuid> parse(std::string_view text) noexcept;
    std::string to_string() const;
    friend auto operator<=>(const uuid&, const uuid&) = default;
};

template <>
struct json_traits<uuid> {
    static bool read(const json_source& in, uuid& out, read_context& context);
    static void write(json_writer& out, const uuid& value) { out.value(value.to_string()); }
    static json schema(schema_builder&) { return detail::simple_schema("string", "uuid"); }
};

}  // namespace hem
