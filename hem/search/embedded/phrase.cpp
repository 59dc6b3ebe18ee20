#include "hem/search/embedded/phrase.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

std::uint32_t exact_phrase_frequency(std::span<const phrase_slot> slots) {
    thread_local std::vector<std::uint32_t> starts;  // where the slots so far agree that a phrase begins; the room is kept
    starts.clear();
    for (const auto position : slots.front().positions) {
        if (position >= slots.front().offset) starts.push_back(position - slots.front().offset);
    }
    for (const auto& slot : slots.subspan(1)) {
        auto cursor = slot.positions.begin();
        std::erase_if(starts, [&](std::uint32_t start) {
            const std::uint64_t wanted = std::uint64_t{start} + slot.offset;
            while (cursor != slot.positions.end() && *cursor < wanted) ++cursor;
            return cursor == slot.positions.end() || *cursor != wanted;
        });
        if (starts.empty()) return 0;
    }
    return static_cast<std::uint32_t>(starts.size());
}

namespace {

// The walk over all cursors. A value is a position less the slot's offset, so equal values mean an exact match.
class sloppy_walk {
public:
    sloppy_walk(std::span<const phrase_slot> slots, std::uint32_t slop) : slots_(slots), slop_(slop), cursors_(slots.size(), 0) {}

    float run() {
        // Among slots of one term the j-th starts at the term's j-th position.
        for (std::size_t each = 0; each < slots_.size(); ++each) {
            for (std::size_t before = 0; before < each; ++before) cursors_[each] += slots_[before].group == slots_[each].group ? 1 : 0;
            if (cursors_[each] >= slots_[each].positions.size()) return 0;
            end_ = each == 0 ? value(0) : std::max(end_, value(each));
        }
        std::size_t current = least();
        std::int64_t length = end_ - value(current), next = least_of_others(current);
        while (advance(current) && part(current)) {
            if (value(current) > next) {
                count(length);
                current = least();
                next = least_of_others(current);
                length = end_ - value(current);
            } else {
                length = std::min(length, end_ - value(current));
            }
        }
        count(length);
        return frequency_;
    }

private:
    std::int64_t value(std::size_t slot) const {
        return static_cast<std::int64_t>(slots_[slot].positions[cursors_[slot]]) - slots_[slot].offset;
    }
    bool less(std::size_t a, std::size_t b) const {
        if (value(a) != value(b)) return value(a) < value(b);
        if (slots_[a].offset != slots_[b].offset) return slots_[a].offset < slots_[b].offset;
        return a < b;
    }
    std::size_t least() const {
        std::size_t found = 0;
        for (std::size_t each = 1; each < slots_.size(); ++each) {
            if (less(each, found)) found = each;
        }
        return found;
    }
    std::int64_t least_of_others(std::size_t slot) const {
        std::int64_t found = INT64_MAX;
        for (std::size_t each = 0; each < slots_.size(); ++each) {
            if (each != slot) found = std::min(found, value(each));
        }
        return found;
    }
    bool advance(std::size_t slot) {
        if (cursors_[slot] + 1 >= slots_[slot].positions.size()) return false;
        ++cursors_[slot];
        end_ = std::max(end_, value(slot));
        return true;
    }
    // Moves slots of one term apart until none stands on another's position.
    bool part(std::size_t slot) {
        for (;;) {
            std::size_t other = slots_.size();
            for (std::size_t each = 0; each < slots_.size() && other == slots_.size(); ++each) {
                if (each != slot && slots_[each].group == slots_[slot].group &&
                    slots_[each].positions[cursors_[each]] == slots_[slot].positions[cursors_[slot]]) {
                    other = each;
                }
            }
            if (other == slots_.size()) return true;
            if (!(value(slot) < value(other) || (value(slot) == value(other) && slots_[slot].offset < slots_[other].offset))) slot = other;
            if (!advance(slot)) return false;
        }
    }
    void count(std::int64_t length) {
        if (length <= slop_) frequency_ += 1.0f / (1.0f + static_cast<float>(length));
    }

    std::span<const phrase_slot> slots_;
    std::int64_t slop_, end_ = 0;
    std::vector<std::size_t> cursors_;
    float frequency_ = 0;
};

}  // namespace

float sloppy_phrase_frequency(std::span<const phrase_slot> slots, std::uint32_t slop) { return sloppy_walk(slots, slop).run(); }

}  // namespace hem::search::embedded::detail
