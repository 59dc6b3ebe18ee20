#include "hem/search/embedded/analysis.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem::search::embedded;

// "term@position" of every token, as Lucene 9.12 gives them (checked against an OpenSearch 2.19 node).
std::string shown(const analyzer& with, std::string_view text) {
    std::string out;
    for (const auto& each : with.tokens(text)) out += (out.empty() ? "" : " ") + each.text + "@" + std::to_string(each.position);
    return out;
}
std::string shown(std::string_view name, std::string_view text) {
    static const analyzer_registry registry;
    return shown(registry.get(name), text);
}

TEST(StandardAnalyzer, KeepsWhatBelongsTogetherAndCutsTheRest) {
    EXPECT_EQ(shown("standard", "john's 3.14 1,000.50 192.168.0.1 foo_bar u.s.a example.com a:b l'avion don\u2019t"),
              "john's@0 3.14@1 1,000.50@2 192.168.0.1@3 foo_bar@4 u.s.a@5 example.com@6 a:b@7 l'avion@8 don\u2019t@9");
    EXPECT_EQ(shown("standard", "user@example.com C++, C# AT&T wi-fi \u0130stanbul"),
              "user@0 example.com@1 c@2 c@3 at@4 t@5 wi@6 fi@7 istanbul@8");
}

TEST(StandardAnalyzer, CutsScriptsAsLuceneDoes) {
    EXPECT_EQ(shown("standard", "\u6f22\u5b57 \u3042\u3044 \u30ab\u30bf\u30ab\u30ca \ud55c\uad6d\uc5b4 \u0e44\u0e17\u0e22"),
              "\u6f22@0 \u5b57@1 \u3042@2 \u3044@3 \u30ab\u30bf\u30ab\u30ca@4 \ud55c\uad6d\uc5b4@5 \u0e44\u0e17\u0e22@6");
    static const analyzer_registry registry;
    const auto tokens = registry.get("standard").tokens("\U0001F44D\U0001F3FD 1\uFE0F\u20E3 \U0001F1FA\U0001F1F8 7");
    ASSERT_EQ(tokens.size(), 4u);
    EXPECT_EQ(tokens[0].type, token_type::emoji);
    EXPECT_EQ(tokens[1].type, token_type::emoji);
    EXPECT_EQ(tokens[2].text, "\U0001F1FA\U0001F1F8");
    EXPECT_EQ(tokens[3].type, token_type::num);
}

TEST(StandardAnalyzer, CutsLongTokensAt255) {
    static const analyzer_registry registry;
    const auto tokens = registry.get("standard").tokens(std::string(300, 'a'));
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[0].text.size(), 255u);
    EXPECT_EQ(tokens[1].text.size(), 45u);
}

TEST(StandardAnalyzer, CountsOffsetsInBytesAndUtf16Units) {
    static const analyzer_registry registry;
    const auto tokens = registry.get("standard").tokens("\U00010400x \u00e9t\u00e9");
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[1].start, 6u);
    EXPECT_EQ(tokens[1].end, 11u);
    EXPECT_EQ(tokens[1].start_utf16, 4u);
    EXPECT_EQ(tokens[1].end_utf16, 7u);
}

TEST(StandardAnalyzer, ReadsBrokenBytesAsReplacementCharacters) {
    EXPECT_EQ(shown("standard", "ab\xff\xfe cd\xc3"), "ab@0 cd@1");
    EXPECT_EQ(shown("standard", ""), "");
}

TEST(EnglishAnalyzer, StemsAndLeavesHoles) {
    EXPECT_EQ(shown("english", "The quick brown foxes' John's running"), "quick@1 brown@2 fox@3 john@4 run@5");
    EXPECT_EQ(shown("english", "to be or not to be"), "");
    EXPECT_EQ(shown("english", "relational conditional hopping flies generalizations probate controlling archaeology sky yes"),
              "relat@0 condit@1 hop@2 fli@3 gener@4 probat@5 control@6 archaeolog@7 sky@8 ye@9");
    static const analyzer_registry registry;
    EXPECT_EQ(registry.get("english").analyze("cats and the", [](const token&) {}), 2u) << "holes after the last token";
}

