#include "apps/blog/item_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace blog {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct split {
    std::vector<std::string> items;
    std::string error;
};

split split_in_pieces(std::string_view text, std::size_t piece) {
    item_splitter splitter;
    split result;
    const auto take = [&] {
        while (const auto item = splitter.next()) result.items.emplace_back(*item);
    };
    for (std::size_t i = 0; i < text.size(); i += piece) {
        splitter.feed(text.substr(i, piece));
        take();
    }
    splitter.finish();
    take();
    result.error = splitter.error();
    return result;
}

// The same whatever the pieces are.
split split_text(std::string_view text) {
    const split whole = split_in_pieces(text, text.size() + 1);
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        const split parts = split_in_pieces(text, piece);
        EXPECT_EQ(parts.items, whole.items) << piece << " of " << text;
        EXPECT_EQ(parts.error, whole.error) << piece << " of " << text;
    }
    return whole;
}

TEST(ItemSplitter, SplitsAnArray) {
    EXPECT_THAT(split_text(R"( [ {"a":[1,{"b":"]}"}]} , {"c":"\"],["} ,1, null ,[2] ] )").items,
                ElementsAre(R"({"a":[1,{"b":"]}"}]})", R"({"c":"\"],["})", "1", "null", "[2]"));
    EXPECT_THAT(split_text("[]").items, IsEmpty());
    EXPECT_THAT(split_text("[]").error, "");
    EXPECT_THAT(split_text("[{}]").items, ElementsAre("{}"));
}

TEST(ItemSplitter, SplitsLines) {
    EXPECT_THAT(split_text("{\"a\":1}\r\n\n  {\"b\":2}  \nbroken").items, ElementsAre("{\"a\":1}", "{\"b\":2}", "broken"));
    EXPECT_THAT(split_text("{\"a\":1}\n").items, ElementsAre("{\"a\":1}"));
    EXPECT_THAT(split_text(" \n\n").items, IsEmpty());
    EXPECT_FALSE(item_splitter().begun());
}

TEST(ItemSplitter, SaysWhatIsWrongWithTheArray) {
    EXPECT_EQ(split_text("[{},").error, "the array is never closed");
    EXPECT_EQ(split_text("[{\"a\":").error, "the array is never closed");
    EXPECT_EQ(split_text("[{} {}]").error, "',' or ']' is missing after an item");
    EXPECT_EQ(split_text("[,{}]").error, "an item is missing before ','");
    EXPECT_EQ(split_text("[{},]").error, "an item is missing before ']'");
    EXPECT_EQ(split_text("[}]").error, "a '}' has no '{'");
    EXPECT_EQ(split_text("[] x").error, "something follows the array");
    const split half = split_text("[{\"a\":1}, {\"b\":2} oops");
    EXPECT_THAT(half.items, ElementsAre("{\"a\":1}", "{\"b\":2}"));
    EXPECT_EQ(half.error, "',' or ']' is missing after an item");
}

}  // namespace

}  // namespace blog
