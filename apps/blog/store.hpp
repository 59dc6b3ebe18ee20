// Opens the store that the settings name, and says in plain words why it cannot be opened.
#pragma once

#include "apps/blog/options.hpp"
#include "apps/blog/post_search.hpp"
#include "hem/core/task.hpp"
#include "hem/search/client.hpp"

#include <cstddef>
#include <string>

namespace blog {

// Makes the folder of an embedded store. Blocks; before the loop runs. Empty if it is there, else what went wrong.
std::string prepare_store(const options& chosen);

// For people: `the store /home/ann/…/blog.db`, `Elasticsearch at http://…`.
std::string describe_store(const options& chosen);

// Opens the service's index. An embedded store that is new gets the posts in the binary; returns how many.
hem::task<std::size_t> open_posts(post_search& posts, const options& chosen);

// What a failure to open or reach the store means for the one who started the program.
std::string explain_store_failure(const options& chosen, const std::exception& error);

}  // namespace blog
