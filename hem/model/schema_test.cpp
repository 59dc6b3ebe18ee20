#include "hem/model/schema.hpp"

#include "hem/model/datetime.hpp"
#include "hem/model/field.hpp"
#include "hem/model/read_text.hpp"

#include <gtest/gtest.h>

#include <set>

namespace blog {
struct post {
    std::string title;
};
}  // namespace blog
namespace shop {
struct post {
    double price;
};
}  // namespace shop

namespace {

using namespace hem;

enum class level { low, high };

struct item {
    std::string name;
    double price;
    std::optional<std::string> description;
    field<std::int64_t, ge<1>> page = 1;
    field<std::string, min_length<2>, pattern<"^a">, hem::description<"A word">, example<"abc">> code = "ab";
    std::vector<blog::post> posts;
    std::uint8_t small = 0;
    level how = level::low;
    static constexpr auto extra = hem::extra::forbid;
};

template <class T>
struct page_of {
    std::vector<T> items;
};

struct tree {
    std::string name;
    std::vector<tree> children;
};

struct user {
    std::string name;
    field<std::string, write_only, secret> password;
};
struct team {
    std::vector<user> members;
};

struct both {
    blog::post a;
    shop::post b;
};

TEST(Schema, ModelInFastApisForm) {
    schema_builder schemas;
    json body = schemas.add<item>();
    schemas.resolve(body);
    EXPECT_EQ(body.dump(), R"({"$ref":"#/components/schemas/item"})");
    EXPECT_EQ(
        schemas.components()["item"].dump(),
        R"({"properties":{"name":{"type":"string","title":"Name"},"price":{"type":"number","title":"Price"},)"
        R"("description":{"anyOf":[{"type":"string"},{"type":"null"}],"title":"Description"},)"
        R"("page":{"type":"integer","minimum":1,"default":1,"title":"Page"},)"
        R"("code":{"type":"string","minLength":2,"pattern":"^a","description":"A word","examples":["abc"],"default":"ab","title":"Code"},)"
        R"("posts":{"items":{"$ref":"#/components/schemas/post"},"type":"array","title":"Posts"},)"
        R"("small":{"type":"integer","minimum":0,"maximum":255,"default":0,"title":"Small"},)"
        R"("how":{"$ref":"#/components/schemas/level","default":"low"}},)"
        R"("type":"object","required":["name","price","posts"],"title":"item","additionalProperties":false})");
    EXPECT_EQ(schemas.components()["level"].dump(), R"({"type":"string","enum":["low","high"],"title":"level"})");
}

TEST(Schema, RecursiveTypesEndInAReference) {
    EXPECT_EQ(
        json_schema_of<tree>().dump(),
        R"({"$ref":"#/$defs/tree","$defs":{"tree":{"properties":{"name":{"type":"string","title":"Name"},)"
        R"("children":{"items":{"$ref":"#/$defs/tree"},"type":"array","title":"Children"}},"type":"object","required":["name","children"],"title":"tree"}}})");
}

TEST(Schema, NamesOfTemplatesAndOfTwoTypes) {
    schema_builder schemas;
    json list = schemas.add<page_of<user>>();
    json two = schemas.add<both>();
    schemas.resolve(list);
    EXPECT_EQ(list.dump(), R"({"$ref":"#/components/schemas/page_of_user_"})");
    const json components = schemas.components();
    EXPECT_TRUE(components.contains("blog__post"));
    EXPECT_TRUE(components.contains("shop__post"));
    EXPECT_EQ(components["both"]["properties"]["b"].dump(), R"({"$ref":"#/components/schemas/shop__post"})");
}

TEST(Schema, OnlyTypesThatDifferAreSplit) {
    schema_builder schemas;
    json in = schemas.add<team>(schema_mode::input);
    json out = schemas.add<team>(schema_mode::output);
    (void)schemas.add<tree>(schema_mode::input);
    (void)schemas.add<tree>(schema_mode::output);
    schemas.resolve(in);
    schemas.resolve(out);
    EXPECT_EQ(in.dump(), R"({"$ref":"#/components/schemas/team-Input"})");
    EXPECT_EQ(out.dump(), R"({"$ref":"#/components/schemas/team-Output"})");
    const json components = schemas.components();
    EXPECT_TRUE(components.contains("tree"));
    EXPECT_EQ(components["user-Input"]["properties"]["password"].dump(),
              R"({"type":"string","format":"password","writeOnly":true,"title":"Password"})");
    EXPECT_FALSE(components["user-Output"]["properties"].contains("password"));
    EXPECT_EQ(components["team-Output"]["properties"]["members"]["items"].dump(), R"({"$ref":"#/components/schemas/user-Output"})");
}

TEST(Schema, OtherTypes) {
    const auto schema = [](auto value) { return json_schema_of<decltype(value)>().dump(); };
    EXPECT_EQ(schema(json()), "{}");
    EXPECT_EQ(schema(true), R"({"type":"boolean"})");
    EXPECT_EQ(schema(1), R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})");
    EXPECT_EQ(schema(std::uint64_t(1)), R"({"type":"integer","minimum":0})");
    EXPECT_EQ(schema(std::map<std::string, bool>()), R"({"additionalProperties":{"type":"boolean"},"type":"object"})");
    EXPECT_EQ(schema(std::set<std::string>()), R"({"items":{"type":"string"},"type":"array","uniqueItems":true})");
    EXPECT_EQ(schema(std::pair<bool, bool>()),
              R"({"maxItems":2,"minItems":2,"prefixItems":[{"type":"boolean"},{"type":"boolean"}],"type":"array"})");
    EXPECT_EQ(schema(std::variant<bool, std::string>()), R"({"anyOf":[{"type":"boolean"},{"type":"string"}]})");
    EXPECT_EQ(schema(std::chrono::sys_seconds()), R"({"type":"string","format":"date-time"})");
    EXPECT_EQ(schema(field<std::optional<std::int64_t>, gt<0>>()),
              R"({"anyOf":[{"type":"integer","exclusiveMinimum":0},{"type":"null"}]})");
    EXPECT_EQ(title_of("item_id"), "Item Id");
}

TEST(ReadText, ModelsFromTexts) {
    struct filters {
        int limit = 10;
        std::vector<std::string> tag;
        std::string save_data;
    };
    struct source {
        std::vector<std::pair<std::string_view, std::string_view>> pairs;
    };
    const auto read = [](const source& from, bool headers) {
        const text_lookup lookup{[](const void* data, std::string_view name, std::vector<std::string_view>& out) {
                                     for (const auto& [key, value] : static_cast<const source*>(data)->pairs) {
                                         if (key == name) out.push_back(value);
                                     }
                                     return out.size();
                                 },
                                 &from};
        const json prefix[] = {headers ? "header" : "query"};
        validation_errors errors;
        read_context context(errors, prefix);
        filters value;
        const bool good = read_text_model(model_info_of<filters>(), &value, lookup, headers, nullptr, context);
        return good ? std::to_string(value.limit) + value.tag.at(1) + value.save_data : errors.to_json().dump();
    };
    EXPECT_EQ(read({{{"limit", "5"}, {"tag", "a"}, {"tag", "b"}, {"save_data", "on"}}}, false), "5bon");
    EXPECT_EQ(
        read({{{"limit", "x"}, {"tag", "a"}}}, true),
        R"([{"type":"int_parsing","loc":["header","limit"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},)"
        R"({"type":"missing","loc":["header","save_data"],"msg":"Field required","input":null}])");
}

}  // namespace
