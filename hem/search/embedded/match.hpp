// Full-text queries: from a text and a field to the executable tree, by the rules of `match`, `match_phrase` and `multi_match`.
//
// On a field that is not text the text becomes one exact term; the caller converts numbers, dates and booleans first (`convert`).
#pragma once

#include "hem/search/embedded/fields.hpp"
#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/query_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct match_options {
    bool all_terms = false;            // operator: and
    std::string minimum_should_match;  // "2", "-1", "75%", "2<75%"; empty for none
    bool zero_terms_all = false;
    const analyzer* with = nullptr;  // instead of the field's search analyzer
    std::optional<int> fuzziness;    // edits, -1 for AUTO
    int auto_low = 3, auto_high = 6;
    std::uint32_t prefix_length = 0, max_expansions = 50;
    bool transpositions = true;
    std::uint32_t slop = 0;       // phrases
    bool synonym_phrases = true;  // the words of a synonym stand side by side; false: anywhere
    float boost = 1;
};

enum class match_kind : std::uint8_t { terms, phrase, phrase_prefix, bool_prefix };

// Makes the exact value that a non-text field is searched with, or nothing if the text is no value of it (then nothing matches).
// Throws what the caller's parser throws for a malformed value.
class value_converter {
public:
    virtual ~value_converter() = default;
    virtual std::optional<query> exact(const field_spec& field, std::string_view text) const = 0;
};

// A field that the plan does not know gives match_none.
query make_match(const field_plan& plan, std::string_view field, std::string_view text, match_kind kind, const match_options& options,
                 const value_converter* convert = nullptr);

struct weighted_field {
    std::string name;
    float boost = 1;
};
enum class multi_match_type : std::uint8_t { best_fields, most_fields, cross_fields, phrase, phrase_prefix, bool_prefix };

// Fields that the plan does not know are left out; without any the result is match_none. cross_fields reads statistics of `over`.
query make_multi_match(const snapshot& over, const std::vector<weighted_field>& fields, std::string_view text, multi_match_type type,
                       std::optional<float> tie_breaker, const match_options& options, const value_converter* convert = nullptr);

// How many of `clauses` must match; never below 0 nor above `clauses`. Throws query_error for a malformed text.
int parse_minimum_should_match(std::string_view text, int clauses);

}  // namespace hem::search::embedded
