// The blog's web application: the page, the search, the posts, the export and the health check over one `post_search`.
#pragma once

#include "apps/blog/post_search.hpp"
#include "hem/web/app.hpp"

#include <cstdint>

namespace blog {

// Bytes of the largest body that any route takes; the server must not refuse it. Every other route takes 2 MiB.
inline constexpr std::uint64_t largest_body = 32 * 1024 * 1024;

// Title, description and tags of the documentation.
hem::web::app_options describe_app();

// Registers everything. `posts` outlives the app and belongs to the same loop.
void add_routes(hem::web::app& app, post_search& posts);

}  // namespace blog
