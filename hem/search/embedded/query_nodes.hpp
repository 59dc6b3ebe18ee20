// The running form of a query: nodes that evaluate one window of 4,096 documents at a time.
//
// A node gets the documents that still matter (candidates) and gives back those of them that match, with scores where asked. Windows are
// visited in rising order. Set operations work on whole words; scores live in arrays beside the bits.
#pragma once

#include "hem/search/embedded/phrase.hpp"
#include "hem/search/embedded/similarity.hpp"
#include "hem/search/embedded/store_internal.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace hem::search::embedded::detail {

inline constexpr docno no_more = std::numeric_limits<docno>::max();

using bits = std::array<std::uint64_t, window_words>;

class query_node {
public:
    virtual ~query_node() = default;
    // `out` becomes the matching part of `candidates`; scores[d] is set for its documents if `scores` is not null.
    virtual void evaluate(std::size_t window, const std::uint64_t* candidates, bits& out, float* scores) = 0;
    // No match lies between `from` and the document returned.
    virtual docno seek(docno from) = 0;
    // About how many documents match; the cheapest node of a conjunction goes first.
    virtual std::int64_t cost() const = 0;
    // Adds scores into sums and bits into `seen`, if this node has a short way to do so.
    virtual bool accumulate(std::size_t, const std::uint64_t*, bits&, double*) { return false; }
};
using node_pointer = std::unique_ptr<query_node>;

template <class F>
void for_each_bit(const bits& set, F&& f) {
    for (std::size_t at = 0; at < window_words; ++at) {
        for (auto word = set[at]; word != 0; word &= word - 1)
            f(static_cast<std::uint32_t>(at * 64 + static_cast<unsigned>(__builtin_ctzll(word))));
    }
}
inline bool is_empty(const bits& set) noexcept {
    std::uint64_t any = 0;
    for (const auto word : set) any |= word;
    return any == 0;
}
inline std::int64_t count_of(const bits& set) noexcept {
    std::int64_t count = 0;
    for (const auto word : set) count += __builtin_popcountll(word);
    return count;
}

// The place of the first document from `to` on, not before `at`: by steps that double, then by halves.
inline std::size_t advance_to(std::span<const docno> documents, std::size_t at, docno to) noexcept {
    if (at >= documents.size() || documents[at] >= to) return at;
    std::size_t step = 1;
    while (at + step < documents.size() && documents[at + step] < to) step *= 2;
    const auto end = std::min(at + step, documents.size());
    return static_cast<std::size_t>(std::lower_bound(documents.begin() + static_cast<std::ptrdiff_t>(at + step / 2),
                                                     documents.begin() + static_cast<std::ptrdiff_t>(end), to) -
                                    documents.begin());
}

node_pointer make_none_node();
node_pointer make_all_node(const index_generation& over, float score);
// A posting list with BM25 scores; without norms every document counts as one of length 1.
node_pointer make_term_node(const index_generation& over, shared_postings list, float weight, std::shared_ptr<const norm_factors> factors);
// Precomputed documents, one word per 64.
node_pointer make_bitmap_node(std::vector<std::uint64_t> words, float score);
// Matches of `inner`, all with one score.
node_pointer make_constant_node(node_pointer inner, float score);
node_pointer make_disjunction_node(std::vector<node_pointer> children, int minimum);
node_pointer make_dis_max_node(std::vector<node_pointer> children, float tie_breaker);
node_pointer make_boosting_node(node_pointer positive, node_pointer negative, float factor);

struct boolean_parts {
    std::vector<node_pointer> must, filter, must_not;
    node_pointer should;  // null if there is none
    bool should_required = false;
};
node_pointer make_boolean_node(boolean_parts parts);

struct phrase_parts {
    std::uint32_t field = 0;
    struct slot {
        std::vector<shared_postings> lists;  // any of these terms
        std::uint32_t offset = 0, group = 0;
    };
    std::vector<slot> slots;
    std::uint32_t slop = 0;
    float weight = 0;
    std::shared_ptr<const norm_factors> factors;
};
node_pointer make_phrase_node(const index_generation& over, phrase_parts parts);

// Filters over columns; all score 1.
node_pointer make_integer_range_node(const index_generation& over, const column_view& column, std::int64_t low, std::int64_t high);
node_pointer make_double_range_node(const index_generation& over, const column_view& column, double low, double high);
node_pointer make_integer_set_node(const index_generation& over, const column_view& column, std::vector<std::int64_t> sorted);
node_pointer make_double_set_node(const index_generation& over, const column_view& column, std::vector<double> sorted);
node_pointer make_ordinal_set_node(const index_generation& over, const column_view& column, std::vector<std::uint64_t> ordinals,
                                   std::int64_t cost);
node_pointer make_column_exists_node(const index_generation& over, const column_view& column);
node_pointer make_text_exists_node(const index_generation& over, std::uint32_t field);

}  // namespace hem::search::embedded::detail
