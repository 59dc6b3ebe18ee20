#include "hem/search/embedded/match.hpp"
#include "hem/search/embedded/query_exec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace {

using namespace hem::search::embedded;

class Queries : public testing::Test {
protected:
    Queries() : opened_({.path = ":memory:"}) {
        field_plan plan;
        plan.fields = {{.name = "title", .analyzer = "english"},        {.name = "body"},
                       {.name = "author", .kind = field_kind::keyword}, {.name = "tags", .kind = field_kind::keyword},
                       {.name = "rating", .kind = field_kind::integer}, {.name = "price", .kind = field_kind::floating},
                       {.name = "open", .kind = field_kind::boolean}};
        posts_ = opened_.create_index({.name = "posts"}, plan);
    }
    void add(const std::string& id, std::vector<std::string_view> title, std::string_view body, std::string_view author,
             std::vector<std::string_view> tags, std::optional<std::int64_t> rating, std::optional<double> price = {}) {
        document made;
        made.id = id;
        made.source = body;
        for (const auto each : title) made.texts.push_back({0, each});
        made.texts.push_back({1, body});
        if (!author.empty()) made.texts.push_back({2, author});
        for (const auto each : tags) made.texts.push_back({3, each});
        if (rating.has_value()) made.integers = {{4, *rating}, {6, *rating % 2 == 0 ? 1 : 0}};
        if (price.has_value()) made.doubles = {{5, *price}};
        auto batch = opened_.begin(0);
        batch.put(posts_, prepare(*posts_->plan(), made), {}).value();
        batch.commit();
    }
    void some() {
        add("a", {"The quick brown fox"}, "one two three two", "ann", {"x", "y"}, 4, 1.5);
        add("b", {"Foxes are quick"}, "two three", "bob", {"y"}, 7, 2.5);
        add("c", {"Lazy dogs", "and running foxes"}, "three one", "ann", {}, {}, -1.0);
        add("d", {}, "", "", {"z", "x", "x"}, -3);
    }
    std::string ids(const query& what, search_options options = {}) {
        const auto view = posts_->snapshot();
        options.track_total_hits = exact_total;
        const auto found = search(view, what, options);
        std::vector<docno> numbers;
        for (const auto& each : found.hits) numbers.push_back(each.document);
        std::string out;
        for (const auto& each : view->fetch(numbers)) out += each.id;
        EXPECT_GE(found.total, static_cast<std::int64_t>(found.hits.size()));
        EXPECT_EQ(count(view, what), matches(view, what).count);
        return out;
    }
    std::string match(std::string_view field, std::string_view text, match_kind kind = match_kind::terms, match_options options = {}) {
        return ids(make_match(*posts_->plan(), field, text, kind, options));
    }
    static query all_of(std::vector<query> must) {
        boolean_query made;
        made.must = std::move(must);
        return make_query(std::move(made));
    }
    store opened_;
    hem::search::embedded::index posts_;
};

TEST_F(Queries, MatchAnalysesAndRanks) {
    some();
    EXPECT_EQ(match("title", "fox"), "bac") << "shorter fields first";
    EXPECT_EQ(match("title", "quick FOXES"), "bac");
    EXPECT_EQ(match("title", "quick lazy", match_kind::terms, {.all_terms = true}), "");
    EXPECT_EQ(match("body", "one two three", match_kind::terms, {.minimum_should_match = "3"}), "a");
    EXPECT_EQ(match("title", "the"), "");
    EXPECT_EQ(match("title", "the", match_kind::terms, {.zero_terms_all = true}).size(), 4u);
    EXPECT_EQ(match("nothing", "fox"), "");
    EXPECT_EQ(match("body", "thre", match_kind::terms, {.fuzziness = -1}), "bca");
}

