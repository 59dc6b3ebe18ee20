#include "hem/model/read_json.hpp"

#include "hem/model/field.hpp"
#include "hem/model/read_text.hpp"
#include "hem/model/to_json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace {

using namespace hem;

const json body_prefix[] = {"body"};

// The whole 422 body for a JSON text.
template <class T>
std::string detail_of(std::string_view text, std::span<const json> prefix = body_prefix) {
    const auto result = read_json<T>(text, {.prefix = prefix});
    if (result) return "valid: " + to_json(*result);
    return json::object({{"detail", result.error().to_json()}}).dump();
}

// The errors alone, without prefix.
template <class T>
std::string errors_of(std::string_view text, bool strict = false) {
    const auto result = read_json<T>(text, {.strict = strict});
    return result ? to_json(*result) : result.error().to_json().dump();
}

// The first error's type and message, or the value.
template <class T>
std::string first_of(std::string_view text, bool strict = false) {
    const auto result = read_json<T>(text, {.strict = strict});
    return result ? to_json(*result) : result.error()[0].type + ": " + result.error()[0].msg;
}

template <class T>
std::string text_of(std::string_view text) {
    const auto result = read_text<T>(text);
    return result ? to_json(*result) : result.error()[0].type + ": " + result.error()[0].msg;
}

struct item {
    std::string name;
    double price;
    std::optional<std::string> description;
};

struct search_request {
    std::string query;
    std::optional<std::string> author;
    std::optional<std::vector<std::string>> tags;
    field<int, ge<1>> page = 1;
    field<int, ge<1>, le<100>> size = 10;
};

struct person {
    field<double, gt<0>> age;
};

TEST(ReadJson, ExactBodies) {
    EXPECT_EQ(
        detail_of<item>("{}"),
        R"({"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","price"],"msg":"Field required","input":{}}]})");
    EXPECT_EQ(
        detail_of<item>(R"({"name":"A","price":"x"})"),
        R"({"detail":[{"type":"float_parsing","loc":["body","price"],"msg":"Input should be a valid number, unable to parse string as a number","input":"x"}]})");
    EXPECT_EQ(
        detail_of<item>("{some broken json}"),
        R"({"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]})");
    EXPECT_EQ(
        detail_of<search_request>(R"({"size":0,"page":"x"})"),
        R"({"detail":[{"type":"missing","loc":["body","query"],"msg":"Field required","input":{"size":0,"page":"x"}},{"type":"int_parsing","loc":["body","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},{"type":"greater_than_equal","loc":["body","size"],"msg":"Input should be greater than or equal to 1","input":0,"ctx":{"ge":1}}]})");
    EXPECT_EQ(
        detail_of<std::vector<person>>(R"([{"age":-1.0}])"),
        R"({"detail":[{"type":"greater_than","loc":["body",0,"age"],"msg":"Input should be greater than 0","input":-1.0,"ctx":{"gt":0}}]})");
}

TEST(ReadJson, ExactBodyOfRawText) {
    const std::string_view text = "name=A";
    validation_errors errors;
    read_context context(errors, body_prefix);
    item target{};
    EXPECT_FALSE(json_traits<item>::read(json_source::text(&text), target, context));
    EXPECT_EQ(
        errors.to_json().dump(),
        R"([{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"name=A"}])");
}

TEST(ReadJson, ExactBodyOfAQuery) {
    const json prefix[] = {"query", "limit"};
    const std::string_view text = "150";
    validation_errors errors;
    read_context context(errors, prefix);
    field<int, le<100>> limit;
    EXPECT_FALSE(read_text(std::span(&text, 1), limit, context));
    EXPECT_EQ(
        errors.to_json().dump(),
        R"([{"type":"less_than_equal","loc":["query","limit"],"msg":"Input should be less than or equal to 100","input":"150","ctx":{"le":100}}])");
}

TEST(ReadJson, GoodBodies) {
    EXPECT_EQ(detail_of<item>(R"({"price":2,"name":"A","unknown":[1,{"x":2}]})"), R"(valid: {"name":"A","price":2.0,"description":null})");
    EXPECT_EQ(detail_of<search_request>(R"({"query":"q","tags":["a","b"]})"),
              R"(valid: {"query":"q","author":null,"tags":["a","b"],"page":1,"size":10})");
}

