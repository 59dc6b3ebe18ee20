// Eight or sixteen bytes at a time: where a run of harmless bytes ends. The technique is "SIMD within a register" (Lamport 1975): per-byte
// comparisons whose carries cannot reach a lower byte, so the lowest flag that is set is exact.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "hem/http/detail/bytes.hpp"

namespace hem::http::detail {

inline constexpr std::uint64_t every_byte(std::uint8_t value) noexcept { return 0x0101010101010101u * value; }

inline std::uint64_t load_word(const char* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// Flags (bit 7) of bytes below `limit`, exact up to the lowest one.
constexpr std::uint64_t flag_below(std::uint64_t word, std::uint8_t limit) noexcept {
    return (word - every_byte(limit)) & ~word & every_byte(0x80);
}

constexpr std::uint64_t flag_equal(std::uint64_t word, std::uint8_t value) noexcept { return flag_below(word ^ every_byte(value), 1); }

inline std::size_t lowest_flag(std::uint64_t flags) noexcept { return static_cast<std::size_t>(std::countr_zero(flags)) / 8; }

// The first byte of [at, end) that is a control byte other than HTAB (which HTAB also may stop at), or end.
inline char* skip_value(char* at, const char* end) noexcept {
#ifdef __SSE2__
    // Part of every x86-64: sixteen bytes at a time, without dispatch.
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i del = _mm_set1_epi8(0x7f);
    while (end - at >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i wrong = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes), _mm_cmpeq_epi8(bytes, del));
        const auto flags = static_cast<unsigned>(_mm_movemask_epi8(wrong));
        if (flags != 0) return at + std::countr_zero(flags);
        at += 16;
    }
#endif
    while (end - at >= 8) {
        const std::uint64_t word = load_word(at);
        const std::uint64_t flags = flag_below(word, 0x20) | flag_equal(word, 0x7f);
        if (flags != 0) return at + lowest_flag(flags);
        at += 8;
    }
    while (at != end && has_class(*at, value_char)) ++at;
    return at;
}

// The first byte of [at, end) that needs a closer look in a request target: blank, control, '#', '%' or non-ASCII; or end.
inline char* skip_target(char* at, const char* end) noexcept {
    while (end - at >= 8) {
        const std::uint64_t word = load_word(at);
        const std::uint64_t flags =
            flag_below(word, 0x21) | flag_equal(word, 0x7f) | flag_equal(word, '#') | flag_equal(word, '%') | (word & every_byte(0x80));
        if (flags != 0) return at + lowest_flag(flags);
        at += 8;
    }
    while (at != end && has_class(*at, target_plain)) ++at;
    return at;
}

// A token char in lower case; 0 for every other byte.
inline constexpr std::array<char, 256> lower_token = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 0; i < 256; ++i)
        if ((byte_classes[i] & token_char) != 0) table[i] = to_lower(static_cast<char>(i));
    return table;
}();

}  // namespace hem::http::detail
