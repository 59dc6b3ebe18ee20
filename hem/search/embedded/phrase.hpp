// How often a phrase occurs in one document, exactly and with slop, as Lucene counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hem::search::embedded::detail {

struct phrase_slot {
    std::vector<std::uint32_t> positions;  // in the document, rising
    std::uint32_t offset = 0;              // in the phrase
    std::uint32_t group = 0;               // slots of the same terms share one
};

// Starts at which every slot's term stands at its offset; overlapping ones count.
std::uint32_t exact_phrase_frequency(std::span<const phrase_slot> slots);

// Matches weigh 1 / (1 + edit length); those longer than `slop` do not count.
float sloppy_phrase_frequency(std::span<const phrase_slot> slots, std::uint32_t slop);

}  // namespace hem::search::embedded::detail
