#include "hem/model/field.hpp"

#include "hem/core/errors.hpp"

#include "hem/model/members.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/to_json.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace hem;

template <class T>
std::string entry_of(std::string_view text) {
    const auto result = read_json<T>(text);
    if (result) return to_json(*result);
    const auto& error = result.error()[0];
    return error.type + ": " + error.msg + (error.ctx.is_null() ? "" : " " + error.ctx.dump());
}

TEST(Field, NumberLimits) {
    EXPECT_EQ((entry_of<field<int, gt<3>>>("3")), R"(greater_than: Input should be greater than 3 {"gt":3})");
    EXPECT_EQ((entry_of<field<int, lt<3>>>("3")), R"(less_than: Input should be less than 3 {"lt":3})");
    EXPECT_EQ((entry_of<field<int, le<3>>>("4")), R"(less_than_equal: Input should be less than or equal to 3 {"le":3})");
    EXPECT_EQ((entry_of<field<int, ge<3>>>("2")), R"(greater_than_equal: Input should be greater than or equal to 3 {"ge":3})");
    EXPECT_EQ((entry_of<field<int, multiple_of<5>>>("7")), R"(multiple_of: Input should be a multiple of 5 {"multiple_of":5})");
    EXPECT_EQ((entry_of<field<double, ge<0.5>>>("0.25")), R"(greater_than_equal: Input should be greater than or equal to 0.5 {"ge":0.5})");
    EXPECT_EQ((entry_of<field<double, multiple_of<0.1>>>("0.3")), "0.3");
    EXPECT_EQ((entry_of<field<std::uint64_t, ge<1>>>("18446744073709551615")), "18446744073709551615");
    EXPECT_EQ((entry_of<field<std::optional<int>, ge<1>>>("null")), "null");
    EXPECT_EQ((entry_of<field<std::optional<int>, ge<1>>>("0")),
              R"(greater_than_equal: Input should be greater than or equal to 1 {"ge":1})");
    // pydantic's order: the multiple comes before the bounds, whatever the order of the words.
    EXPECT_EQ((entry_of<field<int, ge<10>, multiple_of<5>>>("3")), R"(multiple_of: Input should be a multiple of 5 {"multiple_of":5})");
}

TEST(Field, StringLengthsCountCodePoints) {
    EXPECT_EQ((entry_of<field<std::string, min_length<3>>>("\"\u00e9\u00e9\"")),
              R"(string_too_short: String should have at least 3 characters {"min_length":3})");
    EXPECT_EQ((entry_of<field<std::string, max_length<1>>>("\"\u00e9\"")), "\"\u00e9\"");
    EXPECT_EQ((entry_of<field<std::string, max_length<1>>>("\"ab\"")),
              R"(string_too_long: String should have at most 1 character {"max_length":1})");
    EXPECT_EQ((entry_of<field<std::string, strip_whitespace, to_lower, max_length<2>>>("\"  AB \"")), "\"ab\"");
}

TEST(Field, PatternsAndWords) {
    EXPECT_EQ((entry_of<field<std::string, pattern<"^a$">>>("\"b\"")),
              R"(string_pattern_mismatch: String should match pattern '^a$' {"pattern":"^a$"})");
    EXPECT_EQ((entry_of<field<std::string, pattern<"b+">>>("\"abbc\"")), "\"abbc\"");
    EXPECT_EQ((entry_of<field<std::string, one_of<"a", "b", "c">>>("\"x\"")),
              R"(literal_error: Input should be 'a', 'b' or 'c' {"expected":"'a', 'b' or 'c'"})");
}

TEST(Field, ContainerLengths) {
    EXPECT_EQ(
        (entry_of<field<std::vector<int>, min_length<1>>>("[]")),
        R"(too_short: List should have at least 1 item after validation, not 0 {"field_type":"List","min_length":1,"actual_length":0})");
    EXPECT_EQ(
        (entry_of<field<std::vector<int>, max_length<3>>>("[1,2,3,4]")),
        R"(too_long: List should have at most 3 items after validation, not 4 {"field_type":"List","max_length":3,"actual_length":4})");
    EXPECT_EQ(
        (entry_of<field<std::set<int>, max_length<1>>>("[1,2]")),
        R"(too_long: Set should have at most 1 item after validation, not more {"field_type":"Set","max_length":1,"actual_length":null})");
    EXPECT_EQ(
        (entry_of<field<std::map<std::string, int>, min_length<2>>>("{\"a\":1}")),
        R"(too_short: Dictionary should have at least 2 items after validation, not 1 {"field_type":"Dictionary","min_length":2,"actual_length":1})");
    EXPECT_EQ((entry_of<field<std::vector<int>, unique_items>>("[1,2,1]")),
              R"(value_error: Value error, list items must be unique {"error":{}})");
}

TEST(Field, StrictAndChecks) {
    EXPECT_EQ((entry_of<field<int, strict>>("\"1\"")), "int_type: Input should be a valid integer");
    using ends_in_a = field<std::string, check<[](const std::string& name) {
                                if (!name.ends_with('A')) throw value_error("name must end in A");
                            }>>;
    EXPECT_EQ(entry_of<ends_in_a>("\"B\""), R"(value_error: Value error, name must end in A {"error":{}})");
    EXPECT_EQ(entry_of<ends_in_a>("\"BA\""), "\"BA\"");
}

