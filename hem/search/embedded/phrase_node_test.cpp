// Phrases over random texts against counting in the analysed tokens: holes of stop words, long documents, repeated words, growth.
#include "hem/search/embedded/match.hpp"
#include "hem/search/embedded/query_exec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace {

using namespace hem::search::embedded;

struct counted_document {
    std::vector<std::pair<std::string, std::uint32_t>> tokens;  // with positions, sorted
    std::uint32_t frequency(const std::vector<std::pair<std::string, std::uint32_t>>& phrase) const {
        std::uint32_t count = 0;
        for (const auto& [text, position] : tokens) {
            if (text != phrase.front().first) continue;
            bool all = true;
            for (std::size_t at = 1; all && at < phrase.size(); ++at) {
                const auto wanted = position + phrase[at].second - phrase.front().second;
                all = std::ranges::binary_search(tokens, std::pair(phrase[at].first, wanted));
            }
            count += all ? 1 : 0;
        }
        return count;
    }
};

class Phrases : public testing::Test {
protected:
    Phrases() : opened_({.path = ":memory:"}) {
        field_plan plan;
        plan.fields = {{.name = "body", .analyzer = "english"}};
        texts_ = opened_.create_index({.name = "texts"}, plan);
    }
    std::vector<std::pair<std::string, std::uint32_t>> analysed(std::string_view text) const {
        std::vector<std::pair<std::string, std::uint32_t>> made;
        std::uint32_t next = 0;
        registry_.get("english").analyze(text, [&](const token& each) {
            next += each.position_increment;
            made.emplace_back(std::string(each.text), next - 1);
        });
        return made;
    }
    std::string text(std::size_t words, bool stop_words) {
        std::string made;
        for (; words > 0; --words) {
            const auto roll = from_() % 20;
            made += roll < 4 && stop_words ? "the "
                    : roll < 15            ? std::string(1, "bdfgk"[from_() % 5]) + "oo "
                                           : "rare" + std::to_string(from_() % 9) + " ";
        }
        return made;
    }
    void add(std::size_t count, auto&& make) {
        auto batch = opened_.begin(0);
        for (; count > 0; --count) {
            const std::string body = make();
            document made;
            made.id = std::to_string(documents_.size());
            made.source = "{}";
            made.texts.push_back({0, body});
            batch.put(texts_, prepare(*texts_->plan(), made), {}).value();
            documents_.push_back({analysed(body)});
            std::ranges::sort(documents_.back().tokens);
        }
        batch.commit();
    }
    // The same documents; and of equal lengths the one with more occurrences scores higher, equal ones the same.
    void compare(const std::string& phrase) {
        const auto wanted = analysed(phrase);
        if (wanted.size() < 2) return;
        const auto found =
            search(texts_->snapshot(), make_match(*texts_->plan(), "body", phrase, match_kind::phrase, {}), {.size = 10'000});
        std::map<docno, float> scores;
        for (const auto& each : found.hits) scores[each.document] = each.score;
        std::map<std::size_t, std::map<std::uint32_t, float>> by_length;
        for (docno at = 0; at < documents_.size(); ++at) {
            const auto frequency = documents_[at].frequency(wanted);
            ASSERT_EQ(scores.contains(at), frequency > 0) << phrase << " in " << at;
            if (frequency == 0) continue;
            const auto [known, added] = by_length[documents_[at].tokens.size()].emplace(frequency, scores[at]);
            ASSERT_EQ(known->second, scores[at]) << phrase << " in " << at;
        }
        for (const auto& [length, by_frequency] : by_length) {
            float before = 0;
            for (const auto& [frequency, score] : by_frequency) {
                ASSERT_GT(score, before) << phrase << ", " << frequency << " times in " << length;
                before = score;
            }
        }
    }
    void compare_some() {
        for (int each = 0; each < 60; ++each) compare(text(2 + from_() % 3, each % 2 == 0));
        for (const char* each : {"boo boo", "boo boo boo", "boo the boo", "rare1 the the doo", "doo rare2"}) compare(each);
    }

    store opened_;
    hem::search::embedded::index texts_;
    analyzer_registry registry_;
    std::mt19937 from_{11};
    std::vector<counted_document> documents_;
};

TEST_F(Phrases, CountAsTheTokensSay) {
    add(200, [&] { return text(1 + from_() % 60, false); });
    ASSERT_NO_FATAL_FAILURE(compare_some()) << "no holes";
    add(300, [&] { return text(1 + from_() % 60, from_() % 2 == 0); });
    ASSERT_NO_FATAL_FAILURE(compare_some()) << "some have holes";
    add(10, [&] { return text(700 + from_() % 900, from_() % 2 == 0); });
    ASSERT_NO_FATAL_FAILURE(compare_some()) << "some are long, and the lists have grown";
    opened_.drop_caches();
    ASSERT_NO_FATAL_FAILURE(compare_some()) << "read anew";
}

TEST_F(Phrases, SpanManyWindowsAndBlocks) {
    add(9'000, [&] { return from_() % 50 == 0 ? text(8, true) : std::string("filler"); });
    ASSERT_NO_FATAL_FAILURE(compare_some());
    add(300, [&] { return text(8, true); });
    ASSERT_NO_FATAL_FAILURE(compare_some()) << "the last block has grown";
}

// A frequency that no byte holds.
TEST_F(Phrases, ATermMayStandManyTimesInADocument) {
    std::string many;
    for (int at = 0; at < 300; ++at) many += "boo doo ";
    add(1, [&] { return std::string("boo doo"); });
    add(1, [&] { return many; });
    add(1, [&] { return many + "boo doo"; });
    ASSERT_NO_FATAL_FAILURE(compare("boo doo"));
    const auto term = search(texts_->snapshot(), make_query(term_query{"body", "boo"}), {});
    const auto phrase = search(texts_->snapshot(), make_query(phrase_query{.field = "body", .slots = {{{"boo"}, 0}, {{"doo"}, 1}}}), {});
    ASSERT_EQ(term.hits.size(), 3u);
    ASSERT_EQ(phrase.hits.size(), 3u);
    for (std::size_t at = 0; at < 3; ++at) EXPECT_FLOAT_EQ(phrase.hits[at].score, 2 * term.hits[at].score) << "as often, and twice the idf";
}

}  // namespace
