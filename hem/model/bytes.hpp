// Binary data in JSON: base64 (RFC 4648; both alphabets and missing padding are read, the plain alphabet with padding is written).
#pragma once

#include "hem/model/field.hpp"
#include "hem/model/json_traits.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hem {

using bytes = std::vector<std::byte>;

std::string encode_base64(std::span<const std::byte> data);
// Nothing if the text is not base64; `error` then says why.
std::optional<bytes> decode_base64(std::string_view text, std::string* error = nullptr);

namespace detail {
template <>
struct shape_of<bytes> {
    static constexpr value_shape shape = value_shape::container;
    static void look(bytes& value, checked_value& seen, bool) {
        seen.size = value.size();
        seen.container_name = "Data";
    }
};
}  // namespace detail

template <>
struct json_traits<bytes> {
    static bool read(const json_source& in, bytes& out, read_context& context);
    static void write(json_writer& out, const bytes& value) { out.value(encode_base64(value)); }
    static json schema(schema_builder&) { return json::object({{"type", "string"}, {"contentEncoding", "base64"}}); }
    static bool has_default(const bytes& initial) { return !initial.empty(); }
};

}  // namespace hem
