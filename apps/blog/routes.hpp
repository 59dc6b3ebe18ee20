// The blog's web application: the page, the search, the posts, the export and the health check over one `post_search`.
#pragma once

#include "apps/blog/post_search.hpp"
#include "hem/web/app.hpp"

namespace blog {

// Title, description and tags of the documentation.
hem::web::app_options describe_app();

// Registers everything. `posts` outlives the app and belongs to the same loop.
void add_routes(hem::web::app& app, post_search& posts);

}  // namespace blog
