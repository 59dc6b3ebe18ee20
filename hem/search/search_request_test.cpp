#include "hem/search/search_request.hpp"

#include <gtest/gtest.h>

namespace search = hem::search;
using hem::json;
using search::query;

namespace {

using request = search::search_request<>;

void expect_body(const request& r, std::string_view text) { EXPECT_EQ(r.to_json(), json::parse(text)) << r.dump(); }

TEST(SearchRequest, IsAValue) {
    const request base;
    const request one = base.query(search::term("a", 1));
    const request two = one.query(search::term("b", 1));
    expect_body(base, "{}");
    expect_body(one, R"({"query":{"term":{"a":1}}})");
    expect_body(two, R"({"query":{"bool":{"must":[{"term":{"a":1}},{"term":{"b":1}}]}}})");
    expect_body(two.with_query(search::match_all()), R"({"query":{"match_all":{}}})");
    expect_body(one.query(query()).filter(query()).post_filter(query()).exclude(query()), R"({"query":{"term":{"a":1}}})");
}

TEST(SearchRequest, Slices) {
    expect_body(request().slice(10, 30), R"({"from":10,"size":20})");
    expect_body(request().slice(10, 30).slice(5, 10), R"({"from":15,"size":5})");
    expect_body(request().slice(10, 30).slice(15, 40), R"({"from":25,"size":5})");
    expect_body(request().slice(3), R"({"from":3,"size":1})");
    EXPECT_THROW((void)request().slice(-1, 5), std::invalid_argument);
    EXPECT_THROW((void)request().slice(5, 4), std::invalid_argument);
}

TEST(SearchRequest, Keys) {
    expect_body(request().sort("a", "-b", "_score", json::parse(R"({"c":{"missing":"_first"}})")),
                R"({"sort":["a",{"b":{"order":"desc"}},"_score",{"c":{"missing":"_first"}}]})");
    expect_body(request().sort("a").sort(), "{}");
    EXPECT_THROW((void)request().sort("-_score"), std::invalid_argument);
    expect_body(request().source(false).track_total_hits(true).min_score(0.5),
                R"({"_source":false,"track_total_hits":true,"min_score":0.5})");
    expect_body(request().track_total_hits(100).search_after({json(1), json("x")}), R"({"track_total_hits":100,"search_after":[1,"x"]})");
    expect_body(request()
                    .highlight("title")
                    .highlight({"content"}, {.number_of_fragments = 2})
                    .highlight_options(json::object({{"pre_tags", json::array({"<b>"})}})),
                R"({"highlight":{"fields":{"title":{},"content":{"number_of_fragments":2}},"pre_tags":["<b>"]}})");
    expect_body(request().extra("explain", true).suggest(json::object({{"x", 1}})), R"({"explain":true,"suggest":{"x":1}})");
    expect_body(
        request()
            .aggregate("a", search::terms("x").size(5).order("_key", "asc").aggregate("m", search::avg("y")))
            .aggregate("h", search::histogram("y", 10)),
        R"({"aggs":{"a":{"terms":{"field":"x","size":5,"order":{"_key":"asc"}},"aggs":{"m":{"avg":{"field":"y"}}}},"h":{"histogram":{"field":"y","interval":10.0}}}})");
}

TEST(SearchRequest, JsonBothWays) {
    const char* const text =
        R"({"query":{"match":{"a":"b"}},"aggregations":{"x":{"terms":{"field":"f"}}},"from":1,"size":2,"sort":["a"],"unknown":{"k":[1]},"highlight":{"fields":{}}})";
    const request read = request::from_json(json::parse(text));
    expect_body(
        read,
        R"({"query":{"match":{"a":"b"}},"aggs":{"x":{"terms":{"field":"f"}}},"from":1,"size":2,"sort":["a"],"unknown":{"k":[1]},"highlight":{"fields":{}}})");
    EXPECT_EQ(request::from_json(read.to_json()).to_json(), read.to_json());
    EXPECT_THROW(request::from_json(json::parse(R"({"query":{"a":{},"b":{}}})")), std::invalid_argument);
    EXPECT_THROW(request::from_json(json(1)), std::invalid_argument);
}

// ---- responses ------------------------------------------------------------------------------------------------------------------

const char* const answer =
    R"({"took":5,"timed_out":false,"_shards":{"total":2,"successful":1,"skipped":0,"failed":1,"failures":[{"shard":1,"index":"i","node":"n","reason":{"type":"t","reason":"r"}}]},
    "hits":{"total":{"value":10000,"relation":"gte"},"max_score":2.5,"hits":[{"_index":"i","_id":"1","_score":2.5,"_version":3,"_seq_no":4,"_primary_term":1,"_routing":"x",
    "_source":{"title":"a\u00e9\ud83d\ude00","n":{"m":[1,2]},"a.b":"dotted"},"sort":["k",null,3],"matched_queries":["q"],"fields":{"f":[1]}},{"_index":"i","_id":"2","_score":null,"_source":{}}]},
    "aggregations":{"s":{"count":2,"min":1.0,"max":3.0,"avg":2.0,"sum":4.0},"e":{"value":null},"n":{"doc_count":4,"inner":{"value":7}},
    "r":{"buckets":{"low":{"to":5.0,"doc_count":1}}},"h":{"buckets":[{"key":10.0,"doc_count":1}]},"t":{"buckets":[{"key":5,"doc_count":1},{"key":true,"doc_count":1},{"key":1.5,"doc_count":1}]}},"x":[{"]":"}"}]})";

