// The blog's one service: posts in a search index, behind a circuit breaker. The routes call it; nothing else talks to the engine.
//
// Made once per app from a connected client. Errors keep the search layer's types, so the web layer answers 404, 409, 503 and 504 for
// them; what a client of the API should read instead is in `post_not_found` and `stale_post`.
#pragma once

#include "apps/blog/api_models.hpp"
#include "apps/blog/blog_post.hpp"
#include "hem/core/async_generator.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/lock.hpp"
#include "hem/core/task.hpp"
#include "hem/resilience/breaker_registry.hpp"
#include "hem/search/index.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace blog {

class post_not_found : public std::runtime_error, public hem::not_found {
public:
    explicit post_not_found(const std::string& id)
        : hem::error_category("Post not found"), std::runtime_error("there is no post with the id '" + id + "'") {}
};

// Somebody else changed the post since it was read.
class stale_post : public std::runtime_error, public hem::conflict {
public:
    explicit stale_post(const std::string& id)
        : hem::error_category("The post was changed since it was read"),
          std::runtime_error("the post '" + id + "' was changed since it was read; read it again") {}
};

static_assert(std::is_convertible_v<post_not_found*, std::exception*>);
static_assert(std::is_convertible_v<stale_post*, std::exception*>);

// A post that passed its checks; without id the engine makes one.
struct checked_post {
    std::string id;
    blog_post post;
};

// A checked change, its fields as the JSON that the engine merges.
struct checked_change {
    std::string id;
    std::string fields;
    std::optional<std::int64_t> seq_no;
    std::optional<std::int64_t> primary_term;
};

class post_search {
public:
    explicit post_search(hem::search::client client);

    // Makes the index if it is missing. Throws when the engine cannot be reached or holds an index of another shape.
    hem::task<> open();

    hem::task<std::pair<std::vector<post_response>, std::int64_t>> find(search_request request);  // with the total
    hem::task<search_answer> search(search_terms terms);
    hem::task<advanced_answer> search_with_facets(search_terms terms);

    hem::task<stored_post> get(std::string id);  // throws post_not_found
    hem::task<stored_post> create(new_post post);
    // Throws post_not_found; stale_post if the changes name a version that is not the newest. Without one it is tried three times.
    hem::task<> update(std::string id, post_changes changes);
    hem::task<> remove(std::string id);  // throws post_not_found

    // Writes in one bulk request; failures by their place in the span. Throws only when the whole request failed.
    hem::task<std::vector<item_error>> write(std::span<const checked_post> posts);
    hem::task<std::vector<item_error>> change(std::span<const checked_change> changes);

    // All posts, from a frozen view of the index, in no particular order.
    hem::async_generator<exported_post> every_post();
    hem::task<std::int64_t> count();

    // Never throws for an engine that is down. An answer of the last second is given again, so that probes do not add up.
    hem::task<health_answer> health();

    const hem::search::client& client() const noexcept { return posts_.client(); }

private:
    hem::task<health_answer> ask_health();

    hem::search::index<blog_post> posts_;
    hem::circuit_breaker& breaker_;  // the loop's, under the name "search"
    hem::lock health_lock_;
    std::optional<health_answer> last_health_;
    hem::time_point last_health_at_{};
};

blog_post to_blog_post(const bulk_post& post, moment now);
// The members that are set, as a JSON object.
std::string changed_fields(const post_changes& changes);
stored_post to_stored_post(const hem::search::document<blog_post>& post);

}  // namespace blog