TEST_F(Queries, PhrasesRespectPositionsAndHoles) {
    some();
    EXPECT_EQ(match("title", "quick brown", match_kind::phrase), "a");
    EXPECT_EQ(match("title", "brown quick", match_kind::phrase), "");
    EXPECT_EQ(match("title", "brown quick", match_kind::phrase, {.slop = 2}), "a");
    EXPECT_EQ(match("title", "foxes quick", match_kind::phrase), "") << "a stop word leaves a hole";
    EXPECT_EQ(match("title", "foxes were quick", match_kind::phrase), "") << "were is no stop word";
    EXPECT_EQ(match("title", "foxes is quick", match_kind::phrase), "b");
    EXPECT_EQ(match("title", "dogs running", match_kind::phrase), "") << "values of an array are far apart";
    EXPECT_EQ(match("title", "quick br", match_kind::phrase_prefix), "a");
    EXPECT_EQ(match("title", "quick br", match_kind::bool_prefix), "ab");
    EXPECT_EQ(match("title", "qui", match_kind::bool_prefix), "ab");
    EXPECT_EQ(match("title", "qui ", match_kind::bool_prefix), "") << "a word that a space follows is whole";
    EXPECT_EQ(match("title", "qui the", match_kind::bool_prefix), "");
}

TEST_F(Queries, ColumnsFilter) {
    some();
    EXPECT_EQ(ids(make_query(term_query{"author", "ann"})), "ac");
    EXPECT_EQ(ids(make_query(terms_query{"tags", {"z", "y"}})), "abd");
    EXPECT_EQ(ids(make_query(term_query{"rating", std::int64_t{7}})), "b");
    EXPECT_EQ(ids(make_query(term_query{"price", 2.5})), "b");
    EXPECT_EQ(ids(make_query(term_query{"open", std::int64_t{1}})), "a");
    EXPECT_EQ(ids(make_query(range_query{"rating", range_query::bound{std::int64_t{-3}, false}, {}})), "ab");
    EXPECT_EQ(ids(make_query(range_query{"rating", range_query::bound{-3.5}, range_query::bound{4.9}})), "ad");
    EXPECT_EQ(ids(make_query(range_query{"price", {}, range_query::bound{1.5, false}})), "c");
    EXPECT_EQ(ids(make_query(range_query{"author", range_query::bound{std::string("b")}, {}})), "b");
    EXPECT_EQ(ids(make_query(exists_query{"rating"})), "abd");
    EXPECT_EQ(ids(make_query(exists_query{"title"})), "abc");
    EXPECT_EQ(ids(make_query(exists_query{"body"})), "abcd") << "an empty text is a value";
    EXPECT_EQ(ids(make_query(ids_query{{"c", "a", "zzz"}})), "ac");
    EXPECT_EQ(ids(make_query(prefix_query{"author", "a"})), "ac");
    EXPECT_EQ(ids(make_query(wildcard_query{"title", "f?x"})), "abc");
    EXPECT_EQ(ids(make_query(regexp_query{"title", "qu.*|dog"})), "abc");
    EXPECT_THROW(ids(make_query(prefix_query{"rating", "1"})), query_error);
}

TEST_F(Queries, CompoundsCombine) {
    some();
    boolean_query made;
    made.must = {make_query(term_query{"title", "fox"})};
    made.must_not = {make_query(term_query{"author", "bob"})};
    EXPECT_EQ(ids(make_query(made)), "ac");
    boolean_query only_not;
    only_not.must_not = made.must_not;
    EXPECT_EQ(ids(make_query(only_not)), "acd");
    EXPECT_EQ(ids(make_query(boolean_query{})), "abcd");
    made.filter = {make_query(term_query{"tags", "x"})};
    EXPECT_EQ(ids(make_query(made)), "a");
    boolean_query two;
    two.should = {make_query(term_query{"tags", "x"}), make_query(term_query{"tags", "y"}), make_query(term_query{"author", "ann"})};
    two.minimum_should_match = 2;
    EXPECT_EQ(ids(make_query(two)), "a");
    EXPECT_EQ(ids(make_query(constant_score_query{{make_query(two)}}, 3)), "a");
    EXPECT_EQ(ids(make_query(boosting_query{{make_query(term_query{"title", "fox"})}, {make_query(term_query{"author", "bob"})}, 0.1f})),
              "acb");
}

TEST_F(Queries, FiltersScoreZeroAndConstantsTheirBoost) {
    some();
    boolean_query filtered;
    filtered.filter = {make_query(term_query{"title", "fox"})};
    EXPECT_EQ(search(posts_->snapshot(), make_query(filtered), {}).max_score, 0.0f);
    EXPECT_EQ(search(posts_->snapshot(), make_query(match_all_query{}, 2.5f), {}).max_score, 2.5f);
    EXPECT_EQ(search(posts_->snapshot(), make_query(match_none_query{}), {}).max_score, std::nullopt);
    EXPECT_EQ(search(posts_->snapshot(), make_query(match_all_query{}), {.size = 0}).max_score, std::nullopt);
}

