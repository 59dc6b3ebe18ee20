#include "hem/search/embedded/similarity.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace {

using namespace hem::search::embedded;

TEST(Similarity, LengthsUpTo40AreExactAndLongerOnesRoundDown) {
    for (std::uint32_t length = 0; length <= 40; ++length) EXPECT_EQ(decode_length(encode_length(length)), length);
    EXPECT_EQ(decode_length(encode_length(41)), 40u);
    EXPECT_EQ(decode_length(encode_length(42)), 42u);
    std::uint8_t last = 0;
    for (std::uint32_t length = 1; length < 1'000'000; length += 1 + length / 50) {
        const auto code = encode_length(length);
        EXPECT_GE(code, last);
        EXPECT_LE(decode_length(code), length);
        EXPECT_GE(decode_length(code) * 8, length * 7) << "four significant bits";
        last = code;
    }
    for (int code = 0; code < 255; ++code) EXPECT_EQ(encode_length(decode_length(static_cast<std::uint8_t>(code))), code);
}

// Scores of Lucene 9.12 behind OpenSearch 2.19: three documents "fox", "quick fox", "quick brown dog" with the analyzer standard.
TEST(Similarity, ScoresHaveLucenesBits) {
    const similarity_options options;
    const auto factors = make_norm_factors(3, 6, options);
    const float weight = term_weight(1.0f, inverse_document_frequency(3, 2), options);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(inverse_document_frequency(3, 2)), std::bit_cast<std::uint32_t>(0.47000363f));
    EXPECT_FLOAT_EQ(weight, 2.2f * 0.4700036f);
    EXPECT_EQ(bm25_score(weight, 1, factors[2]), 0.4700036f);
    EXPECT_EQ(bm25_score(weight, 1, factors[1]), 0.5908618f);
}

TEST(Similarity, PlainFormLeavesTheConstantFactorOut) {
    const similarity_options legacy, plain{.legacy = false};
    EXPECT_FLOAT_EQ(term_weight(3, 0.5f, legacy), 3.3f);
    EXPECT_FLOAT_EQ(term_weight(3, 0.5f, plain), 1.5f);
}

}  // namespace
