// The stored post: its members are the fields of the index `blog_posts`.
#pragma once

#include "hem/search/field_types.hpp"
#include "hem/search/mapping.hpp"

#include <vector>

namespace blog {

struct blog_post {
    hem::search::text<"english"> title;
    hem::search::text<"english"> content;
    hem::search::keyword author;
    hem::search::date published_date;
    std::vector<hem::search::keyword> tags;

    static constexpr hem::search::index_options index{.name = "blog_posts", .shards = 1, .replicas = 0};
};

}  // namespace blog
