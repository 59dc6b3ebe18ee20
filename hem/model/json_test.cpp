#include "hem/model/json.hpp"

#include "hem/model/detail/json_document.hpp"
#include "hem/model/json_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace {

using hem::json;

struct fault_case {
    std::string_view text;
    std::string_view reason;
    std::size_t position;
};

std::string reason_of(std::string_view text, std::size_t& position, std::size_t depth = 64) {
    try {
        (void)json::parse(text, {.max_depth = depth});
    } catch (const hem::json_parse_error& error) {
        position = error.position();
        return error.reason();
    }
    return "";
}

TEST(Json, ParsesAndWritesEveryKind) {
    const std::string_view text =
        R"({"a":null,"b":[true,false],"c":-1,"d":18446744073709551615,"e":1.0,"f":2.5e-7,"g":"x\"\\\né","h":{},"i":[]})";
    const json value = json::parse(text);
    EXPECT_EQ(value.dump(),
              R"({"a":null,"b":[true,false],"c":-1,"d":18446744073709551615,"e":1.0,"f":2.5e-07,"g":"x\"\\\né","h":{},"i":[]})");
    EXPECT_EQ(json::parse(value.dump()), value);
    EXPECT_EQ(value["c"].as_int64(), -1);
    EXPECT_EQ(value["d"].as_uint64(), 18446744073709551615u);
    EXPECT_EQ(value["d"].kind(), hem::json_kind::unsigned_integer);
    EXPECT_TRUE(value["missing"]["deeper"][3].is_null());
    EXPECT_EQ(value["b"][0], json(true));
    EXPECT_EQ(value.size(), 9u);
}

TEST(Json, BuildsByHand) {
    json value = json::object({{"k", 1}, {"list", json::array({1, "two", nullptr, 2.5})}});
    value["new"]["inner"] = 5u;
    value.set("k", "replaced");
    value["list"].push_back(json::object());
    EXPECT_TRUE(value.erase("missing") == false);
    EXPECT_EQ(value.dump(), R"({"k":"replaced","list":[1,"two",null,2.5,{}],"new":{"inner":5}})");
    EXPECT_TRUE(value.erase("list"));
    EXPECT_FALSE(value.contains("list"));
    EXPECT_THROW((void)value.at("list"), hem::json_type_error);
    EXPECT_THROW((void)value["k"].as_int64(), hem::json_type_error);
    try {
        (void)value["k"].as_int64();
    } catch (const hem::json_type_error& error) {
        EXPECT_STREQ(error.what(), "JSON value is not a signed 64-bit integer: it is string \"replaced\"");
    }
}

TEST(Json, AssigningAPartOfItselfIsSafe) {
    json value = json::object({{"a", json::array({1, 2})}});
    value = value["a"];
    EXPECT_EQ(value.dump(), "[1,2]");
    value = std::move(value[0]);
    EXPECT_EQ(value.dump(), "1");
}

TEST(Json, ComparesByValue) {
    EXPECT_EQ(json(1), json(1.0));
    EXPECT_NE(json(1), json(1.5));
    EXPECT_NE(json(1), json(true));
    EXPECT_EQ(json::parse(R"({"a":1,"b":[2]})"), json::parse(R"({"b":[2.0],"a":1})"));
    EXPECT_NE(json::parse(R"({"a":1})"), json::parse(R"({"a":1,"b":1})"));
    EXPECT_NE(json(9223372036854775807), json(9223372036854775808.0));
    EXPECT_EQ(json(9223372036854775808u), json(9223372036854775808.0));
}

TEST(Json, KeepsNumbersThatFitNowhere) {
    const std::string_view text = "[123456789012345678901234567890,-9223372036854775809,1e400]";
    const json value = json::parse(text);
    EXPECT_EQ(value.dump(), text);
    EXPECT_EQ(value[0].kind(), hem::json_kind::big_number);
    EXPECT_DOUBLE_EQ(value[0].as_double(), 1.2345678901234568e29);
    EXPECT_TRUE(std::isinf(value[2].as_double()));
    EXPECT_EQ(json::parse("1e-400").as_double(), 0.0);
    EXPECT_EQ(value, json::parse(text));
}

