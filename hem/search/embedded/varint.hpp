// Unsigned numbers in seven-bit groups, low group first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

inline void append_varint(std::string& to, std::uint64_t value) {
    while (value >= 0x80) {
        to.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    to.push_back(static_cast<char>(value));
}

// Takes one number off the front; false if the bytes end too early.
inline bool take_varint(std::string_view& from, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

}  // namespace hem::search::embedded::detail
