// Word segmentation of UAX #29 as Lucene's StandardTokenizer cuts: only segments that hold a letter, digit, ideograph or emoji.
#pragma once

#include "hem/search/embedded/analysis.hpp"
#include "hem/search/embedded/unicode_tables.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

struct code_point {
    char32_t value;
    std::uint32_t bytes;
};

// The code point at `at`; a byte that begins no valid sequence is U+FFFD of one byte.
inline code_point decode(std::string_view text, std::size_t at) noexcept {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return {lead, 1};
    auto tail = [&](std::size_t ahead) -> unsigned {
        if (at + ahead >= text.size()) return 0x100;
        const auto byte = static_cast<unsigned char>(text[at + ahead]);
        return (byte & 0xC0) == 0x80 ? byte & 0x3Fu : 0x100u;
    };
    if (lead >= 0xC2 && lead < 0xE0) {
        const unsigned b = tail(1);
        if (b < 0x100) return {(lead & 0x1Fu) << 6 | b, 2};
    } else if (lead >= 0xE0 && lead < 0xF0) {
        const unsigned b = tail(1), c = tail(2);
        if (b < 0x100 && c < 0x100) {
            const char32_t value = (lead & 0x0Fu) << 12 | b << 6 | c;
            if (value >= 0x800 && (value < 0xD800 || value > 0xDFFF)) return {value, 3};
        }
    } else if (lead >= 0xF0 && lead < 0xF5) {
        const unsigned b = tail(1), c = tail(2), d = tail(3);
        if (b < 0x100 && c < 0x100 && d < 0x100) {
            const char32_t value = (lead & 0x07u) << 18 | b << 12 | c << 6 | d;
            if (value >= 0x10000 && value <= 0x10FFFF) return {value, 4};
        }
    }
    return {0xFFFD, 1};
}

void append_utf8(std::string& to, char32_t code);

// Length in UTF-16 units.
std::uint32_t utf16_length(std::string_view text) noexcept;
// Number of code points.
std::uint32_t code_point_count(std::string_view text) noexcept;

struct word_segment {
    std::uint32_t start = 0, end = 0;              // bytes
    std::uint32_t start_utf16 = 0, end_utf16 = 0;  // UTF-16 units
    token_type type = token_type::alphanum;
};

// Walks a text word by word.
class word_cursor {
public:
    // A word longer than `max_units` UTF-16 units is cut there and goes on as the next word.
    explicit word_cursor(std::string_view text, std::uint32_t max_units = 255) noexcept : text_(text), max_units_(max_units) {}

    // False at the end of the text.
    bool next(word_segment& out) noexcept;

private:
    struct place {
        std::uint32_t byte, unit;
    };
    bool peek(place at, char32_t& code, place& after) const noexcept;
    place skip_extends(place at) const noexcept;
    bool word(place from, word_segment& out) noexcept;
    bool emoji(place from, char32_t code, place after, word_segment& out) noexcept;
    bool fits(place at) const noexcept { return at.unit - start_.unit <= max_units_; }

    std::string_view text_;
    std::uint32_t max_units_;
    place at_{0, 0}, start_{0, 0};
};

}  // namespace hem::search::embedded::detail
