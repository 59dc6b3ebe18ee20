// BM25 with Lucene's arithmetic, bit for bit: `float` where Lucene has float, `double` where it has double, in its order.
//
// Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); the order of operations was observed
// on Lucene 8.8.1 and 9.12. No operation here may be contracted or reordered.
#pragma once

#include "hem/search/embedded/fields.hpp"

#include <array>
#include <cstdint>

namespace hem::search::embedded {

// One byte for the length of a field: exact up to 40, four significant bits beyond.
std::uint8_t encode_length(std::uint32_t length) noexcept;
std::uint32_t decode_length(std::uint8_t norm) noexcept;

// `documents` live documents have a term in the field, `frequency` of them have this term.
float inverse_document_frequency(std::int64_t documents, std::int64_t frequency) noexcept;

// Factors by norm byte for an average length; the same for all terms of a field.
using norm_factors = std::array<float, 256>;
norm_factors make_norm_factors(std::int64_t documents, std::int64_t total_terms, const similarity_options& options) noexcept;

float term_weight(float boost, float idf, const similarity_options& options) noexcept;

inline float bm25_score(float weight, float frequency, float norm_factor) noexcept {
#pragma clang fp contract(off)
    return weight - weight / (1.0f + frequency * norm_factor);
}

}  // namespace hem::search::embedded
