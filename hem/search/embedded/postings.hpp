// Decoded postings of one term and their cache.
//
// A list holds (document, frequency, norm byte), never ready-made scores: the average length changes with each write. Lists only grow at
// the end, so an old one is brought up to date by reading the rows after its last document. Documents deleted since are still in it;
// whoever uses it looks at the live bitmap of its generation.
#pragma once

#include "hem/search/embedded/columns.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hem::search::embedded::detail {

struct posting_list {
    docno limit = 0;  // complete for documents below this
    std::vector<docno> documents;
    std::vector<std::uint32_t> frequencies;  // empty: 1 each, as in keyword fields
    std::vector<std::uint8_t> norms;         // beside the frequencies
    std::vector<std::uint32_t> starts;       // empty without positions; else one more than documents
    std::vector<std::uint32_t> positions;    // token numbers, holes not counted

    bool has_positions() const noexcept { return !starts.empty(); }
    std::size_t bytes() const noexcept {
        return sizeof *this + documents.size() * 4 + frequencies.size() * 5 + starts.size() * 4 + positions.size() * 4;
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
