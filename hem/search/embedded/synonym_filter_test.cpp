// The filter alone; what a server makes of the same rules is in conformance/synonyms.json.
#include "hem/search/embedded/analysis.hpp"
#include "hem/search/embedded/match.hpp"
#include "hem/search/embedded/rest_error.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem::search::embedded;

analyzer with_rules(std::vector<std::string> rules, std::vector<std::pair<std::string, std::vector<std::string>>> more = {}) {
    more.emplace_back("synonyms", std::move(rules));
    return analyzer({"test", {}, {"standard", {}}, {{"lowercase", {}}, {"synonym", std::move(more)}}});
}

// "term@position" of each token, with "*length" where it is not 1 and "~" for added ones.
std::string shown(const analyzer& with, std::string_view text) {
    std::string out;
    for (const auto& each : with.tokens(text)) {
        out += (out.empty() ? "" : " ") + std::string(each.type == token_type::synonym ? "~" : "") + each.text + "@" +
               std::to_string(each.position);
        if (each.position_length != 1) out += "*" + std::to_string(each.position_length);
    }
    return out;
}

std::string refusal(std::vector<std::string> rules, std::vector<std::pair<std::string, std::vector<std::string>>> more = {}) {
    try {
        (void)with_rules(std::move(rules), std::move(more));
    } catch (const analysis_error& fault) {
        return fault.what();
    }
    return "none";
}

TEST(SynonymFilter, TheLongestRuleApplies) {
    const auto with = with_rules({"a b c => x", "a b => y", "a => z", "c d e => w"});
    EXPECT_EQ(shown(with, "a b c d"), "~x@0 d@1");
    EXPECT_EQ(shown(with, "a b d"), "~y@0 d@1");
    EXPECT_EQ(shown(with, "a a b"), "~z@0 ~y@1");
    EXPECT_EQ(shown(with, "c d a"), "c@0 d@1 ~z@2") << "the beginning of a rule is no match";
    EXPECT_EQ(shown(with, "c d"), "c@0 d@1") << "nor at the end of the text";
    EXPECT_EQ(shown(with, ""), "");
}

TEST(SynonymFilter, PhrasesStandBesideTheWordsThatFollow) {
    const auto with = with_rules({"pc, personal computer"});
    EXPECT_EQ(shown(with, "pc games"), "pc@0 ~personal@0 games@1 ~computer@1");
    EXPECT_EQ(shown(with, "pc"), "pc@0 ~personal@0 ~computer@1");
    EXPECT_EQ(shown(with, "personal computer games"), "personal@0 ~pc@0*2 computer@1 games@2");
}

TEST(SynonymFilter, RulesOfOneWordAreJoinedInTheirOrder) {
    EXPECT_EQ(shown(with_rules({"a, b", "a => c", "a, b"}), "a"), "a@0 ~b@0 ~c@0");
    EXPECT_EQ(shown(with_rules({"a, b, c"}, {{"expand", {"false"}}}), "b a"), "~a@0 ~a@1");
    EXPECT_EQ(shown(with_rules({"# a, b", ""}), "a"), "a@0");
    EXPECT_EQ(shown(with_rules({"c\\+\\+, plus, x\\,y"}), "plus"), "plus@0 ~c@0 ~x@0 ~y@1")
        << "what is escaped goes through the tokenizer, too";
}

TEST(SynonymFilter, RefusesWhatItCannotRead) {
    EXPECT_NE(refusal({"a => b => c"}).find("Failed to build synonyms: the rule [a => b => c]"), std::string::npos);
    EXPECT_NE(refusal({"a, !"}).find("leave nothing of [ !]"), std::string::npos) << refusal({"a, !"});
    EXPECT_EQ(refusal({"a, !"}, {{"lenient", {"true"}}}), "none");
    EXPECT_NE(refusal({"a, b"}, {{"format", {"wordnet"}}}).find("the embedded engine does not support the format [wordnet]"),
              std::string::npos);
    EXPECT_NE(refusal({}, {{"synonyms_path", {"words.txt"}}}).find("[synonyms_path]"), std::string::npos);
    EXPECT_NE(refusal({"a, b"}, {{"other", {"1"}}}).find("[other]"), std::string::npos);
}

class SynonymQueries : public testing::Test {
protected:
    SynonymQueries() {
        auto analyzers = std::make_shared<analyzer_registry>();
        analyzers->define({"same", {}, {"standard", {}}, {{"lowercase", {}}, {"synonym", {{"synonyms", {"pc, personal computer"}}}}}});
        plan_.fields = {{.name = "body", .analyzer = "same"}};
        plan_.analyzers = analyzers;
    }
    query match(std::string_view text, match_kind kind, match_options options = {}) const {
        return make_match(plan_, "body", text, kind, options);
    }
    field_plan plan_;
};

// A server makes span queries of these; they score differently from all that the engine has.
TEST_F(SynonymQueries, PhrasesOverSeveralWaysAreRefusedByName) {
    for (const auto kind : {match_kind::phrase, match_kind::phrase_prefix, match_kind::bool_prefix}) {
        try {
            match("personal computer games", kind);
            ADD_FAILURE() << "not refused";
        } catch (const rest_error& fault) {
            EXPECT_EQ(fault.status(), 400);
            EXPECT_TRUE(fault.reason().starts_with("the embedded engine does not support")) << fault.reason();
        }
    }
    EXPECT_NO_THROW(match("pc games", match_kind::phrase));
    EXPECT_NO_THROW(match("personal computer games", match_kind::phrase, {.slop = 1}));
}

TEST_F(SynonymQueries, TooManyWaysAreAnError) {
    std::string text;
    for (int at = 0; at < 11; ++at) text += "personal computer ";
    EXPECT_NO_THROW(match(text, match_kind::terms)) << "each pair of ways by itself";
    EXPECT_THROW(match(text, match_kind::phrase, {.slop = 1}), query_error) << "2 to the 11th";
}

}  // namespace