TEST(Json, FaultsAreThoseOfPython) {
    // Checked against CPython 3.13's json.loads, but for the last group.
    constexpr auto cases = std::to_array<fault_case>({
        {"", "Expecting value", 0},
        {"  ", "Expecting value", 2},
        {"{some broken json}", "Expecting property name enclosed in double quotes", 1},
        {"{\"a\" 1}", "Expecting ':' delimiter", 5},
        {"{\"a\":1 \"b\":2}", "Expecting ',' delimiter", 7},
        {"{\"a\":1,}", "Illegal trailing comma before end of object", 6},
        {"[1,2 , ]", "Illegal trailing comma before end of array", 5},
        {"[1,,2]", "Expecting value", 3},
        {"[", "Expecting value", 1},
        {"[1", "Expecting ',' delimiter", 2},
        {"{", "Expecting property name enclosed in double quotes", 1},
        {"{\"a\"", "Expecting ':' delimiter", 4},
        {"{\"a\":", "Expecting value", 5},
        {"\"abc", "Unterminated string starting at", 0},
        {"[\"a\", \"abc\\", "Unterminated string starting at", 6},
        {"\"a\nb\"", "Invalid control character at", 2},
        {"\"a\\qb\"", "Invalid \\escape", 2},
        {"\"\\u12G4\"", "Invalid \\uXXXX escape", 2},
        {"\"\\u12", "Invalid \\uXXXX escape", 2},
        {"{} x", "Extra data", 3},
        {"01", "Extra data", 1},
        {"[1.]", "Expecting ',' delimiter", 2},
        {"-", "Expecting value", 0},
        {"tru", "Expecting value", 0},
        {"\"\u00e9\u00e9\" x", "Extra data", 5},
        // refused by us
        {"NaN", "Expecting value", 0},
        {"[-Infinity]", "Expecting value", 1},
        {"\"\\ud800\"", "Invalid \\uXXXX escape", 2},
        {"\"\\udc00\"", "Invalid \\uXXXX escape", 2},
        {"\"\\ud800\\u0041\"", "Invalid \\uXXXX escape", 2},
        {"[1] // no", "Extra data", 4},
        {"[\"\xff\"]", "Invalid UTF-8", 2},
        {"[\"\xc0\xaf\"]", "Invalid UTF-8", 2},
        {"[\"\xed\xa0\x80\"]", "Invalid UTF-8", 2},
    });
    for (const auto& each : cases) {
        std::size_t position = 9999;
        EXPECT_EQ(reason_of(each.text, position), each.reason) << each.text;
        EXPECT_EQ(position, each.position) << each.text;
    }
}

TEST(Json, ErrorsNameLineAndColumn) {
    try {
        (void)json::parse("{\n  \"\u00e9\": x\n}");
        FAIL();
    } catch (const hem::json_parse_error& error) {
        EXPECT_STREQ(error.what(), "Expecting value: line 2 column 8 (char 9)");
    }
}

TEST(Json, DepthIsLimited) {
    const auto nested = [](std::size_t depth, std::string_view core) {
        return std::string(depth, '[') + std::string(core) + std::string(depth, ']');
    };
    for (const std::string_view core : {"", "1", "{}"}) {
        const std::size_t own = core == "{}" ? 1 : 0;
        std::size_t position = 0;
        EXPECT_EQ(reason_of(nested(64 - own, core), position), "") << core;
        EXPECT_EQ(reason_of(nested(65 - own, core), position), "Nesting too deep") << core;
        EXPECT_EQ(position, 64u);
        EXPECT_EQ(reason_of(nested(1000 - own, core), position, 1000), "");
        EXPECT_EQ(reason_of(nested(1001 - own, core), position, 1000), "Nesting too deep");
    }
}

TEST(Json, DeepValuesAreDestroyedWithoutDeepRecursion) {
    json value = 1;
    for (int i = 0; i < 100'000; ++i) {
        json outer = json::array();
        outer.push_back(std::move(value));
        value = std::move(outer);
    }
    EXPECT_EQ(value.size(), 1u);
    value = nullptr;
    EXPECT_TRUE(value.is_null());
}

TEST(Json, DuplicateKeys) {
    const std::string_view text = R"({"a":1,"b":{"x":1,"y":2,"x":3},"a":4})";
    EXPECT_EQ(json::parse(text).dump(), R"({"a":4,"b":{"x":3,"y":2}})");
    try {
        (void)json::parse(text, {.duplicates = hem::duplicate_keys::refuse});
        FAIL();
    } catch (const hem::json_parse_error& error) {
        EXPECT_EQ(error.reason(), "Duplicate key 'a'");
        EXPECT_EQ(error.position(), 31u);
    }
}

