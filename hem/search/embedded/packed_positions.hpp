// Where a term stands in one document, packed as on FTS5's pages: each position is one number, the step from the one before (the first:
// from 0) plus 2, in seven-bit groups with the high group first. Nearly all numbers are one byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace hem::search::embedded::detail {

using packed_positions = std::span<const std::uint8_t>;

inline void append_positions(std::vector<std::uint8_t>& to, std::span<const std::uint32_t> positions) {
    std::uint32_t before = 0;
    for (const auto position : positions) {
        const std::uint64_t number = std::uint64_t{position - before} + 2;
        before = position;
        int shift = 0;
        while (number >> (shift + 7) != 0) shift += 7;
        for (; shift > 0; shift -= 7) to.push_back(static_cast<std::uint8_t>(0x80 | (number >> shift & 0x7F)));
        to.push_back(static_cast<std::uint8_t>(number & 0x7F));
    }
}

// True for whole numbers of at most five bytes and at least 2: what for_each_position may read.
inline bool are_packed_positions(const std::uint8_t* at, std::size_t size) {
    // Eight bytes that are eight numbers: none has the high bit, and 126 more gives it to each from 2 on.
    constexpr std::uint64_t high = 0x8080808080808080, most = 0x7E7E7E7E7E7E7E7E;
    const std::uint8_t* const end = at + size;
    while (at < end) {
        if (end - at >= 8) {
            std::uint64_t word;
            std::memcpy(&word, at, 8);
            if ((word & high) == 0 && ((word + most) & high) == high) {
                at += 8;
                continue;
            }
        }
        std::uint64_t number = 0;
        for (int bytes = 1;; ++bytes) {
            if (at == end || bytes > 5) return false;
            const std::uint8_t each = *at++;
            number = number << 7 | (each & 0x7F);
            if (each < 0x80) break;
        }
        if (number < 2 || number > UINT32_MAX) return false;
    }
    return true;
}

// `f(position)` in rising order, as long as it returns true.
template <class F>
void for_each_position(packed_positions packed, F&& f) {
    std::uint32_t position = 0;
    for (const std::uint8_t *at = packed.data(), *const end = at + packed.size(); at < end;) {
        std::uint64_t number = *at++;
        if (number >= 0x80) [[unlikely]] {
            number &= 0x7F;
            for (;;) {
                const std::uint8_t each = *at++;
                number = number << 7 | (each & 0x7F);
                if (each < 0x80) break;
            }
        }
        position += static_cast<std::uint32_t>(number - 2);
        if (!f(position)) return;
    }
}

}  // namespace hem::search::embedded::detail
