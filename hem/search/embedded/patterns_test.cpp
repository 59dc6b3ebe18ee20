#include "hem/search/embedded/patterns.hpp"

#include "hem/search/embedded/query_exec.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem::search::embedded;
using namespace hem::search::embedded::detail;

TEST(Wildcard, MatchesWholeTexts) {
    EXPECT_TRUE(wildcard("c?t*", false).matches("catalog"));
    EXPECT_TRUE(wildcard("c?t*", false).matches("cot"));
    EXPECT_FALSE(wildcard("c?t*", false).matches("ct"));
    EXPECT_TRUE(wildcard("*a*b", false).matches("xaxbab"));
    EXPECT_FALSE(wildcard("*a*b", false).matches("xaxba"));
    EXPECT_TRUE(wildcard("\\*x", false).matches("*x"));
    EXPECT_TRUE(wildcard("\u00e9?", false).matches("\u00e9\U0001F600"));
    EXPECT_TRUE(wildcard("FO*", true).matches("foo"));
    EXPECT_EQ(wildcard("ab\\?c*d", false).prefix(), "ab?c");
}

TEST(RegularExpression, KnowsLucenesOperators) {
    auto matches = [](std::string_view pattern, std::string_view text, bool ignore_case = false) {
        return regular_expression(pattern, ignore_case).matches(text);
    };
    EXPECT_TRUE(matches("(fox|dog)s?", "dogs"));
    EXPECT_FALSE(matches("fox", "foxes")) << "anchored";
    EXPECT_TRUE(matches("[a-cx]{2,3}", "abx"));
    EXPECT_FALSE(matches("[a-cx]{2,3}", "abxa"));
    EXPECT_TRUE(matches("[^a-m]+", "xyz"));
    EXPECT_TRUE(matches("a.{2}", "a\u00e9\U0001F600"));
    EXPECT_TRUE(matches("\"a.b\"@", "a.bcd"));
    EXPECT_TRUE(matches("x*", ""));
    EXPECT_FALSE(matches("#", ""));
    EXPECT_TRUE(matches("\\d+\\w", "12c"));
    EXPECT_TRUE(matches("F[o]+", "fOO", true));
    EXPECT_TRUE(matches("(a*)*b", std::string(5000, 'a') + "b")) << "no exponential time";
}

TEST(RegularExpression, RefusesWhatItCannotRead) {
    for (const char* bad : {"(", "[a", "a{2", "a{3,1}", "*", "a|)", "\\", "<1-5>", "a&b"})
        EXPECT_THROW(regular_expression(bad, false), query_error) << bad;
    EXPECT_THROW(regular_expression("(((((a{1000}){1000}){1000}){1000}){1000})", false), query_error);
}

TEST(EditDistance, CountsTranspositionsOnce) {
    auto distance = [](std::string_view a, std::string_view b, bool transpositions = true) {
        return edit_distance(code_points(a), code_points(b), 5, transpositions);
    };
    EXPECT_EQ(distance("kitten", "sitting"), 3u);
    EXPECT_EQ(distance("ab", "ba"), 1u);
    EXPECT_EQ(distance("ab", "ba", false), 2u);
    EXPECT_EQ(distance("ca", "abc"), 3u) << "optimal string alignment";
    EXPECT_EQ(distance("\u00e9t\u00e9", "ete"), 2u);
    EXPECT_EQ(edit_distance(code_points("abcdef"), code_points("a"), 2, true), 3u) << "one above the limit is enough";
}

}  // namespace