TEST(OtherAnalyzers, CutByTheirRules) {
    EXPECT_EQ(shown("simple", "It's Q2-2024"), "it@0 s@1 q@2");
    EXPECT_EQ(shown("whitespace", "It's Q2-2024\u00a0x"), "It's@0 Q2-2024\u00a0x@1");
    EXPECT_EQ(shown("stop", "The Fox is here"), "fox@1 here@3");
    EXPECT_EQ(shown("keyword", "Two Words"), "Two Words@0");
    EXPECT_EQ(shown("pattern", "a_b, C.d"), "a_b@0 c@1 d@2");
}

TEST(CustomAnalyzer, ChainsItsParts) {
    analyzer_registry registry;
    registry.define({"tags", {{"html_strip", {}}}, {"whitespace", {}}, {{"lowercase", {}}, {"length", {{"min", {"2"}}}}}});
    EXPECT_EQ(shown(registry.get("tags"), "<b>Async</b> &amp; C IO"), "async@0 io@3");
    registry.define({"grams", {}, {"keyword", {}}, {{"edge_ngram", {{"min_gram", {"1"}}, {"max_gram", {"3"}}}}}});
    EXPECT_EQ(shown(registry.get("grams"), "h\u00e9llo"), "h@0 h\u00e9@0 h\u00e9l@0");
    registry.define({"pairs", {}, {"standard", {}}, {{"lowercase", {}}, {"shingle", {}}}});
    EXPECT_EQ(shown(registry.get("pairs"), "One two three"), "one@0 one two@0 two@1 two three@1 three@2");
    registry.define({"plain", {}, {"standard", {}}, {{"lowercase", {}}, {"asciifolding", {}}}});
    EXPECT_EQ(shown(registry.get("plain"), "Caf\u00e9 Stra\u00dfe \u00c5ngstr\u00f6m plain \u03b1\u00b5"),
              "cafe@0 strasse@1 angstrom@2 plain@3 \u03b1\u00b5@4");
    registry.define({"both", {}, {"standard", {}}, {{"asciifolding", {{"preserve_original", {"true"}}}}}});
    EXPECT_EQ(shown(registry.get("both"), "caf\u00e9 bar \ufb03"), "cafe@0 caf\u00e9@0 bar@1 ffi@2 \ufb03@2");
    registry.define({"mapped", {{"mapping", {{"mappings", {":) => happy", "& => and"}}}}}, {"whitespace", {}}, {}});
    EXPECT_EQ(shown(registry.get("mapped"), "a & :)"), "a@0 and@1 happy@2");
}

TEST(CustomAnalyzer, OffsetsPointIntoTheUnfilteredText) {
    analyzer_registry registry;
    registry.define({"html", {{"html_strip", {}}}, {"standard", {}}, {}});
    const auto tokens = registry.get("html").tokens("<p>caf&eacute; bar</p>");
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[0].text, "caf\u00e9");
    EXPECT_EQ(tokens[0].start, 3u);
    EXPECT_EQ(tokens[0].end, 14u);
    EXPECT_EQ(tokens[1].start, 15u);
}

TEST(CustomAnalyzer, RefusesWhatIsMissingByName) {
    analyzer_registry registry;
    auto message = [&](auto&& act) -> std::string {
        try {
            act();
        } catch (const analysis_error& error) {
            return error.what();
        }
        return "nothing thrown";
    };
    EXPECT_NE(message([&] { registry.define({"x", {}, {"standard", {}}, {{"snowball", {}}}}); }).find("token filter [snowball]"),
              std::string::npos);
    EXPECT_NE(message([&] { registry.define({"x", {}, {"thai", {}}, {}}); }).find("tokenizer [thai]"), std::string::npos);
    EXPECT_NE(message([&] { registry.define_configured("x", {"german", {}}); }).find("[german]"), std::string::npos);
    EXPECT_NE(message([&] { registry.define({"x", {}, {"standard", {{"max_tokens", {"3"}}}}, {}}); }).find("[max_tokens]"),
              std::string::npos);
    EXPECT_NE(message([&] { registry.get("nope"); }).find("there are default english"), std::string::npos);
}

TEST(ConfiguredAnalyzer, TakesOptions) {
    analyzer_registry registry;
    registry.define_configured("short", {"standard", {{"max_token_length", {"3"}}, {"stopwords", {"_english_"}}}});
    EXPECT_EQ(shown(registry.get("short"), "the abcdef"), "abc@1 def@2");
    EXPECT_EQ(registry.get("lowercase").normalize("Ab C"), "ab c");
}

}  // namespace
