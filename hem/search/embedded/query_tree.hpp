// The executable query: what the parser of the REST face makes of a JSON query and a mapping, and what `query_exec` runs.
//
// Plain values. Text is already analysed (see `match.hpp` for the helpers that do so), dates and numbers are already converted.
// `field` is the name of a field of the index's plan; a field that the plan does not know matches nothing.
// Scores are those of Lucene: see `similarity.hpp` for the arithmetic and design section 3.6 for how clauses combine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hem::search::embedded {

struct query;

struct match_all_query {};
struct match_none_query {};

// One exact value: a term of a text field (BM25), a keyword or boolean (BM25 with norm 1 and frequency 1), a number or date (constant 1).
// A boolean field takes an integer 0 or 1.
using field_value = std::variant<std::string, std::int64_t, double>;

struct term_query {
    std::string field;
    field_value value;
};
// Any of the values; constant score.
struct terms_query {
    std::string field;
    std::vector<field_value> values;
};
// Constant score. Bounds of keyword and text fields are texts compared by bytes; of the others numbers (dates as epoch milliseconds).
struct range_query {
    struct bound {
        field_value value;
        bool inclusive = true;
    };
    std::string field;
    std::optional<bound> from, to;
};
struct exists_query {
    std::string field;
};
struct ids_query {
    std::vector<std::string> ids;
};
// Constant score, on text and keyword fields.
struct prefix_query {
    std::string field, prefix;
    bool case_insensitive = false;
};
// `*` any run, `?` one character, `\` escapes.
struct wildcard_query {
    std::string field, pattern;
    bool case_insensitive = false;
};
// Lucene's regular expressions, anchored: . ? + * | {n,m} [] () "" and, with all flags, ~ & <n-m> @.
struct regexp_query {
    std::string field, pattern;
    bool case_insensitive = false;
};
// Terms within `edits` edits; `edits` < 0 is AUTO. Each scores as a term with a boost by similarity.
struct fuzzy_query {
    std::string field, value;
    int edits = -1;
    std::uint32_t prefix_length = 0, max_expansions = 50;
    bool transpositions = true;
    int auto_low = 3, auto_high = 6;
};
// Terms at positions. A slot with several terms takes any of them (synonyms, an expanded prefix).
struct phrase_query {
    struct slot {
        std::vector<std::string> terms;
        std::uint32_t position = 0;
        bool prefix = false;  // terms[0] is a prefix: expands to the first `max_expansions` terms
    };
    std::string field;
    std::vector<slot> slots;
    std::uint32_t slop = 0, max_expansions = 50;
};
// Terms at one position: counted together, document frequency of the most frequent.
struct synonym_query {
    std::string field;
    std::vector<std::string> terms;
};
// A term whose statistics come from elsewhere (cross_fields): document frequency given instead of counted.
struct blended_term_query {
    std::string field, term;
    std::int64_t doc_freq = 0;
};

struct boolean_query {
    std::vector<query> must, filter, should, must_not;
    // How many of `should`; none given: 0 beside `must` or `filter`, else 1. Use `parse_minimum_should_match` for the text form.
    std::optional<int> minimum_should_match;
};
struct constant_score_query {
    std::vector<query> filter;  // exactly one
};
struct dis_max_query {
    std::vector<query> queries;
    float tie_breaker = 0;
};
struct boosting_query {
    std::vector<query> positive, negative;  // exactly one each
    float negative_boost = 0.5f;
};

struct query {
    std::variant<match_all_query, match_none_query, term_query, terms_query, range_query, exists_query, ids_query, prefix_query,
                 wildcard_query, regexp_query, fuzzy_query, phrase_query, synonym_query, blended_term_query, boolean_query,
                 constant_score_query, dis_max_query, boosting_query>
        node = match_all_query{};
    float boost = 1;
    std::string name;  // `_name`; empty for none
};

template <class Node>
query make_query(Node node, float boost = 1) {
    query made;
    made.node = std::move(node);
    made.boost = boost;
    return made;
}

}  // namespace hem::search::embedded