TEST(ReadJson, NotJsonStandsAloneWithCodePointPositions) {
    EXPECT_EQ(
        errors_of<item>("{\"name\": \"\u00e9\u00e9\", }"),
        R"([{"type":"json_invalid","loc":[13],"msg":"JSON decode error","input":{},"ctx":{"error":"Illegal trailing comma before end of object"}}])");
    EXPECT_EQ(errors_of<item>(R"({"price":"x","price":1,"name":2})"),
              R"([{"type":"json_invalid","loc":[13],"msg":"JSON decode error","input":{},"ctx":{"error":"Duplicate key 'price'"}}])");
    EXPECT_EQ(errors_of<std::vector<item>>(R"([{"name":"a","price":1,"name":"b"}])"),
              R"([{"type":"json_invalid","loc":[23],"msg":"JSON decode error","input":{},"ctx":{"error":"Duplicate key 'name'"}}])");
    EXPECT_EQ(first_of<json>(std::string(65, '[') + std::string(65, ']')), "json_invalid: JSON decode error");
}

TEST(ReadJson, Booleans) {
    for (const std::string_view text : {"true", "1", "1.0", "\"true\"", "\"T\"", "\"yes\"", "\"Y\"", "\"on\"", "\"1\""})
        EXPECT_EQ(first_of<bool>(text), "true") << text;
    for (const std::string_view text : {"false", "0", "0.0", "\"False\"", "\"f\"", "\"no\"", "\"n\"", "\"OFF\"", "\"0\""})
        EXPECT_EQ(first_of<bool>(text), "false") << text;
    const std::string parsing = "bool_parsing: Input should be a valid boolean, unable to interpret input";
    const std::string type = "bool_type: Input should be a valid boolean";
    EXPECT_EQ(first_of<bool>("2"), parsing);
    EXPECT_EQ(first_of<bool>("\"maybe\""), parsing);
    EXPECT_EQ(first_of<bool>("1.5"), type);
    EXPECT_EQ(first_of<bool>("null"), type);
    EXPECT_EQ(first_of<bool>("1", true), type);
    EXPECT_EQ(text_of<bool>("yEs"), "true");
}

