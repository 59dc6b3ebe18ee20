#include "hem/search/embedded/phrase.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem::search::embedded::detail;

TEST(Phrase, ExactCountsEveryStart) {
    const std::vector<phrase_slot> slots{{{0, 2, 4}, 0, 0}, {{1, 3, 9}, 1, 1}};
    EXPECT_EQ(exact_phrase_frequency(slots), 2u);
    const std::vector<phrase_slot> holes{{{0, 5}, 0, 0}, {{2, 7}, 2, 1}};
    EXPECT_EQ(exact_phrase_frequency(holes), 2u);
    const std::vector<phrase_slot> overlapping{{{0, 1, 2}, 0, 0}, {{0, 1, 2}, 1, 0}};
    EXPECT_EQ(exact_phrase_frequency(overlapping), 2u) << "\"a a\" in \"a a a\"";
    const std::vector<phrase_slot> early{{{0}, 1, 0}, {{1}, 2, 1}};
    EXPECT_EQ(exact_phrase_frequency(early), 0u) << "a start before the document";
}

TEST(Phrase, SloppyWeighsByDistance) {
    const std::vector<phrase_slot> near{{{0}, 0, 0}, {{2}, 1, 1}};
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(near, 1), 0.5f);
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(near, 0), 0.0f);
    const std::vector<phrase_slot> swapped{{{1}, 0, 0}, {{0}, 1, 1}};
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(swapped, 1), 0.0f);
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(swapped, 2), 1.0f / 3.0f);
    const std::vector<phrase_slot> twice{{{0, 10}, 0, 0}, {{1, 12}, 1, 1}};
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(twice, 2), 1.5f);
}

TEST(Phrase, SloppyNeedsAPositionForEachRepeat) {
    const std::vector<phrase_slot> once{{{3}, 0, 0}, {{3}, 1, 0}};
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(once, 5), 0.0f) << "\"a a\" in a document with one a";
    const std::vector<phrase_slot> pair{{{3, 4}, 0, 0}, {{3, 4}, 1, 0}};
    EXPECT_FLOAT_EQ(sloppy_phrase_frequency(pair, 5), 1.0f);
}

}  // namespace
