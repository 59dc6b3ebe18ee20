// Phrases as a query node: documents that hold all terms, then their positions.
#include "hem/search/embedded/query_nodes.hpp"
#include "hem/search/embedded/varint.hpp"

#include <bit>

#pragma clang fp contract(off)

namespace hem::search::embedded::detail {

namespace {

// The positions of a term in a document that is not too long, a bit each.
class position_bits {
public:
    static constexpr std::uint32_t capacity = 1024;

    // False if a position has no room.
    bool set(packed_positions packed) {
        std::fill_n(words_.begin(), used_, 0);
        used_ = 0;
        bool fits = true;
        for_each_position(packed, [&](std::uint32_t position) {
            fits = position < capacity;
            if (!fits) return false;
            words_[position / 64] |= std::uint64_t{1} << (position % 64);
            used_ = position / 64 + 1;  // they rise
            return true;
        });
        return fits;
    }
    std::uint32_t used() const noexcept { return used_; }
    // The word at `at` of these bits, all moved `by` places down; `by` is below 64.
    std::uint64_t moved_down(std::uint32_t at, std::uint32_t by) const noexcept {
        return by == 0 ? words_[at] : words_[at] >> by | words_[at + 1] << (64 - by);
    }
    // Some position here and one there are at most `apart` from each other; `apart` is below 64.
    bool near(const position_bits& other, std::uint32_t apart) const noexcept {
        const auto words = std::max(used_, other.used_);
        std::uint64_t any = 0;
        for (std::uint32_t by = 0; by <= apart; ++by) {
            for (std::uint32_t at = 0; at < words; ++at)
                any |= (moved_down(at, by) & other.words_[at]) | (other.moved_down(at, by) & words_[at]);
            if (any != 0) return true;
        }
        return false;
    }

private:
    std::array<std::uint64_t, capacity / 64 + 1> words_{};  // the last stays 0
    std::uint32_t used_ = 0;
};

class phrase_node final : public query_node {
public:
    phrase_node(const index_generation& over, phrase_parts parts) : over_(over), parts_(std::move(parts)) {
        working_.resize(parts_.slots.size());
        bits_.resize(parts_.slots.size());
        simple_ = true;
        exact_ = parts_.slop == 0;
        for (std::size_t at = 0; at < parts_.slots.size(); ++at) {
            const auto& slot = parts_.slots[at];
            working_[at].offset = slot.offset;
            working_[at].group = slot.group;
            std::vector<node_pointer> terms;
            for (const auto& list : slot.lists) terms.push_back(make_term_node(over, list, 1, nullptr));
            any_of_.push_back(terms.size() == 1 ? std::move(terms.front()) : make_disjunction_node(std::move(terms), 1));
            cursors_.emplace_back(slot.lists.size(), 0);
            simple_ = simple_ && slot.lists.size() == 1;
            exact_ = exact_ && simple_ && slot.offset < 64;
            if (any_of_[at]->cost() < any_of_[rarest_]->cost()) rarest_ = at;
        }
    }
    void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) override {
        const auto base = static_cast<docno>(window * window_documents);
        for (std::size_t at = 0; at < cursors_.size(); ++at) {
            for (std::size_t list = 0; list < cursors_[at].size(); ++list) {
                // A window may be visited twice, so the cursors stay at its begin or behind.
                cursors_[at][list] =
                    advance_to(parts_.slots[at].lists[list]->documents, base < window_base_ ? 0 : cursors_[at][list], base);
            }
        }
        window_base_ = base;
        places_ = cursors_;
        const auto& norms = over_.norms(parts_.field);
        bits matched{};
        const auto judge = [&](std::uint32_t local) {
            const float frequency = phrase_frequency(base + local);
            if (frequency <= 0) return;
            matched[local >> 6] |= std::uint64_t{1} << (local & 63);
            if (scores != nullptr) scores[local] = bm25_score(parts_.weight, frequency, (*parts_.factors)[norms[base + local]]);
        };
        if (simple_) {
            const auto& documents = parts_.slots[rarest_].lists[0]->documents;
            for (auto& place = places_[rarest_][0]; place < documents.size() && documents[place] - base < window_documents; ++place) {
                const std::uint32_t local = documents[place] - base;
                if ((candidates[local >> 6] >> (local & 63) & 1) != 0 && all_hold(base + local)) judge(local);
            }
            out = matched;
            return;
        }
        bits found;
        std::copy_n(candidates, window_words, out.begin());
        for (const auto& each : any_of_) {
            each->evaluate(window, out.data(), found, nullptr);
            out = found;
            if (is_empty(out)) return;
        }
        for_each_bit(out, judge);
        out = matched;
    }
    docno seek(docno from) override {
        for (const auto& each : any_of_) from = std::max(from, each->seek(from));
        return from;
    }
    std::int64_t cost() const override {
        std::int64_t least = any_of_.front()->cost();
        for (const auto& each : any_of_) least = std::min(least, each->cost());
        return least;
    }

private:
    // Of a term in the document; empty if it does not hold the term. Documents come in rising order within a window.
    packed_positions positions_of(std::size_t slot, std::size_t list, docno document) {
        const auto& from = *parts_.slots[slot].lists[list];
        auto& place = places_[slot][list];
        place = advance_to(from.documents, place, document);
        return place < from.documents.size() && from.documents[place] == document ? from.positions_of(place) : packed_positions();
    }