TEST(ReadJson, Integers) {
    EXPECT_EQ(first_of<int>("12"), "12");
    EXPECT_EQ(first_of<int>("12.0"), "12");
    EXPECT_EQ(first_of<int>("-0.0"), "0");
    EXPECT_EQ(first_of<int>("true"), "1");
    EXPECT_EQ(first_of<int>("\" +1_000.000 \""), "1000");
    EXPECT_EQ(first_of<int>("1.5"), "int_from_float: Input should be a valid integer, got a number with a fractional part");
    EXPECT_EQ(first_of<int>("null"), "int_type: Input should be a valid integer");
    EXPECT_EQ(first_of<int>("{}"), "int_type: Input should be a valid integer");
    EXPECT_EQ(first_of<int>("\"1\"", true), "int_type: Input should be a valid integer");
    EXPECT_EQ(first_of<int>("1.0", true), "int_type: Input should be a valid integer");
    EXPECT_EQ(first_of<int>("true", true), "int_type: Input should be a valid integer");
    const std::string parsing = "int_parsing: Input should be a valid integer, unable to parse string as an integer";
    for (const std::string_view text : {"", "x", "1x", "--1", "+-1", "_1", "1_", "1__0", "1.5", "1.", "0x10", "1e3"}) {
        EXPECT_EQ(text_of<int>(text), parsing) << text;
    }
    EXPECT_EQ(
        errors_of<int>("3000000000"),
        R"([{"type":"less_than_equal","loc":[],"msg":"Input should be less than or equal to 2147483647","input":3000000000,"ctx":{"le":2147483647}}])");
    EXPECT_EQ(errors_of<std::uint8_t>("-1"),
              R"([{"type":"greater_than_equal","loc":[],"msg":"Input should be greater than or equal to 0","input":-1,"ctx":{"ge":0}}])");
    EXPECT_EQ(first_of<std::int64_t>("-9223372036854775808"), "-9223372036854775808");
    EXPECT_EQ(first_of<std::uint64_t>("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(first_of<std::int64_t>("9223372036854775808"), "less_than_equal: Input should be less than or equal to 9223372036854775807");
    EXPECT_EQ(
        errors_of<std::int64_t>("123456789012345678901234567890"),
        R"([{"type":"int_parsing_size","loc":[],"msg":"Unable to parse input string as an integer, exceeded maximum size","input":123456789012345678901234567890}])");
    EXPECT_EQ(first_of<int>("1e400"), "finite_number: Input should be a finite number");
}

TEST(ReadJson, FloatingPoint) {
    EXPECT_EQ(first_of<double>("1"), "1.0");
    EXPECT_EQ(first_of<double>("true"), "1.0");
    EXPECT_EQ(first_of<double>("\" 1_0.5e1 \""), "105.0");
    EXPECT_EQ(text_of<double>("-.5"), "-0.5");
    EXPECT_EQ(first_of<double>("true", true), "float_type: Input should be a valid number");
    EXPECT_EQ(first_of<double>("[]"), "float_type: Input should be a valid number");
    EXPECT_EQ(text_of<double>("nan"), "finite_number: Input should be a finite number");
    EXPECT_EQ(first_of<double>("1e400"), "finite_number: Input should be a finite number");
    EXPECT_EQ(first_of<double>("123456789012345678901234567890"), "1.2345678901234568e+29");
    for (const std::string_view text : {"", "x", "1.2.3", "1e", "0x1p3", "- 1", "1,5"}) {
        EXPECT_EQ(text_of<double>(text), "float_parsing: Input should be a valid number, unable to parse string as a number") << text;
    }
    const auto infinite = read_text<field<double, allow_inf_nan>>("-inf");
    ASSERT_TRUE(infinite);
    EXPECT_EQ(**infinite, -std::numeric_limits<double>::infinity());
    EXPECT_EQ(to_json(*infinite), "null");
    const auto maybe = read_text<field<std::optional<double>, allow_inf_nan>>("nan");
    ASSERT_TRUE(maybe);
    EXPECT_EQ(to_json(*maybe), "null");
}

TEST(ReadJson, Strings) {
    EXPECT_EQ(first_of<std::string>("\"x\""), "\"x\"");
    EXPECT_EQ(first_of<std::string>("1"), "string_type: Input should be a valid string");
    EXPECT_EQ(text_of<std::string>("123"), "\"123\"");
    EXPECT_EQ(text_of<std::string>("\xff"), "string_unicode: Input should be a valid string, unable to parse raw data as a unicode string");
}

enum class color { red, green = 3, blue };

TEST(ReadJson, Enums) {
    EXPECT_EQ(first_of<color>("\"green\""), "\"green\"");
    EXPECT_EQ(
        errors_of<color>("\"pink\""),
        R"([{"type":"enum","loc":[],"msg":"Input should be 'red', 'green' or 'blue'","input":"pink","ctx":{"expected":"'red', 'green' or 'blue'"}}])");
    EXPECT_EQ(text_of<color>("blue"), "\"blue\"");
    EXPECT_THROW((void)to_json(static_cast<color>(77)), json_type_error);
}

TEST(ReadJson, Containers) {
    EXPECT_EQ(first_of<std::vector<int>>("[1,\"2\"]"), "[1,2]");
    EXPECT_EQ(first_of<std::vector<bool>>("[true,0]"), "[true,false]");
    EXPECT_EQ(first_of<std::set<int>>("[3,1,3]"), "[1,3]");
    EXPECT_EQ((first_of<std::map<std::string, double>>(R"({"b":1,"a":2})")), R"({"a":2.0,"b":1.0})");
    EXPECT_EQ((first_of<std::array<int, 2>>("[1,2]")), "[1,2]");
    EXPECT_EQ((first_of<std::tuple<int, std::string>>("[1,\"x\"]")), "[1,\"x\"]");
    EXPECT_EQ(first_of<std::vector<int>>("{}"), "list_type: Input should be a valid list");
    EXPECT_EQ(first_of<std::set<int>>("1"), "set_type: Input should be a valid set");
    EXPECT_EQ((first_of<std::pair<int, int>>("null")), "tuple_type: Input should be a valid tuple");
    EXPECT_EQ((first_of<std::map<std::string, int>>("[]")), "dict_type: Input should be a valid dictionary");
    EXPECT_EQ((errors_of<std::pair<int, int>>("[1]")), R"([{"type":"missing","loc":[1],"msg":"Field required","input":[1]}])");
    EXPECT_EQ(
        (errors_of<std::pair<int, int>>("[1,2,3]")),
        R"([{"type":"too_long","loc":[],"msg":"Tuple should have at most 2 items after validation, not 3","input":[1,2,3],"ctx":{"field_type":"Tuple","max_length":2,"actual_length":3}}])");
    const std::string_view keys[] = {"1", "x", "3"};
    validation_errors errors;
    read_context context(errors);
    std::vector<int> numbers;
    EXPECT_FALSE(read_text(keys, numbers, context));
    EXPECT_EQ(errors[0].loc.dump(), "[1]");
    int last = 0;
    EXPECT_TRUE(read_text(keys, last, context));
    EXPECT_EQ(last, 3);
}

struct cat {
    field<std::string, one_of<"cat">> kind;
    int lives;
};
struct dog {
    std::string kind = "dog";
    std::string name;
};
struct owner {
    field<std::variant<cat, dog>, discriminator<"kind">> pet;
};

TEST(ReadJson, Variants) {
    using number_or_text = std::variant<int, std::string>;
    EXPECT_EQ(first_of<number_or_text>("\"1\""), "\"1\"");
    EXPECT_EQ(first_of<number_or_text>("1"), "1");
    EXPECT_EQ(
        errors_of<number_or_text>("[]"),
        R"([{"type":"int_type","loc":["int"],"msg":"Input should be a valid integer","input":[]},{"type":"string_type","loc":["str"],"msg":"Input should be a valid string","input":[]}])");
    EXPECT_EQ(errors_of<owner>(R"({"pet":{"kind":"dog","name":"Rex"}})"), R"({"pet":{"kind":"dog","name":"Rex"}})");
    EXPECT_EQ(errors_of<owner>(R"({"pet":{"kind":"cat"}})"),
              R"([{"type":"missing","loc":["pet","cat","lives"],"msg":"Field required","input":{"kind":"cat"}}])");
    EXPECT_EQ(
        errors_of<owner>(R"({"pet":{}})"),
        R"([{"type":"union_tag_not_found","loc":["pet"],"msg":"Unable to extract tag using discriminator 'kind'","input":{},"ctx":{"discriminator":"'kind'"}}])");
    EXPECT_EQ(
        errors_of<owner>(R"({"pet":{"kind":"cow"}})"),
        R"([{"type":"union_tag_invalid","loc":["pet"],"msg":"Input tag 'cow' found using 'kind' does not match any of the expected tags: 'cat', 'dog'","input":{"kind":"cow"},"ctx":{"discriminator":"'kind'","tag":"cow","expected_tags":"'cat', 'dog'"}}])");
}

struct line {
    field<std::string, min_length<1>> sku;
    int count = 1;
};
struct order {
    std::string customer;
    std::vector<line> items;
    std::map<std::string, line> extras{{"none", {}}};
    static void validate(const order& value) {
        if (value.customer == "nobody") throw value_error("customer must be somebody");
    }
};

TEST(ReadJson, NestedErrorsInMemberOrder) {
    EXPECT_EQ(
        errors_of<order>(R"({"extras":{"a":{"sku":1}},"items":[{"sku":"ok"},{"sku":"","count":"x"},3]})"),
        R"([{"type":"missing","loc":["customer"],"msg":"Field required","input":{"extras":{"a":{"sku":1}},"items":[{"sku":"ok"},{"sku":"","count":"x"},3]}},)"
        R"({"type":"string_too_short","loc":["items",1,"sku"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}},)"
        R"({"type":"int_parsing","loc":["items",1,"count"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
        R"({"type":"model_attributes_type","loc":["items",2],"msg":"Input should be a valid dictionary or object to extract fields from","input":3},)"
        R"({"type":"string_type","loc":["extras","a","sku"],"msg":"Input should be a valid string","input":1}])");
}

TEST(ReadJson, ModelValidation) {
    EXPECT_EQ(
        errors_of<order>(R"({"customer":"nobody","items":[]})"),
        R"([{"type":"value_error","loc":[],"msg":"Value error, customer must be somebody","input":{"customer":"nobody","items":[]},"ctx":{"error":{}}}])");
    // Not run when a member failed.
    EXPECT_EQ(first_of<order>(R"({"customer":"nobody","items":3})"), "list_type: Input should be a valid list");
}

TEST(ReadJson, CollectsAtMostAHundredErrors) {
    std::string text = "[";
    for (int i = 0; i < 500; ++i) text += i == 0 ? "\"x\"" : ",\"x\"";
    const auto result = read_json<std::vector<int>>(text + "]");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().size(), 100u);
}

TEST(ReadJson, LongInputsAreLeftOut) {
    const std::string text = R"({"name":")" + std::string(5000, 'x') + R"("})";
    const auto result = read_json<item>(text);
    ASSERT_FALSE(result);
    EXPECT_FALSE(result.error()[0].input.has_value());
    EXPECT_EQ(result.error().to_json().dump(), R"([{"type":"missing","loc":["price"],"msg":"Field required"}])");
}

struct forbidding {
    int a = 0;
    static constexpr auto extra = hem::extra::forbid;
};
struct keeping {
    int a = 0;
    std::map<std::string, json> rest;
    static constexpr auto extra = hem::extra::keep;
};

TEST(ReadJson, ExtraKeys) {
    EXPECT_EQ(
        errors_of<forbidding>(R"({"z":[1],"a":"x","b":2})"),
        R"([{"type":"int_parsing","loc":["a"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
        R"({"type":"extra_forbidden","loc":["z"],"msg":"Extra inputs are not permitted","input":[1]},)"
        R"({"type":"extra_forbidden","loc":["b"],"msg":"Extra inputs are not permitted","input":2}])");
    EXPECT_EQ(errors_of<keeping>(R"({"z":[1],"a":5})"), R"({"a":5,"z":[1]})");
}

struct credentials {
    std::string user;
    field<std::string, secret, min_length<8>> password;
};

TEST(ReadJson, SecretsAreMasked) {
    EXPECT_EQ(
        errors_of<credentials>(R"({"user":"u","password":"short"})"),
        R"([{"type":"string_too_short","loc":["password"],"msg":"String should have at least 8 characters","input":"**********","ctx":{"min_length":8}}])");
    EXPECT_EQ(errors_of<credentials>(R"({"password":"long enough"})"),
              R"([{"type":"missing","loc":["user"],"msg":"Field required","input":{"password":"**********"}}])");
}

struct defaults {
    int no_initialiser;
    int zero = 0;
    bool flag;
    bool flag_set = false;
    color tint;
    color tint_set = color::red;
    std::string text;
    std::string text_set = "x";
    field<std::string> empty_default = "";
    field<std::vector<int>, defaulted> list;
    std::vector<int> needed;
    std::optional<int> nothing;
    search_request nested;
    person all_needed;
};

TEST(ReadJson, RequiredIsWhatHasNoDefault) {
    std::string required;
    for (const auto& member : model_info_of<defaults>().members()) {
        if (member.required) required += std::string(member.name) + " ";
    }
    EXPECT_EQ(required, "no_initialiser flag tint text needed nested all_needed ");
}

TEST(ReadJson, ThrowingForm) {
    EXPECT_EQ(from_json<item>(R"({"name":"n","price":1.5})").price, 1.5);
    try {
        (void)from_json<order>(R"({"customer":"c","items":[{"sku":2}]})");
        FAIL();
    } catch (const validation_error& error) {
        EXPECT_STREQ(error.what(), "items[0].sku: Input should be a valid string");
    }
    EXPECT_EQ(from_json_value<item>(json::object({{"name", "n"}, {"price", 2}})).price, 2.0);
}

TEST(ReadJson, StrictModel) {
    EXPECT_EQ(first_of<item>(R"({"name":"n","price":"1"})", true), "float_type: Input should be a valid number");
}

struct many_keys {
    int a, ab, abc, abcd, b, ba, bac, c, ca, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t;
};

TEST(ReadJson, KeysInAnyOrder) {
    std::string text = "{";
    int value = 0;
    for_each_member<many_keys>([&](auto member) {
        text.insert(1, "\"" + std::string(member.name()) + "\":" + std::to_string(value++) + (text.size() > 1 ? "," : ""));
    });
    const auto read = read_json<many_keys>(text + "}");
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->a, 0);
    EXPECT_EQ(read->t, 25);
    EXPECT_EQ(read->bac, 6);
}

}  // namespace