struct settings {
    field<int, ge<1>, le<100>> size = 10;
    field<std::string, alias<"X-Name">> name = "n";
};

TEST(Field, BehavesAsItsValue) {
    settings value;
    EXPECT_EQ(value.size, 10);
    EXPECT_EQ(*value.size + 1, 11);
    const int copy = value.size;
    EXPECT_EQ(copy, 10);
    EXPECT_EQ(value.name->size(), 1u);
    value.size = 20;
    EXPECT_TRUE(value.size > 19);
    EXPECT_EQ((settings{.size = 5}.size), 5);
    EXPECT_EQ(to_json(value), R"({"size":20,"X-Name":"n"})");
    EXPECT_EQ(from_json<settings>(R"({"X-Name":"z","name":"ignored"})").name, "z");
}

TEST(Field, ValidatedChecksOnDemand) {
    settings value;
    *value.size = 500;
    EXPECT_THROW((void)validated(value), validation_error);
    *value.size = 50;
    EXPECT_EQ(validated(value).size, 50);
}

struct account {
    std::string first;
    std::string last;
    field<std::string, write_only> password;
    field<int, read_only> id = 7;
    std::string full() const { return first + " " + last; }
    computed<&account::full> full_name;
};

TEST(Field, ComputedReadOnlyAndWriteOnly) {
    const auto value = read_json<account>(R"({"first":"A","last":"B","password":"p","id":9,"full_name":"x"})");
    ASSERT_TRUE(value) << value.error().describe();
    EXPECT_EQ(value->password, "p");
    EXPECT_EQ(to_json(*value), R"({"first":"A","last":"B","id":7,"full_name":"A B"})");
    EXPECT_EQ(validated(*value).id, 7);
}

class point {
public:
    point() = default;
    point(int x, int y) : x_(x), y_(y) {}
    int x() const { return x_; }

private:
    friend struct hem::describe<point>;
    int x_ = 0;
    int y_ = 0;
};

struct node {
    std::string name;
    std::vector<node> children;
};

}  // namespace

template <>
struct hem::describe<point> {
    static constexpr std::tuple members{hem::named{"x", &point::x_}, hem::named{"y", &point::y_}};
};

namespace {

TEST(Members, DescribedClasses) {
    EXPECT_EQ(to_json(point(1, 2)), R"({"x":1,"y":2})");
    EXPECT_EQ(from_json<point>(R"({"x":5})").x(), 5);
}

TEST(Members, RecursiveTypes) {
    const std::string_view text =
        R"({"name":"a","children":[{"name":"b","children":[]},{"name":"c","children":[{"name":"d","children":[]}]}]})";
    EXPECT_EQ(to_json(from_json<node>(text)), text);
}

TEST(Members, NamesTypesAndPlaces) {
    struct local {
        int first = 1;
        std::string second = "two";
        std::optional<double> third;
    };
    static_assert(member_count<local> == 3);
    static_assert(member_of<local, 1>::name() == "second");
    static_assert(std::is_same_v<member_of<local, 2>::type, std::optional<double>>);
    local value;
    EXPECT_EQ((member_of<local, 1>::get(value)), "two");
    std::string names;
    for_each_member<local>([&](auto member) { names += std::string(member.name()) + ";"; });
    EXPECT_EQ(names, "first;second;third;");
    EXPECT_EQ(std::tuple_size_v<decltype(members<local>())>, 3u);
    EXPECT_EQ(to_json(value), R"({"first":1,"second":"two","third":null})");
}

TEST(Members, SixtyFour) {
    struct wide {
        int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7;
        int e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3, g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7;
    };
    static_assert(member_count<wide> == 64);
    wide value{};
    value.h7 = 9;
    const std::string text = to_json(value);
    EXPECT_TRUE(text.ends_with("\"h7\":9}"));
    EXPECT_EQ(from_json<wide>(text).h7, 9);
}

struct post {
    std::string title;
    std::optional<std::string> author;
    int likes = 0;
    fields_set given;
};

TEST(ToJson, Options) {
    const auto value = from_json<post>(R"({"title":"t","likes":0})");
    EXPECT_EQ(to_json(value), R"({"title":"t","author":null,"likes":0})");
    EXPECT_EQ(to_json(value, {.exclude_none = true}), R"({"title":"t","likes":0})");
    EXPECT_EQ(to_json(value, {.exclude_unset = true}), R"({"title":"t","likes":0})");
    EXPECT_EQ(to_json(value, {.exclude_defaults = true}), R"({"title":"t"})");
    EXPECT_EQ(to_json(value, {.include = {"likes"}}), R"({"likes":0})");
    EXPECT_EQ(to_json(value, {.exclude = {"likes"}}), R"({"title":"t","author":null})");
    EXPECT_EQ(to_json(settings(), {.by_alias = false}), R"({"size":10,"name":"n"})");
    EXPECT_THROW((void)to_json(settings(), {.exclude_unset = true}), usage_error);
}

}  // namespace
