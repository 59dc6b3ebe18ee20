// What the blog asks its search engine, and how it reads the answers. Nothing here waits; `post_search` runs the requests.
#pragma once

#include "apps/blog/api_models.hpp"
#include "apps/blog/blog_post.hpp"
#include "hem/search/search_request.hpp"

#include <vector>

namespace blog {

using posts_request = hem::search::search_request<blog_post>;
using posts_response = hem::search::search_response<blog_post>;

// Hits of one page, filtered; an empty query gives all posts, the newest first.
posts_request find_posts(const posts_request& on, const search_terms& terms);

// The same with highlights and facets. Each facet is counted under the filters of the others, so the filters come after the counting.
posts_request find_with_facets(const posts_request& on, const search_terms& terms);

// Every member of POST /search's body as terms.
search_terms terms_of(const search_request& request);

std::vector<post_response> read_posts(const posts_response& found);
search_answer read_answer(const posts_response& found);
advanced_answer read_advanced_answer(const posts_response& found);

moment to_moment(const hem::search::date& date);

}  // namespace blog
