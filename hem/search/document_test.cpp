#include "hem/search/document_codec.hpp"
#include "hem/search/errors.hpp"
#include "hem/search/mapping.hpp"
#include "hem/search/validate.hpp"

#include <gtest/gtest.h>

namespace search = hem::search;
using hem::json;
using namespace std::chrono_literals;

namespace {

struct comment {
    std::string who;
    int stars = 0;
};

struct everything {
    search::text<"english"> title;
    search::text<> body;
    std::string plain;
    search::keyword author;
    std::int8_t tiny = 0;
    std::int32_t whole = 0;
    std::int64_t large = 0;
    std::uint64_t huge = 0;
    float ratio = 0;
    double exact = 0;
    bool flag = false;
    search::half_float half;
    search::scaled_float<100> price;
    search::date at;
    search::date_nanos nanos;
    std::chrono::sys_days day{};
    search::ip address;
    search::geo_point place;
    search::dense_vector<3> vector;
    search::flattened labels;
    search::range_of<int> span;
    search::named<"type", search::keyword> kind;
    search::alias_to<"author"> writer;
    comment first;
    std::vector<search::nested_of<comment>> comments;
    std::optional<double> rating;
    std::vector<search::keyword> tags;
};

TEST(Mapping, EveryType) {
    EXPECT_EQ(search::mapping_of<everything>(), json::parse(R"({"properties":{
        "title":{"type":"text","analyzer":"english"},"body":{"type":"text"},"plain":{"type":"text"},"author":{"type":"keyword"},
        "tiny":{"type":"byte"},"whole":{"type":"integer"},"large":{"type":"long"},"huge":{"type":"unsigned_long"},"ratio":{"type":"float"},"exact":{"type":"double"},
        "flag":{"type":"boolean"},"half":{"type":"half_float"},"price":{"type":"scaled_float","scaling_factor":100},"at":{"type":"date"},"nanos":{"type":"date_nanos"},
        "day":{"type":"date","format":"yyyy-MM-dd"},"address":{"type":"ip"},"place":{"type":"geo_point"},"vector":{"type":"dense_vector","dims":3},
        "labels":{"type":"flattened"},"span":{"type":"integer_range"},"type":{"type":"keyword"},"writer":{"type":"alias","path":"author"},
        "first":{"properties":{"who":{"type":"text"},"stars":{"type":"integer"}}},
        "comments":{"type":"nested","properties":{"who":{"type":"text"},"stars":{"type":"integer"}}},
        "rating":{"type":"double"},"tags":{"type":"keyword"}}})"))
        << search::mapping_of<everything>().dump_pretty();
}

struct tuned {
    search::text<> title;
    search::keyword author;
    static constexpr search::index_options index{
        .name = "tuned", .replicas = 0, .settings = R"({"refresh_interval":"5s"})", .aliases = R"({"t":{}})", .dynamic = "strict"};
    static search::mapping_overrides mapping() {
        return {{"title",
                 {.fields = {{"raw", {.type = "keyword", .ignore_above = 256}}},
                  .analyzer = search::analyzer("tags").tokenizer("whitespace").filter("lowercase"),
                  .copy_to = {"all"}}},
                {"author", {.doc_values = false}}};
    }
};

TEST(Mapping, OverridesAndOptions) {
    EXPECT_EQ(
        search::create_body_of<tuned>(),
        json::parse(
            R"({"settings":{"refresh_interval":"5s","number_of_replicas":0,"analysis":{"analyzer":{"tags":{"type":"custom","tokenizer":"whitespace","filter":["lowercase"]}}}},
        "mappings":{"dynamic":"strict","properties":{"title":{"type":"text","analyzer":"tags","copy_to":"all","fields":{"raw":{"type":"keyword","ignore_above":256}}},"author":{"type":"keyword","doc_values":false}}},
        "aliases":{"t":{}}})"));
}

TEST(Mapping, NestedFieldsAreCompared) {
    const json stored = json::parse(R"({"a":{"properties":{"x":{"type":"keyword"}}},"b":{"type":"date"}})");
    const json wanted = json::parse(R"({"a":{"properties":{"x":{"type":"keyword"},"y":{"type":"long"}}},"b":{"type":"date"}})");
    EXPECT_EQ(search::detail::missing_fields("i", stored, wanted), json::parse(R"({"a":{"properties":{"y":{"type":"long"}}}})"));
    EXPECT_THROW(search::detail::missing_fields("i", stored, json::parse(R"({"a":{"properties":{"x":{"type":"text"}}}})")),
                 search::mapping_conflict);
}

everything sample() {
    everything doc;
    doc.title = "a \"quoted\" title";
    doc.author = "ada";
    doc.tiny = -5;
    doc.huge = 18446744073709551615u;
    doc.ratio = 0.1F;
    doc.flag = true;
    doc.price = 9.99;
    doc.at = search::date::parse("2025-11-20T06:30:00.5Z");
    doc.nanos = search::date::parse("2025-11-20T06:30:00.123456789Z");
    doc.day = std::chrono::sys_days(std::chrono::year(2025) / 11 / 20);
    doc.place = {1.5, 2.5};
    doc.vector = {1, 2, 3};
    doc.labels.value = json::parse(R"({"a":{"b":1}})");
    doc.span = {.gte = 1, .lt = 5};
    doc.kind = "post";
    doc.comments = {{comment{"bob", 5}}};
    doc.tags = {"x", "y"};
    return doc;
}