search::search_response<> read(std::string text) {
    return {search::detail::read_search_body(std::move(text), {}), {}, R"({"from":3,"size":2})"};
}

TEST(SearchResponse, Reads) {
    const auto found = read(answer);
    EXPECT_EQ(found.took, 5);
    EXPECT_FALSE(found.success());
    EXPECT_EQ(found.shards.failures.at(0).reason, "r");
    EXPECT_EQ(found.hits.total.relation, search::total_relation::gte);
    EXPECT_EQ(found.hits.total.value, 10000);
    ASSERT_EQ(found.hits.size(), 2u);
    const auto& hit = found.hits[0];
    EXPECT_EQ(hit.meta.id, "1");
    EXPECT_EQ(hit.meta.version, 3);
    EXPECT_EQ(hit.meta.routing, "x");
    EXPECT_EQ(hit.meta.sort.size(), 3u);
    EXPECT_TRUE(hit.meta.sort[1].is_null());
    EXPECT_EQ((*hit)["title"].as_string(), "a\u00e9\U0001F600");
    EXPECT_EQ(hit.field<std::string>("a.b"), "dotted");
    EXPECT_EQ(hit.field<std::vector<int>>("n.m"), (std::vector<int>{1, 2}));
    EXPECT_EQ(hit.field<std::optional<int>>("n.none"), std::nullopt);
    EXPECT_THROW((void)hit.field<int>("title"), search::decode_error);
    EXPECT_FALSE(found.hits[1].meta.score.has_value());
    EXPECT_EQ(found.aggregation<search::stats_result>("s").max, 3.0);
    EXPECT_FALSE(found.aggregation<search::metric_result>("e").value.has_value());
    EXPECT_EQ(found.aggregation<search::single_bucket_result>("n").aggregations.get<search::count_result>("inner").value, 7);
    EXPECT_EQ(found.aggregation<search::range_result>("r").buckets.at(0).key, "low");
    EXPECT_EQ(found.aggregation<search::histogram_result>("h").buckets.at(0).key, 10.0);
    EXPECT_THROW((void)found.aggregation<search::terms_result>("s"), search::serialization_error);
    const auto keys = found.aggregation<search::terms_result>("t");
    EXPECT_EQ(keys.buckets[0].key.as_integer(), 5);
    EXPECT_EQ(keys.buckets[1].key.text(), "true");
    EXPECT_EQ(keys.buckets[2].key.text(), "1.5");
}

TEST(SearchResponse, NextPage) {
    auto found = read(R"({"hits":{"hits":[{"_id":"1","_source":{},"sort":[7]}]}})");
    EXPECT_EQ(found.next_page_body(), json::parse(R"({"size":2,"search_after":[7]})"));
    EXPECT_THROW((void)read(R"({"hits":{"hits":[{"_id":"1"}]}})").next_page_body(), search::illegal_operation);
    EXPECT_THROW((void)read(R"({"hits":{"hits":[]}})").next_page_body(), search::illegal_operation);
    const search::search_response<> none;
    EXPECT_TRUE(none.success());
    EXPECT_TRUE(none.hits.empty());
}

TEST(SearchResponse, CutAnywhereIsAnError) {
    const std::string whole = answer;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        EXPECT_THROW((void)search::detail::read_search_body(whole.substr(0, cut), {}), search::serialization_error) << cut;
    }
    EXPECT_THROW((void)search::detail::read_search_body(whole + "x", {}), search::serialization_error);
    EXPECT_THROW((void)search::detail::read_search_body("<html>", {}), search::serialization_error);
}

}  // namespace
