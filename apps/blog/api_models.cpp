#include "apps/blog/api_models.hpp"

#include "hem/model/validation.hpp"

namespace blog {

namespace {

void check_sequence(const std::optional<std::int64_t>& seq_no, const std::optional<std::int64_t>& primary_term) {
    if (seq_no.has_value() != primary_term.has_value())
        throw hem::value_error("seq_no and primary_term belong together: send both or none");
}

}  // namespace

void search_request::validate(const search_request& request) {
    if (*request.page > deepest_hit / *request.size) throw hem::value_error("page times size must be at most 10000");
}

void post_changes::validate(const post_changes& changes) {
    check_sequence(changes.seq_no, changes.primary_term);
    if (changes.empty()) throw hem::value_error("nothing changes: send at least one of title, content, author, published_date and tags");
}

void bulk_update::validate(const bulk_update& update) { check_sequence(update.seq_no, update.primary_term); }

}  // namespace blog
