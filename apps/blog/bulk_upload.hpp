// The bodies of `POST /posts/bulk` and `/posts/bulk-update`: read as they come, checked item by item, written in bulk requests.
//
// Memory is that of one batch, whatever the size of the body. The checks serve `blog import`, too.
#pragma once

#include "apps/blog/api_models.hpp"
#include "apps/blog/post_search.hpp"
#include "hem/core/task.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace hem::http {
class request;
}

namespace blog {

// How many items go to the engine in one bulk request, and how many bytes.
inline constexpr std::size_t batch_items = 500;
inline constexpr std::size_t batch_bytes = 4 * 1024 * 1024;

// One item's text, checked; the error says for people what is wrong: `title: Field required`.
std::expected<checked_post, std::string> check_post(std::string_view item, moment now);
std::expected<checked_change, std::string> check_change(std::string_view item);

// Throw request_validation_error when there is no body or the JSON around the items is broken before the first of them; http_exception
// 415 for another content type; what the engine throws when a whole request failed.
hem::task<bulk_answer> upload_posts(post_search& posts, hem::http::request& request);
hem::task<bulk_update_answer> upload_changes(post_search& posts, hem::http::request& request);

}  // namespace blog