    // Of one list a slot: the document is in all of them.
    bool all_hold(docno document) {
        for (std::size_t at = 0; at < places_.size(); ++at) {
            const auto& documents = parts_.slots[at].lists[0]->documents;
            auto& place = places_[at][0];
            place = advance_to(documents, place, document);
            if (place == documents.size() || documents[place] != document) return false;
        }
        return true;
    }

    float phrase_frequency(docno document) {
        if (exact_) {
            if (const auto frequency = frequency_by_bits(document)) return *frequency;
        }
        return frequency_by_positions(document);
    }

    // Exact phrases in documents without holes, and documents where no holes could help. Nothing for others.
    std::optional<float> frequency_by_bits(docno document) {
        const bool known = holes_ != nullptr && document / index_generation::holes_block == holes_number_;
        if (known && has_holes(document)) return std::nullopt;
        std::uint32_t words = UINT32_MAX;
        for (std::size_t at = 0; at < bits_.size(); ++at) {
            if (!bits_[at].set(positions_of(at, 0, document))) return std::nullopt;
            words = std::min(words, bits_[at].used());
            if (known || at == 0) continue;
            const auto before = parts_.slots[at - 1].offset, here = parts_.slots[at].offset;
            if (!bits_[at - 1].near(bits_[at], std::max(before, here) - std::min(before, here))) return 0.0f;
        }
        if (!known && has_holes(document)) return std::nullopt;
        int count = 0;
        for (std::uint32_t word = 0; word < words; ++word) {
            std::uint64_t all = ~std::uint64_t{0};
            for (std::size_t at = 0; at < bits_.size(); ++at) all &= bits_[at].moved_down(word, parts_.slots[at].offset);
            count += std::popcount(all);
        }
        return static_cast<float>(count);
    }

    float frequency_by_positions(docno document) {
        for (std::size_t at = 0; at < working_.size(); ++at) {
            auto& positions = working_[at].positions;
            positions.clear();
            for (std::size_t list = 0; list < parts_.slots[at].lists.size(); ++list) {
                for_each_position(positions_of(at, list, document), [&](std::uint32_t position) {
                    positions.push_back(position);
                    return true;
                });
            }
            if (parts_.slots[at].lists.size() > 1) std::ranges::sort(positions);
            // Holes only move terms apart: without a pair that is near enough now there is no match.
            if (at > 0 && !near(working_[at - 1], working_[at])) return 0;
        }
        if (has_holes(document)) {
            for (auto& slot : working_) add_holes(slot.positions);
        }
        if (parts_.slop == 0) return static_cast<float>(exact_phrase_frequency(working_));
        return sloppy_phrase_frequency(working_, parts_.slop);
    }
    bool near(const phrase_slot& a, const phrase_slot& b) const {
        const auto apart = static_cast<std::int64_t>(b.offset > a.offset ? b.offset - a.offset : a.offset - b.offset) + parts_.slop;
        for (std::size_t i = 0, j = 0; i < a.positions.size() && j < b.positions.size();) {
            const auto gap = static_cast<std::int64_t>(b.positions[j]) - a.positions[i];
            if (gap >= -apart && gap <= apart) return true;
            if (gap < 0)
                ++j;
            else
                ++i;
        }
        return false;
    }

    // Also puts the document's holes into `gaps_`.
    bool has_holes(docno document) {
        const auto number = document / index_generation::holes_block;
        if (holes_ == nullptr || holes_number_ != number) {
            holes_ = over_.holes(parts_.field, document);
            holes_number_ = number;
        }
        const auto place = std::ranges::lower_bound(holes_->documents, document);
        if (place == holes_->documents.end() || *place != document) return false;
        const auto bytes = holes_->positions_of(static_cast<std::size_t>(place - holes_->documents.begin()));
        std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        gaps_.clear();
        for (std::uint64_t token = 0, extra = 0; take_varint(rest, token) && take_varint(rest, extra);) {
            gaps_.emplace_back(static_cast<std::uint32_t>(token), static_cast<std::uint32_t>(extra));
        }
        return true;
    }
    void add_holes(std::vector<std::uint32_t>& positions) const {
        std::uint32_t extra = 0;
        auto gap = gaps_.begin();
        for (auto& position : positions) {
            while (gap != gaps_.end() && gap->first <= position) extra += gap++->second;
            position += extra;
        }
    }

    const index_generation& over_;
    phrase_parts parts_;
    std::vector<node_pointer> any_of_;
    std::vector<std::vector<std::size_t>> cursors_, places_;  // by slot and list: at the window's begin, and at the current document
    docno window_base_ = 0;
    bool simple_ = false;     // one term a slot
    bool exact_ = false;      // that, no slop, and no slot far from the first
    std::size_t rarest_ = 0;  // the slot whose terms stand in the fewest documents
    std::vector<position_bits> bits_;
    std::vector<phrase_slot> working_;
    shared_postings holes_;  // of the block with that number
    docno holes_number_ = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> gaps_;
};

}  // namespace

node_pointer make_phrase_node(const index_generation& over, phrase_parts parts) {
    return std::make_unique<phrase_node>(over, std::move(parts));
}

}  // namespace hem::search::embedded::detail