TEST(Document, RoundTrip) {
    std::string text;
    search::detail::encode_document(text, sample());
    const json written = json::parse(text);
    EXPECT_EQ(written["at"].as_string(), "2025-11-20T06:30:00.500Z");
    EXPECT_EQ(written["nanos"].as_string(), "2025-11-20T06:30:00.123456789Z");
    EXPECT_EQ(written["day"].as_string(), "2025-11-20");
    EXPECT_EQ(written["type"].as_string(), "post");
    EXPECT_EQ(written["span"], json::parse(R"({"gte":1,"lt":5})"));
    EXPECT_FALSE(written.contains("writer"));
    EXPECT_FALSE(written.contains("rating"));
    const everything read = search::detail::decode_document<everything>(text, "1");
    std::string again;
    search::detail::encode_document(again, read);
    EXPECT_EQ(again, text);
}

struct inner_part {
    std::vector<int> list;
    std::optional<int> inner;
};

TEST(Document, EmptyMembersAreLeftOut) {
    struct small {
        std::string text;
        int number = 0;
        bool flag = false;
        std::optional<int> maybe;
        std::vector<int> list;
        search::flattened object;
        search::range_of<int> range;
        inner_part part;
    };
    std::string text;
    search::detail::encode_document(text, small{});
    EXPECT_EQ(text, R"({"text":"","number":0,"flag":false})");
    text.clear();
    search::detail::encode_document(text, small{}, {.skip_empty = false});
    EXPECT_EQ(text,
              R"({"text":"","number":0,"flag":false,"maybe":null,"list":[],"object":null,"range":{},"part":{"list":[],"inner":null}})");
}

TEST(Document, ReadsWhatServersAccept) {
    struct lenient {
        std::vector<std::string> tags;
        std::vector<bool> flags;
        int number = 7;
        search::date at;
        search::geo_point place;
        std::string rest = "kept";
    };
    const auto read = search::detail::decode_document<lenient>(
        R"({"tags":"one","flags":[true,null,false],"number":"12","at":1763620200000,"place":[2,1],"unknown":{"deep":["}"]},"rest":null})",
        "1");
    EXPECT_EQ(read.tags, std::vector<std::string>{"one"});
    EXPECT_EQ(read.flags.size(), 2u);
    EXPECT_EQ(read.number, 12);
    EXPECT_EQ(read.at.to_string(), "2025-11-20T06:30:00Z");
    EXPECT_EQ(read.place, (search::geo_point{1, 2}));
    EXPECT_EQ(read.rest, "kept");
}

TEST(Document, ErrorsNameDocumentAndMember) {
    const auto fails = [](const char* source, const char* path) {
        try {
            (void)search::detail::decode_document<everything>(source, "id7");
            ADD_FAILURE() << source;
        } catch (const search::decode_error& fault) {
            EXPECT_EQ(fault.document_id(), "id7");
            EXPECT_EQ(fault.path(), path) << fault.what();
        }
    };
    fails(R"({"first":{"stars":"many"}})", "first.stars");
    fails(R"({"tiny":200})", "tiny");
    fails(R"({"whole":1.5})", "whole");
    fails(R"({"at":"yesterday"})", "at");
    fails(R"({"comments":[{"stars":{}}]})", "comments.stars");
    fails(R"({"title":["a")", "title");
    fails(R"([1])", "");
}

TEST(Date, TextForms) {
    for (const auto& [text, wanted] :
         std::vector<std::pair<const char*, const char*>>{{"2025-11-20T06:30:00Z", "2025-11-20T06:30:00Z"},
                                                          {"2025-11-20T06:30:00.123456Z", "2025-11-20T06:30:00.123456Z"},
                                                          {"2025-11-20T06:30:00.1", "2025-11-20T06:30:00.100Z"},
                                                          {"2025-11-20T06:30:00.0000001Z", "2025-11-20T06:30:00.000000100Z"},
                                                          {"2025-11-20T06:30+01:00", "2025-11-20T05:30:00Z"},
                                                          {"2025-11-20T06:30:00-0530", "2025-11-20T12:00:00Z"},
                                                          {"2025-11-20 06", "2025-11-20T06:00:00Z"},
                                                          {"2025-11-20", "2025-11-20T00:00:00Z"},
                                                          {"2025-11", "2025-11-01T00:00:00Z"},
                                                          {"2025", "2025-01-01T00:00:00Z"},
                                                          {"1763620200000", "2025-11-20T06:30:00Z"},
                                                          {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"}}) {
        EXPECT_EQ(search::date::parse(text).to_string(), wanted) << text;
    }
    for (const char* text : {"", "25-11-20", "2025-13-01", "2025-02-30", "2025-11-20T25", "2025-11-20T06:61", "2025-11-20Tx",
                             "2025-11-20T06:30:00+25:00", "2025-11-20x", "9999-01-01", "2025-11-20T06:30:00."}) {
        EXPECT_THROW(search::date::parse(text), std::invalid_argument) << text;
    }
    EXPECT_EQ(search::date::from_milliseconds(-1).to_string(), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(search::date::from_milliseconds(-1).milliseconds(), -1);
}

struct checked {
    std::string text;
    search::range_of<int> span;
    std::string check() const { return text.empty() ? "text is empty" : ""; }
};

TEST(Validate, CollectsEveryFault) {
    try {
        search::validate(checked{.span = {.gt = 1, .gte = 1}});
        ADD_FAILURE();
    } catch (const search::validation_error& fault) {
        ASSERT_EQ(fault.faults().size(), 2u);
        EXPECT_EQ(fault.faults()[0].path, "span");
        EXPECT_EQ(fault.faults()[1].reason, "text is empty");
    }
    search::validate(checked{.text = "x", .span = {.gte = 1, .lte = 1}});
}

}  // namespace
