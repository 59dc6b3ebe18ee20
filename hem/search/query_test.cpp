#include "hem/search/query.hpp"

#include "hem/core/random.hpp"

#include <gtest/gtest.h>

namespace search = hem::search;
using hem::json;
using search::query;

namespace {

struct post {
    search::keyword author;
    search::named<"type", search::keyword> kind;
};

void expect_body(const query& q, std::string_view text) { EXPECT_EQ(q.to_json(), json::parse(text)) << q.dump(); }

TEST(Query, FullText) {
    expect_body(search::match("title", "q"), R"({"match":{"title":"q"}})");
    expect_body(search::match("title", "q", {.op = search::match_operator::all, .fuzziness = "AUTO", .minimum_should_match = "75%"}),
                R"({"match":{"title":{"query":"q","operator":"and","fuzziness":"AUTO","minimum_should_match":"75%"}}})");
    expect_body(search::match("title", "q").boost(2), R"({"match":{"title":{"query":"q","boost":2.0}}})");
    expect_body(search::match_phrase("title", "a b", {.slop = 2}), R"({"match_phrase":{"title":{"query":"a b","slop":2}}})");
    expect_body(search::match_phrase_prefix("title", "a b"), R"({"match_phrase_prefix":{"title":"a b"}})");
    expect_body(search::match_bool_prefix("title", "a b"), R"({"match_bool_prefix":{"title":"a b"}})");
    expect_body(search::multi_match("t", {"title^2", "content"}, {.type = search::multi_match_type::best_fields}),
                R"({"multi_match":{"query":"t","fields":["title^2","content"],"type":"best_fields"}})");
    expect_body(search::combined_fields("t", {"a", "b"}), R"({"combined_fields":{"query":"t","fields":["a","b"]}})");
    expect_body(search::query_string("a AND b", {.fields = {"title"}, .default_operator = search::match_operator::all}),
                R"({"query_string":{"query":"a AND b","fields":["title"],"default_operator":"and"}})");
    expect_body(search::simple_query_string("a + b", {.flags = "AND"}), R"({"simple_query_string":{"query":"a + b","flags":"AND"}})");
}

TEST(Query, TermLevel) {
    expect_body(search::term("author", "ada"), R"({"term":{"author":"ada"}})");
    expect_body(search::term("n", 3), R"({"term":{"n":3}})");
    expect_body(search::term("n", true), R"({"term":{"n":true}})");
    expect_body(search::term("n", std::uint64_t{18446744073709551615u}), R"({"term":{"n":18446744073709551615}})");
    expect_body(search::term("d", search::date::parse("2025-11-20T06:30:00Z")), R"({"term":{"d":"2025-11-20T06:30:00Z"}})");
    expect_body(search::term("author", "ada").boost(1.5).named("who"), R"({"term":{"author":{"value":"ada","boost":1.5,"_name":"who"}}})");
    expect_body(search::terms("tags", {"a", "b"}), R"({"terms":{"tags":["a","b"]}})");
    expect_body(search::terms("tags", std::vector<std::string>{"a"}).boost(2), R"({"terms":{"tags":["a"],"boost":2.0}})");
    expect_body(search::terms_set("tags", std::vector<std::string>{"a"}, {.minimum_should_match_field = "n"}),
                R"({"terms_set":{"tags":{"terms":["a"],"minimum_should_match_field":"n"}}})");
    expect_body(search::range("d", {.gte = "2025-01-01", .lt = "now", .format = "yyyy"}),
                R"({"range":{"d":{"gte":"2025-01-01","lt":"now","format":"yyyy"}}})");
    expect_body(search::exists("a"), R"({"exists":{"field":"a"}})");
    expect_body(search::prefix("a", "x"), R"({"prefix":{"a":"x"}})");
    expect_body(search::wildcard("a", "x*", {.case_insensitive = true}), R"({"wildcard":{"a":{"value":"x*","case_insensitive":true}}})");
    expect_body(search::regexp("a", "x.*"), R"({"regexp":{"a":"x.*"}})");
    expect_body(search::fuzzy("a", "x", {.fuzziness = "1"}), R"({"fuzzy":{"a":{"value":"x","fuzziness":"1"}}})");
    expect_body(search::ids({"1", "2"}), R"({"ids":{"values":["1","2"]}})");
    expect_body(search::match_all(), R"({"match_all":{}})");
    expect_body(search::match_none(), R"({"match_none":{}})");
}

TEST(Query, Compound) {
    const query a = search::term("a", 1), b = search::term("b", 2);
    expect_body(search::boolean({.must = {a}, .filter = {b, query()}, .minimum_should_match = 0}),
                R"({"bool":{"must":[{"term":{"a":1}}],"filter":[{"term":{"b":2}}],"minimum_should_match":0}})");
    expect_body(search::constant_score(a).boost(3), R"({"constant_score":{"filter":{"term":{"a":1}},"boost":3.0}})");
    expect_body(search::dis_max({a, b}, {.tie_breaker = 0.5}),
                R"({"dis_max":{"queries":[{"term":{"a":1}},{"term":{"b":2}}],"tie_breaker":0.5}})");
    expect_body(search::boosting(a, b, 0.2),
                R"({"boosting":{"positive":{"term":{"a":1}},"negative":{"term":{"b":2}},"negative_boost":0.2}})");
    expect_body(
        search::function_score({.query = a,
                                .functions = {search::weight(2).filter(b), search::random_score({.seed = 7, .field = "_seq_no"})},
                                .boost_mode = "sum"}),
        R"({"function_score":{"query":{"term":{"a":1}},"functions":[{"weight":2.0,"filter":{"term":{"b":2}}},{"random_score":{"seed":7,"field":"_seq_no"}}],"boost_mode":"sum"}})");
    expect_body(
        search::function_score({.functions = {search::decay_gauss("d", {.origin = "now", .scale = "10d", .decay = 0.5}),
                                              search::field_value_factor("n", {.factor = 2, .modifier = "log1p"})}}),
        R"({"function_score":{"functions":[{"gauss":{"d":{"origin":"now","scale":"10d","decay":0.5}}},{"field_value_factor":{"field":"n","factor":2.0,"modifier":"log1p"}}]}})");
    expect_body(search::script_score(a, {.source = "1", .params = json::object({{"x", 1}})}),
                R"({"script_score":{"query":{"term":{"a":1}},"script":{"source":"1","params":{"x":1}}}})");
    expect_body(search::nested("comments", a, {.score_mode = "max"}),
                R"({"nested":{"path":"comments","query":{"term":{"a":1}},"score_mode":"max"}})");
    expect_body(search::has_child("reply", a, {.min_children = 2}),
                R"({"has_child":{"type":"reply","query":{"term":{"a":1}},"min_children":2}})");
    expect_body(search::has_parent("post", a, {.score = true}),
                R"({"has_parent":{"parent_type":"post","query":{"term":{"a":1}},"score":true}})");
    expect_body(search::more_like_this({.fields = {"a"}, .like = {"text"}, .min_term_freq = 1}),
                R"({"more_like_this":{"fields":["a"],"like":["text"],"min_term_freq":1}})");
    expect_body(search::geo_distance("place", {1, 2}, "10km"), R"({"geo_distance":{"place":{"lat":1.0,"lon":2.0},"distance":"10km"}})");
    expect_body(search::geo_bounding_box("place", {2, 1}, {1, 2}),
                R"({"geo_bounding_box":{"place":{"top_left":{"lat":2.0,"lon":1.0},"bottom_right":{"lat":1.0,"lon":2.0}}}})");
    expect_body(search::knn("v", {1, 2}, {.k = 3, .filter = a}),
                R"({"knn":{"field":"v","query_vector":[1.0,2.0],"k":3,"filter":{"term":{"a":1}}}})");
}

TEST(Query, EmptyOptionalIsNoQuery) {
    const std::optional<std::string> author;
    EXPECT_TRUE(search::term("author", author).empty());
    EXPECT_TRUE(search::match("author", author).empty());
    EXPECT_TRUE(search::terms("tags", std::optional<std::vector<std::string>>()).empty());
    EXPECT_TRUE(search::range("d", {.gte = std::optional<int>()}).empty());
    EXPECT_FALSE(search::term("author", std::optional<std::string>("ada")).empty());
    const query a = search::term("a", 1);
    EXPECT_EQ(a & query(), a);
    EXPECT_EQ(query() | a, a);
    EXPECT_TRUE((~query()).empty());
    EXPECT_TRUE(query().boost(2).empty());
}

TEST(Query, FieldNamesOfMembers) {
    expect_body(search::term(search::at<&post::author>, "ada"), R"({"term":{"author":"ada"}})");
    expect_body(search::term(search::at<&post::kind>, "x"), R"({"term":{"type":"x"}})");
}

TEST(Query, JsonBothWays) {
    for (
        const char* text :
        {R"({"match":{"title":"q"}})", R"({"match":{"title":{"query":"q","boost":2.0}}})", R"({"range":{"d":{"gte":1}}})",
         R"({"terms":{"tags":["a"],"boost":2.0}})",
         R"({"bool":{"must":[{"term":{"a":1}}],"should":[{"bool":{"must_not":[{"term":{"b":2}}]}}],"minimum_should_match":"50%","boost":2}})",
         R"({"multi_match":{"query":"x","fields":["a"]}})", R"({"unheard_of":{"x":{"y":[1,2]}}})", R"({"unheard_of":"text"})",
         R"({"match_all":{}})", R"({"geo_distance":{"distance":"1km","place":[1,2]}})", R"({"term":{"a":{"value":null}}})",
         R"({"intervals":{"a":{"match":{"query":"x"}}}})"}) {
        const query read = query::from_json(json::parse(text));
        EXPECT_EQ(read.to_json(), json::parse(text));
        EXPECT_EQ(query::from_json(read.to_json()), read);
    }
    // One clause without a list is the same query.
    EXPECT_EQ(query::from_json(json::parse(R"({"bool":{"must":{"term":{"a":1}}}})")), search::boolean({.must = {search::term("a", 1)}}));
    EXPECT_EQ(query::raw(json::parse(R"({"x":{}})")).option("boost", 2).to_json(), json::parse(R"({"x":{"boost":2}})"));
    EXPECT_THROW(query::from_json(json::parse(R"({"a":{},"b":{}})")), std::invalid_argument);
    EXPECT_THROW(query::from_json(json::object()), std::invalid_argument);
    EXPECT_THROW(query::raw(json(1)), std::invalid_argument);
}

// ---- algebra --------------------------------------------------------------------------------------------------------------------

TEST(QueryAlgebra, And) {
    const query a = search::term("a", 1), b = search::term("b", 1), c = search::term("c", 1);
    expect_body(a & b, R"({"bool":{"must":[{"term":{"a":1}},{"term":{"b":1}}]}})");
    expect_body(a & b & c, R"({"bool":{"must":[{"term":{"a":1}},{"term":{"b":1}},{"term":{"c":1}}]}})");
    expect_body(a & search::boolean({.filter = {b}}), R"({"bool":{"must":[{"term":{"a":1}}],"filter":[{"term":{"b":1}}]}})");
    // The bool had only should: one of them was needed, and still is.
    expect_body((a | b) & c,
                R"({"bool":{"must":[{"term":{"c":1}}],"should":[{"term":{"a":1}},{"term":{"b":1}}],"minimum_should_match":1}})");
    // Both optional lists join; the minimum is written even when it is 0.
    expect_body(
        search::boolean({.must = {a}, .should = {b}}) & search::boolean({.must = {a}, .should = {c}}),
        R"({"bool":{"must":[{"term":{"a":1}},{"term":{"a":1}}],"should":[{"term":{"b":1}},{"term":{"c":1}}],"minimum_should_match":0}})");
    // The first keeps its should, the second becomes a bool of its own.
    expect_body(
        (a | b) & (b | c),
        R"({"bool":{"must":[{"bool":{"should":[{"term":{"b":1}},{"term":{"c":1}}],"minimum_should_match":1}}],"should":[{"term":{"a":1}},{"term":{"b":1}}],"minimum_should_match":1}})");
    // All of the optional clauses are required: they are must clauses.
    expect_body(search::boolean({.should = {a, b}, .minimum_should_match = 2}) & search::boolean({.must_not = {c}}),
                R"({"bool":{"must":[{"term":{"a":1}},{"term":{"b":1}}],"must_not":[{"term":{"c":1}}]}})");
    EXPECT_THROW((void)(search::boolean({.should = {a}, .minimum_should_match = "50%"}) & search::boolean({.must = {b}})),
                 std::invalid_argument);
    EXPECT_THROW((void)(search::boolean({.should = {a}, .minimum_should_match = -1}) & search::boolean({.must = {b}})),
                 std::invalid_argument);
    // A boost belongs to the whole bool, so it is not taken apart.
    expect_body(search::boolean({.must = {a}}).boost(2) & b,
                R"({"bool":{"must":[{"bool":{"must":[{"term":{"a":1}}],"boost":2.0}},{"term":{"b":1}}]}})");
}

TEST(QueryAlgebra, Or) {
    const query a = search::term("a", 1), b = search::term("b", 1), c = search::term("c", 1);
    expect_body(a | b, R"({"bool":{"should":[{"term":{"a":1}},{"term":{"b":1}}]}})");
    expect_body((a | b) | c, R"({"bool":{"should":[{"term":{"a":1}},{"term":{"b":1}},{"term":{"c":1}}]}})");
    expect_body(c | (a | b), R"({"bool":{"should":[{"term":{"a":1}},{"term":{"b":1}},{"term":{"c":1}}]}})");
    expect_body((a | b) | (b | c), R"({"bool":{"should":[{"term":{"a":1}},{"term":{"b":1}},{"term":{"b":1}},{"term":{"c":1}}]}})");
    expect_body((a & b) | c, R"({"bool":{"should":[{"bool":{"must":[{"term":{"a":1}},{"term":{"b":1}}]}},{"term":{"c":1}}]}})");
}

TEST(QueryAlgebra, Not) {
    const query a = search::term("a", 1), b = search::term("b", 1);
    expect_body(~a, R"({"bool":{"must_not":[{"term":{"a":1}}]}})");
    EXPECT_EQ(~~a, a);
    expect_body(~search::boolean({}), R"({"match_none":{}})");
    expect_body(~(a & b), R"({"bool":{"should":[{"bool":{"must_not":[{"term":{"a":1}}]}},{"bool":{"must_not":[{"term":{"b":1}}]}}]}})");
    expect_body(~(a | b), R"({"bool":{"must_not":[{"term":{"a":1}},{"term":{"b":1}}]}})");
}

// What a bool means, over documents that are sets of true terms.
bool matches(const json& q, unsigned terms) {
    const auto& [kind, body] = q.items().front();
    if (kind == "match_none") return false;
    if (kind == "term") return (terms >> (body.items().front().first[0] - 'a') & 1) != 0;
    const auto all = [&](const char* key, bool wanted) {
        for (const json& each : body[key].elements()) {
            if (matches(each, terms) != wanted) return false;
        }
        return true;
    };
    if (!all("must", true) || !all("filter", true) || !all("must_not", false)) return false;
    const auto should = body["should"].elements();
    std::int64_t found = 0;
    for (const json& each : should) found += matches(each, terms) ? 1 : 0;
    const bool required = !body["must"].empty() || !body["filter"].empty();
    const std::int64_t minimum = body.contains("minimum_should_match") ? body["minimum_should_match"].as_int64()
                                 : should.empty() || required          ? 0
                                                                       : 1;
    return found >= minimum;
}

query random_query(hem::random_generator& random, int depth) {
    if (depth == 0 || random.below(3) == 0) return search::term(std::string(1, static_cast<char>('a' + random.below(4))), 1);
    const auto list = [&](std::uint64_t most) {
        std::vector<query> made;
        for (std::uint64_t i = random.below(most + 1); i > 0; --i) made.push_back(random_query(random, depth - 1));
        return made;
    };
    search::boolean_clauses clauses{.must = list(2), .filter = list(1), .should = list(3), .must_not = list(1)};
    if (!clauses.should.empty() && random.below(3) == 0) {
        const bool required = !clauses.must.empty() || !clauses.filter.empty();
        const std::uint64_t low = required ? 0 : 1;
        clauses.minimum_should_match = static_cast<int>(low + random.below(clauses.should.size() + 1 - low));
    }
    return search::boolean(clauses);
}

TEST(QueryAlgebra, OperatorsKeepTheHits) {
    hem::random_generator random(11);
    for (int round = 0; round < 1000; ++round) {
        const query a = random_query(random, 2), b = random_query(random, 2);
        const json left = a.to_json(), right = b.to_json(), both = (a & b).to_json(), either = (a | b).to_json(), neither = (~a).to_json(),
                   again = (~~a).to_json();
        for (unsigned terms = 0; terms < 16; ++terms) {
            const bool in_a = matches(left, terms), in_b = matches(right, terms);
            ASSERT_EQ(matches(both, terms), in_a && in_b) << left.dump() << " & " << right.dump() << " = " << both.dump();
            ASSERT_EQ(matches(either, terms), in_a || in_b) << left.dump() << " | " << right.dump() << " = " << either.dump();
            ASSERT_EQ(matches(neither, terms), !in_a) << "~" << left.dump() << " = " << neither.dump();
            ASSERT_EQ(matches(again, terms), in_a) << "~~" << left.dump() << " = " << again.dump();
        }
        ASSERT_EQ(query::from_json(left), a);
    }
}

}  // namespace
