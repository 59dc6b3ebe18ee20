#include "hem/model/pattern_matcher.hpp"

#include "hem/core/errors.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using hem::detail::pattern_matcher;

struct match_case {
    std::string_view pattern;
    std::string_view text;
    bool matches;
};

TEST(PatternMatcher, Matches) {
    constexpr match_case cases[] = {
        {"", "", true},
        {"abc", "xabcx", true},
        {"^abc$", "xabc", false},
        {"^a|b$", "ac", true},
        {"^(a|b)$", "ac", false},
        {"^a*$", "", true},
        {"^a+$", "", false},
        {"^a{2,3}$", "aaaa", false},
        {"^a{2,3}$", "aaa", true},
        {"^a{2,}$", "aaaaa", true},
        {"^a{2}b?$", "aab", true},
        {"^a{,3}$", "a{,3}", true},
        {"^(ab)+c$", "ababc", true},
        {"^(?:ab)*?c$", "ababc", true},
        {"^(?P<name>a)$", "a", true},
        {"^[a-z0-9_-]+$", "ab-9_", true},
        {"^[a-z0-9_-]+$", "aB", false},
        {"^[^/]+$", "a/b", false},
        {"^[]a]+$", "]a", true},
        {"^\\d{4}-\\d\\d$", "2024-01", true},
        {"\\bcat\\b", "a cat.", true},
        {"\\bcat\\b", "concat", false},
        {"\\Bcat", "concat", true},
        {"^.$", "\xc3\xa9", true},
        {"^.$", "\n", false},
        {"^[\xc3\xa0-\xc3\xbf]$", "\xc3\xa9", true},
        {"^\\u00e9\\x41$",
         "\xc3\xa9"
         "A",
         true},
        {"^\\w+@\\w+\\.com$", "me@site.com", true},
        {"^(a*)*$", "aaaa", true},
        {"^(a|b|cd)*e$", "abcde", true},
        {"^((a|b)c|d){2}$", "acd", true},
        {"^\\S+\\s\\D$", "ab x", true},
        {"a$", "ba", true},
    };
    for (const auto& each : cases)
        EXPECT_EQ(pattern_matcher(each.pattern).search(each.text), each.matches) << each.pattern << " on " << each.text;
}

TEST(PatternMatcher, IsLinear) {
    // Backtracking takes 2^n steps here.
    std::string pattern = "^";
    for (int i = 0; i < 60; ++i) pattern += "a?";
    for (int i = 0; i < 60; ++i) pattern += "a";
    EXPECT_TRUE(pattern_matcher(pattern + "$").search(std::string(60, 'a')));
    EXPECT_FALSE(pattern_matcher("^(a+)+$").search(std::string(20000, 'a') + "b"));
}

TEST(PatternMatcher, RefusesWhatItCannotDo) {
    for (const std::string_view pattern : {"(a)\\1", "(?=a)", "(?!a)", "(?<=a)", "(?i)a", "(a", "a)", "[a", "*a", "a{3,2}", "a{2000}",
                                           "\\p{L}", "\\", "a*+", "[z-a]", "[[:alpha:]]", "((a{1000}){1000}){1000}", "\\x4"}) {
        EXPECT_THROW(pattern_matcher{pattern}, hem::usage_error) << pattern;
    }
    try {
        const pattern_matcher matcher("(a)\\1");
        FAIL() << matcher.search("");
    } catch (const hem::usage_error& error) {
        EXPECT_STREQ(error.what(), "pattern '(a)\\1' cannot be used: back-references are not supported at character 5");
    }
}

}  // namespace
