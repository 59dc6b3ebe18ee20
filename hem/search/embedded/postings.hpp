// Decoded postings of one term and their cache.
//
// A list holds (document, frequency, norm byte), never ready-made scores: the average length changes with each write. Lists only grow at
// the end, so an old one is brought up to date by reading the rows after its last document. Documents deleted since are still in it;
// whoever uses it looks at the live bitmap of its generation.
#pragma once

#include "hem/search/embedded/columns.hpp"
#include "hem/search/embedded/packed_positions.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hem::search::embedded::detail {

// How often a term stands in each document: a byte each, until one needs more.
class frequency_list {
public:
    void push_back(std::uint32_t frequency) {
        if (!wide_.empty()) {
            wide_.push_back(frequency);
        } else if (frequency <= UINT8_MAX) {
            narrow_.push_back(static_cast<std::uint8_t>(frequency));
        } else {
            wide_.assign(narrow_.begin(), narrow_.end());
            narrow_ = {};
            wide_.push_back(frequency);
        }
    }
    std::uint32_t operator[](std::size_t at) const noexcept { return wide_.empty() ? narrow_[at] : wide_[at]; }
    bool empty() const noexcept { return narrow_.empty() && wide_.empty(); }
    void reserve(std::size_t size) { wide_.empty() ? narrow_.reserve(size) : wide_.reserve(size); }
    std::size_t bytes() const noexcept { return narrow_.size() + wide_.size() * 4; }

private:
    std::vector<std::uint8_t> narrow_;
    std::vector<std::uint32_t> wide_;  // one of both is empty
};

struct posting_list {
    docno limit = 0;  // complete for documents below this
    std::vector<docno> documents;
    frequency_list frequencies;           // empty: 1 each, as in keyword fields
    std::vector<std::uint8_t> norms;      // beside the frequencies
    std::vector<std::uint32_t> starts;    // in the bytes of `positions`; empty without positions, else one more than documents
    std::vector<std::uint8_t> positions;  // token numbers, holes not counted, packed

    // Of the document at that place of the list.
    packed_positions positions_of(std::size_t at) const noexcept {
        return packed_positions(positions).subspan(starts[at], starts[at + 1] - starts[at]);
    }

    bool has_positions() const noexcept { return !starts.empty(); }
    std::size_t bytes() const noexcept {
        return sizeof *this + documents.size() * 4 + frequencies.bytes() + norms.size() + starts.size() * 4 + positions.size();
    }
};
using shared_postings = std::shared_ptr<const posting_list>;

// Least recently used lists of all indices of a store, bounded by bytes. Any thread.
class posting_cache {
public:
    explicit posting_cache(std::size_t limit) : limit_(limit) {}

    // Null if there is none; the list may be shorter than the caller's generation.
    shared_postings find(std::string_view key);
    void put(const std::string& key, shared_postings list);
    void clear();

    // A key is unique among the fields of all indices that were ever open.
    static std::string key(std::int64_t index, std::uint32_t field, std::string_view term);
    // The key of holes_of's lists.
    static std::string holes_key(std::int64_t index, std::uint32_t field, std::uint32_t block);

private:
    struct entry {
        std::string key;
        shared_postings list;
        std::size_t bytes;
    };
    std::mutex mutex_;
    std::list<entry> order_;  // most recently used first
    std::unordered_map<std::string_view, std::list<entry>::iterator> by_key_;
    std::size_t limit_, bytes_ = 0;
};

}  // namespace hem::search::embedded::detail
