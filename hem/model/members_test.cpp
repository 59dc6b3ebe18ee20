// Models in places and with members that reflection finds hard.
#include "hem/model.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem;

// Without linkage, and the first member takes anything by a constructor template.
struct search_terms {
    std::optional<std::string> author;
    int page = 1;
};
struct search_batch {
    std::optional<std::vector<search_terms>> all;
    std::variant<int, std::string> kind;
    std::unique_ptr<search_terms> fallback;
};

TEST(Members, ATypeInAnUnnamedNamespaceMayBeginWithAnOptional) {
    EXPECT_EQ(to_json(search_terms{}), R"({"author":null,"page":1})");
    const auto read = from_json<search_batch>(R"({"all":[{"author":"Ann"}],"kind":"x","fallback":{"page":3}})");
    EXPECT_EQ(read.all->at(0).author, "Ann");
    EXPECT_EQ(read.fallback->page, 3);
    static_assert(member_count<search_batch> == 3);
}

TEST(Members, ATypeInAFunctionMayBeginWithAnOptional) {
    struct local {
        std::optional<double> ratio;
        std::array<int, 3> values{};
        std::pair<int, int> range{};
    };
    static_assert(member_count<local> == 3);
    EXPECT_EQ(to_json(local{.ratio = 0.5}), R"({"ratio":0.5,"values":[0,0,0],"range":[0,0]})");
}

struct account {
    std::string user;
    field<std::string, secret, min_length<8>> password;
};
struct tree {
    std::string name;
    std::vector<tree> children;
    std::optional<account> owner;
};
struct vault {
    int size;
    std::vector<account> list;
    std::vector<std::vector<account>> lists;
    std::map<std::string, account> by_name;
    std::optional<account> maybe;
    std::variant<int, account> either;
    std::tuple<int, account> both;
    std::vector<field<std::string, secret>> tokens;
};

template <class T>
std::string errors_of(std::string_view text) {
    const auto read = read_json<T>(text);
    return read ? std::string("none") : read.error().to_json().dump();
}

TEST(Secrets, AreMaskedWhereverAModelHoldsThem) {
    const auto errors = errors_of<vault>(R"({"list":[{"user":"a","password":"hunter22"}],"lists":[[{"user":"a","password":"hunter22"}]],)"
                                         R"("by_name":{"a":{"user":"a","password":"hunter22"}},"maybe":{"user":"a","password":"hunter22"},)"
                                         R"("either":{"user":"a","password":"hunter22"},"both":[1,{"user":"a","password":"hunter22"}],)"
                                         R"("tokens":["hunter22"]})");
    EXPECT_NE(errors.find(R"("type":"missing","loc":["size"])"), std::string::npos) << errors;
    EXPECT_EQ(errors.find("hunter"), std::string::npos) << errors;
    EXPECT_NE(errors.find(R"("list":[{"user":"a","password":"**********"}])"), std::string::npos) << errors;
    EXPECT_NE(errors.find(R"("tokens":["**********"])"), std::string::npos) << errors;
}

TEST(Secrets, AreMaskedInErrorsOfListsThemselves) {
    using short_list = field<std::vector<account>, max_length<1>>;
    const std::string two = R"([{"user":"a","password":"hunter22"},{"user":"b","password":"hunter33"}])";
    for (const auto& errors : {errors_of<short_list>(two), errors_of<std::map<std::string, int>>("{}") + errors_of<short_list>(two),
                               errors_of<std::tuple<int, account>>(R"({"user":"a","password":"hunter22"})"),
                               errors_of<std::map<std::string, std::vector<account>>>(R"({"x":{"user":"a","password":"hunter22"}})")}) {
        EXPECT_NE(errors.find("**********"), std::string::npos) << errors;
        EXPECT_EQ(errors.find("hunter"), std::string::npos) << errors;
    }
}

TEST(Secrets, AreMaskedInModelsThatHoldThemselves) {
    const auto errors = errors_of<tree>(
        R"({"children":[{"name":"b","children":[{"name":"c","owner":{"user":"a","password":"hunter22"}}]}],"owner":{"password":"hunter22"}})");
    EXPECT_EQ(errors.find("hunter"), std::string::npos) << errors;
    EXPECT_NE(errors.find(R"("loc":["name"])"), std::string::npos) << errors;
}

TEST(Secrets, WhatIsNoneStays) {
    EXPECT_EQ(
        errors_of<search_terms>(R"({"page":"x","author":"Ann"})"),
        R"([{"type":"int_parsing","loc":["page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}])");
    EXPECT_NE(errors_of<account>(R"({"password":"hunter22"})").find(R"("input":{"password":"**********"})"), std::string::npos);
}

}  // namespace