TEST_F(Queries, SortsByColumnsWithMissingValues) {
    some();
    const auto every = make_query(match_all_query{});
    EXPECT_EQ(ids(every, {.sort = {{.what = sort_key::by::field, .field = "rating"}}}), "dabc");
    EXPECT_EQ(ids(every, {.sort = {{.what = sort_key::by::field, .field = "rating", .descending = true}}}), "badc");
    EXPECT_EQ(ids(every, {.sort = {{.what = sort_key::by::field, .field = "rating", .missing_first = true}}}), "cdab");
    EXPECT_EQ(ids(every, {.sort = {{.what = sort_key::by::field, .field = "author", .descending = true},
                                   {.what = sort_key::by::field, .field = "price"}}}),
              "bcad");
    EXPECT_EQ(ids(every, {.sort = {{.what = sort_key::by::field, .field = "tags"}}}), "adbc");
    EXPECT_EQ(ids(every, {.size = 2, .from = 1, .sort = {{.what = sort_key::by::field, .field = "rating"}}}), "ab");
    const auto found = search(posts_->snapshot(), every, {.sort = {{.what = sort_key::by::field, .field = "rating"}}});
    EXPECT_EQ(found.hits[3].sort[0], sort_value(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(found.max_score, std::nullopt);
}

TEST_F(Queries, SearchAfterGoesOnWhereAPageEnded) {
    for (int at = 0; at < 300; ++at) add(std::to_string(at), {"fox"}, "x", "ann", {}, at % 7);
    for (const bool by_rating : {true, false}) {
        search_options options{.size = 40};
        if (by_rating)
            options.sort = {{.what = sort_key::by::field, .field = "rating", .descending = true}, {.what = sort_key::by::document}};
        std::map<docno, int> seen;
        for (int page = 0; page < 20; ++page) {
            const auto found = search(posts_->snapshot(), make_query(term_query{"title", "fox"}), options);
            if (found.hits.empty()) break;
            for (const auto& each : found.hits) ++seen[each.document];
            const auto& last = found.hits.back();
            options.search_after =
                by_rating ? last.sort : std::vector<sort_value>{static_cast<double>(last.score), static_cast<std::int64_t>(last.document)};
        }
        EXPECT_EQ(seen.size(), 300u);
        for (const auto& [document, times] : seen) EXPECT_EQ(times, 1) << document;
    }
}

TEST_F(Queries, PostFilterLeavesMatchesForAggregations) {
    some();
    const auto only_bob = make_query(term_query{"author", "bob"});
    const auto found =
        search(posts_->snapshot(), make_query(term_query{"title", "fox"}), {.post_filter = &only_bob, .collect_matches = true});
    EXPECT_EQ(found.total, 1);
    EXPECT_EQ(found.matches.count, 3);
    EXPECT_TRUE(found.matches.contains(2));
}

TEST_F(Queries, TotalsAreCappedButCountedExactly) {
    for (int at = 0; at < 30; ++at) add(std::to_string(at), {"fox"}, "x", "", {}, {});
    const auto found = search(posts_->snapshot(), make_query(match_all_query{}), {.track_total_hits = 20});
    EXPECT_EQ(found.total, 20);
    EXPECT_FALSE(found.exact);
}

// Every combination is compared with a plain evaluation of the same data.
TEST_F(Queries, BooleansAgreeWithAPlainEvaluation) {
    std::mt19937 random(5);
    constexpr int documents = 9000;
    std::vector<std::vector<int>> values(documents);
    {
        auto batch = opened_.begin(0);
        for (int at = 0; at < documents; ++at) {
            document made;
            made.id = std::to_string(at);
            std::string text;
            for (int word = 0; word < 6; ++word) {
                if (random() % 3 == 0) values[at].push_back(word), text += "w" + std::to_string(word) + " ";
            }
            made.texts = {{1, text}};
            batch.put(posts_, prepare(*posts_->plan(), made), {}).value();
        }
        for (int at = 0; at < documents; at += 7) {
            batch.remove(posts_, std::to_string(at), {}).value();
            values[at] = {-1};
        }
        batch.commit();
    }
    auto has = [&](int document, int word) { return std::ranges::find(values[document], word) != values[document].end(); };
    for (int round = 0; round < 60; ++round) {
        boolean_query made;
        std::vector<int> must, should, must_not;
        for (int word = 0; word < 6; ++word) {
            const auto term = make_query(term_query{"body", "w" + std::to_string(word)});
            switch (random() % 5) {
            case 0: must.push_back(word), (random() % 2 != 0 ? made.must : made.filter).push_back(term); break;
            case 1: must_not.push_back(word), made.must_not.push_back(term); break;
            case 2:
            case 3: should.push_back(word), made.should.push_back(term); break;
            default: break;
            }
        }
        if (!should.empty() && random() % 2 != 0) made.minimum_should_match = static_cast<int>(random() % (should.size() + 1));
        const int minimum = std::max(made.minimum_should_match.value_or(0), must.empty() && !should.empty() ? 1 : 0);
        std::int64_t expected = 0;
        for (int at = 0; at < documents; ++at) {
            if (at % 7 == 0) continue;
            const auto hits = std::ranges::count_if(should, [&](int word) { return has(at, word); });
            if (std::ranges::all_of(must, [&](int word) { return has(at, word); }) &&
                std::ranges::none_of(must_not, [&](int word) { return has(at, word); }) && hits >= minimum) {
                ++expected;
            }
        }
        EXPECT_EQ(count(posts_->snapshot(), make_query(made)), expected);
        EXPECT_EQ(search(posts_->snapshot(), make_query(made), {.track_total_hits = exact_total}).total, expected);
    }
}

// Frequencies are counted without asking FTS5 for each position; positions are asked for one by one. Both must agree, also after growth.
TEST_F(Queries, FrequenciesAgreeWithPositions) {
    std::string text;
    for (int at = 0; at < 400; ++at) {
        text += at % 3 == 0 ? "fox " : "filler" + std::to_string(at) + " ";
        if (at % 40 == 0) add(std::to_string(at), {}, text, "", {}, {});
        const auto both = search(posts_->snapshot(), make_query(term_query{"body", "fox"}), {.size = 100});
        const auto again = search(posts_->snapshot(), make_query(phrase_query{.field = "body", .slots = {{{"fox"}, 0}}}), {.size = 100});
        ASSERT_EQ(both.hits.size(), again.hits.size());
        for (std::size_t hit = 0; hit < both.hits.size(); ++hit) ASSERT_EQ(both.hits[hit].score, again.hits[hit].score);
        if (at % 80 == 0) opened_.drop_caches();
    }
}

TEST_F(Queries, MinimumShouldMatchIsRead) {
    EXPECT_EQ(parse_minimum_should_match("3", 5), 3);
    EXPECT_EQ(parse_minimum_should_match("-2", 5), 3);
    EXPECT_EQ(parse_minimum_should_match("75%", 5), 3);
    EXPECT_EQ(parse_minimum_should_match("-25%", 5), 4);
    EXPECT_EQ(parse_minimum_should_match("3<90%", 3), 3);
    EXPECT_EQ(parse_minimum_should_match("2<-25% 9<-3", 12), 9);
    EXPECT_EQ(parse_minimum_should_match("9", 5), 5);
    EXPECT_THROW(parse_minimum_should_match("x", 5), query_error);
}

TEST_F(Queries, HighlightTermsNameWhatIsLookedFor) {
    some();
    boolean_query made;
    made.must = {make_match(*posts_->plan(), "title", "quick foxes", match_kind::phrase, {}),
                 make_query(fuzzy_query{.field = "body", .value = "thre"})};
    made.must_not = {make_query(term_query{"title", "dog"})};
    const auto terms = highlight_terms(posts_->snapshot(), make_query(made));
    ASSERT_EQ(terms.size(), 3u);
    EXPECT_EQ(terms[0].text, "quick");
    EXPECT_EQ(terms[0].phrase, 0);
    EXPECT_EQ(terms[1].text, "fox");
    EXPECT_EQ(terms[1].position, 1u);
    EXPECT_EQ(terms[2].text, "three");
}

}  // namespace
