#include "hem/web/detail/names.hpp"

#include <gtest/gtest.h>

namespace hem::web::detail {
namespace {

TEST(Names, OperationIdAndTitleFollowFastApi) {
    EXPECT_EQ(operation_id("read_item", "/items/{item_id}", "GET"), "read_item_items__item_id__get");
    EXPECT_EQ(operation_id("get_post", "/posts/{post_id}", "GET"), "get_post_posts__post_id__get");
    EXPECT_EQ(operation_id("root", "/", "GET"), "root__get");
    EXPECT_EQ(title_of("get_post"), "Get Post");
    EXPECT_EQ(title_of("item_id"), "Item Id");
}

TEST(Names, UnnamedRouteIsCalledAfterMethodAndPath) {
    EXPECT_EQ(unnamed_route("/items/{item_id}", "GET"), "get_items_item_id");
    EXPECT_EQ(unnamed_route("/", "POST"), "post");
}

TEST(Names, UnqualifiedTakesTheFunctionsOwnName) {
    EXPECT_EQ(unqualified("search_posts"), "search_posts");
    EXPECT_EQ(unqualified("blog::(anonymous namespace)::search_posts"), "search_posts");
    EXPECT_EQ(unqualified("a::get<std::vector<b::c>>"), "get");
    EXPECT_EQ(unqualified("a<b::c>::get"), "get");
}

}  // namespace
}  // namespace hem::web::detail
