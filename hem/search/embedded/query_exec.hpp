// Runs a query over one snapshot: which documents match, with which score, the best of them in order.
//
// Synchronous, any thread; touches the file only for postings that are not cached. Scores have the bits that Lucene gives on an index
// without deleted documents. Order: score falling (or the sort keys), then document number.
#pragma once

#include "hem/search/embedded/query_tree.hpp"
#include "hem/search/embedded/store.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace hem::search::embedded {

// A query cannot run: too many clauses, a bad pattern. The text is the reason for the error body.
class query_error : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

// Keywords are texts, dates epoch milliseconds, booleans 0 and 1. Without a value: monostate for keywords and unmapped fields, the
// extreme of the type for numbers, as a server answers.
using sort_value = std::variant<std::monostate, std::int64_t, double, std::string>;

struct sort_key {
    enum class by : std::uint8_t { score, document, field };
    enum class mode : std::uint8_t { automatic, minimum, maximum, sum, average };  // automatic: min rising, max falling
    by what = by::score;
    std::string field;  // an unmapped one sorts as missing everywhere; the parser refuses it unless unmapped_type is given
    bool descending = false;
    bool missing_first = false;
    std::optional<field_value> missing;
    mode pick = mode::automatic;
};

// A set of documents of one snapshot, in windows of 4,096.
struct match_set {
    std::vector<std::uint64_t> words;
    std::int64_t count = 0;

    bool contains(docno document) const noexcept { return words[document >> 6] >> (document & 63) & 1; }
    template <class F>
    void for_each(F&& f) const {
        for (std::size_t at = 0; at < words.size(); ++at) {
            for (auto word = words[at]; word != 0; word &= word - 1)
                f(static_cast<docno>(at * 64 + static_cast<unsigned>(__builtin_ctzll(word))));
        }
    }
};

struct search_options {
    std::size_t size = 10, from = 0;
    std::vector<sort_key> sort;                           // empty: by score
    std::optional<std::vector<sort_value>> search_after;  // one value per sort key (with an empty sort: the score, then the document)
    std::int64_t track_total_hits = 10'000;               // max: exact; 0: not counted
    std::optional<float> min_score;
    const query* post_filter = nullptr;  // restricts hits and total, not `matches`
    bool track_scores = false;           // scores and max_score although sorted
    bool collect_matches = false;        // fill `matches` for aggregations
    std::size_t slice = 0, slices = 1;   // document % slices == slice
};
inline constexpr std::int64_t exact_total = std::numeric_limits<std::int64_t>::max();

struct search_hit {
    docno document = 0;
    float score = 0;               // NaN when not computed
    std::vector<sort_value> sort;  // empty when sorted by score
};

struct search_result {
    std::vector<search_hit> hits;  // from `from`, at most `size`
    std::int64_t total = 0;
    bool exact = true;  // false: at least `total`
    std::optional<float> max_score;
    match_set matches;
};

// Throws query_error, store_error.
search_result search(const snapshot& over, const query& what, const search_options& options);
std::int64_t count(const snapshot& over, const query& what);
// All matching documents; for filters of aggregations and by-query calls.
match_set matches(const snapshot& over, const query& what);

// The analysed terms and phrases of a query on one field (empty: on every field), for highlighting. must_not is left out.
struct highlight_term {
    std::string field, text;
    enum class kind : std::uint8_t { term, prefix, pattern } what = kind::term;
    int phrase = -1;             // terms of one phrase share a number
    std::uint32_t position = 0;  // within the phrase
};
std::vector<highlight_term> highlight_terms(const snapshot& over, const query& what);

// Documents per term of a text field, live ones only; 0 if there is none.
std::int64_t document_frequency(const snapshot& over, std::string_view field, std::string_view term);

// Live documents with a term in the field, and terms in all of them (distinct values of a column).
struct field_counts {
    std::int64_t documents = 0, terms = 0;
};
field_counts field_statistics(const snapshot& over, std::string_view field);

}  // namespace hem::search::embedded