TEST(Json, NumbersAreShortestAndStayFloats) {
    const auto text = [](double value) { return json(value).dump(); };
    EXPECT_EQ(text(1.0), "1.0");
    EXPECT_EQ(text(-0.0), "-0.0");
    EXPECT_EQ(text(0.1), "0.1");
    EXPECT_EQ(text(100000.0), "100000.0");
    EXPECT_EQ(text(1e22), "1e+22");
    EXPECT_EQ(text(5e-324), "5e-324");
    EXPECT_EQ(text(1.7976931348623157e308), "1.7976931348623157e+308");
    EXPECT_THROW((void)text(std::numeric_limits<double>::infinity()), hem::json_type_error);
    EXPECT_THROW((void)text(std::nan("")), hem::json_type_error);
    std::string out;
    hem::append_json_number(out, 0.1f);
    EXPECT_EQ(out, "0.1");
}

TEST(Json, StringsEscapeOnlyWhatMustBe) {
    std::string out;
    constexpr char given[] = "plain text, longer than a block / \x7f \u00e9 \"q\" \\ \b\f\n\r\t\x01\x1f\0z";
    hem::append_json_string(out, std::string_view(given, sizeof given - 1));
    EXPECT_TRUE(out.starts_with(R"("plain text, longer than a block / )"));
    for (int c = 0; c < 256; ++c) {
        for (std::size_t before = 0; before < 20; ++before) {
            std::string text(before, 'a');
            text += static_cast<char>(c);
            text += "tail";
            std::string written;
            hem::append_json_string(written, text);
            const bool escaped = c < 0x20 || c == '"' || c == '\\';
            EXPECT_EQ(written.size() > text.size() + 2, escaped) << c;
            if (c < 0x80) {
                EXPECT_EQ(json::parse(written).as_string(), text);
            }
        }
    }
}

TEST(Json, WriterPlacesCommas) {
    std::string out = "data: ";
    hem::json_writer writer(out);
    writer.begin_object().member("a", 1).key("b").begin_array().value(true).value("x").begin_object().end_object().raw("[1]").end_array();
    writer.quoted_key("\"c\":").value(nullptr).end_object();
    EXPECT_EQ(out, R"(data: {"a":1,"b":[true,"x",{},[1]],"c":null})");
}

TEST(Json, PrettyText) {
    EXPECT_EQ(json::parse(R"({"a":[1,{}],"b":{"c":null}})").dump_pretty(),
              "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": null\n  }\n}");
}

// The scanner takes over where simdjson refuses, so they must give the same tape everywhere else.
TEST(JsonDocument, ScannerAndParserWriteTheSameTape) {
    for (const std::string_view text :
         {R"({"a":[1,-2,3.5,true,false,null,"x\u00e9\ud83d\ude00"],"b":{"c":{}},"d":[],"e":18446744073709551615})", "[]", "\"\"", "0",
          "[[[[]]]]", " [ -0 , -0.0, 1E5 ] "}) {
        const hem::detail::json_document document(text, 64);
        hem::detail::json_scanner scanner;
        std::vector<std::size_t> places;
        ASSERT_TRUE(scanner.scan(text, 64, &places)) << text << scanner.fault.reason;
        ASSERT_TRUE(document.valid());
        ASSERT_EQ(places.size(), scanner.words.size());
        const auto* tape = document.root().tape();
        for (std::size_t i = 0; i + 1 < scanner.words.size(); ++i) {
            const auto tag = [](std::uint64_t word) { return static_cast<char>(word >> 56); };
            if (places[i] == 0 && i > 1) {
                EXPECT_EQ(scanner.words[i], tape->words[i]) << text << " word " << i;
            } else {
                EXPECT_EQ(tag(scanner.words[i]), tag(tape->words[i])) << text << " word " << i;
            }
        }
        EXPECT_EQ(document.root().value(), json::parse(text));
    }
}

TEST(JsonDocument, TwoAtATimeInOneThread) {
    const hem::detail::json_document first(R"(["first", 1])", 64);
    const hem::detail::json_document second(R"(["second", 2])", 64);
    EXPECT_EQ(first.root().value().dump(), R"(["first",1])");
    EXPECT_EQ(second.root().value().dump(), R"(["second",2])");
}

}  // namespace
