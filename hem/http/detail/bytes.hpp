// Byte classes of HTTP and URLs as one table: what parsers, checks and encoders ask of a byte.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hem::http::detail {

enum byte_class : std::uint8_t {
    token_char = 1,     // RFC 9110 5.6.2
    value_char = 2,     // field value: all but control bytes, HTAB allowed
    target_plain = 4,   // request target bytes that need no closer look
    unreserved = 8,     // RFC 3986 2.3
    segment_char = 16,  // pchar without '%'
    host_char = 32,     // reg-name without '%' and ','
    hex_digit = 64,
    query_char = 128,  // pchar, '/' and '?', without '%'
};

constexpr bool is_alpha(unsigned char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

inline constexpr std::array<std::uint8_t, 256> byte_classes = [] {
    std::array<std::uint8_t, 256> table{};
    constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
    constexpr std::string_view sub_delims = "!$&'()*+,;=";
    for (int i = 0; i < 256; ++i) {
        const auto c = static_cast<unsigned char>(i);
        const char as_char = static_cast<char>(c);
        const bool word = is_alpha(c) || is_digit(c);
        const bool plain = word || c == '-' || c == '.' || c == '_' || c == '~';
        const bool delimiter = sub_delims.find(as_char) != std::string_view::npos;
        std::uint8_t bits = 0;
        if (word || token_marks.find(as_char) != std::string_view::npos) bits |= token_char;
        if ((c >= 0x20 && c != 0x7f) || c == '\t') bits |= value_char;
        if (c > 0x20 && c < 0x7f && c != '#' && c != '%') bits |= target_plain;
        if (plain) bits |= unreserved;
        if (plain || delimiter || c == ':' || c == '@') bits |= segment_char | query_char;
        if (c == '/' || c == '?') bits |= query_char;
        if (plain || (delimiter && c != ',')) bits |= host_char;
        if (is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')) bits |= hex_digit;
        table[static_cast<std::size_t>(i)] = bits;
    }
    return table;
}();

constexpr bool has_class(char c, std::uint8_t bits) noexcept { return (byte_classes[static_cast<unsigned char>(c)] & bits) != 0; }

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Without regard to ASCII case; `lower` is in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (to_lower(text[i]) != lower[i]) return false;
    return true;
}

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The next member of a comma-separated list; empty members are skipped. False at the end.
constexpr bool next_list_member(std::string_view& rest, std::string_view& member) noexcept {
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        member = trim_blanks(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        if (!member.empty()) return true;
    }
    return false;
}

}  // namespace hem::http::detail
