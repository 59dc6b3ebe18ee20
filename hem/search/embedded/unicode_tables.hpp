// Properties of code points that text analysis needs. The data are generated: see tools/make_unicode_tables.py.
#pragma once

#include <cstdint>

namespace hem::search::embedded::detail {

// Word_Break of UAX #29, refined: Hangul letters apart, scripts that have no spaces apart. `complex_extend` is a mark of such a script.
enum class word_class : std::uint8_t {
    other,
    letter,
    hangul,
    hebrew,
    numeric,
    katakana,
    extend_num_let,
    mid_letter,
    mid_num,
    mid_num_let,
    single_quote,
    double_quote,
    extend,
    han,
    hiragana,
    complex,
    complex_extend,
    regional
};

enum unicode_flag : std::uint8_t {
    flag_pictographic = 1,
    flag_presentation = 2,
    flag_emoji = 4,
    flag_modifier = 8,
    flag_alphabetic = 16,
    flag_digit = 32,
    flag_space = 64,
    flag_modifier_base = 128
};

struct unicode_record {
    word_class word;
    std::uint8_t flags;
    std::int32_t lower, upper;  // differences to the simple case mappings
};

extern const unicode_record unicode_records[];
extern const std::uint16_t unicode_blocks[];
extern const std::uint8_t unicode_entries[];

inline const unicode_record& unicode(char32_t code) noexcept {
    if (code > 0x10FFFF) code = 0xFFFD;
    return unicode_records[unicode_entries[unicode_blocks[code >> 7] * 128 + (code & 127)]];
}
inline char32_t lower(char32_t code) noexcept { return static_cast<char32_t>(static_cast<std::int32_t>(code) + unicode(code).lower); }
inline char32_t upper(char32_t code) noexcept { return static_cast<char32_t>(static_cast<std::int32_t>(code) + unicode(code).upper); }

}  // namespace hem::search::embedded::detail
