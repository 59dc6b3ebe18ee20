// One request on its way through the REST face, and what the handlers share.
#pragma once

#include "hem/search/embedded/bulk_write.hpp"
#include "hem/search/embedded/catalog.hpp"
#include "hem/search/embedded/context.hpp"
#include "hem/search/embedded/engine.hpp"
#include "hem/search/embedded/purger.hpp"
#include "hem/search/embedded/rest_error.hpp"

#include <initializer_list>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

// Makes ids of documents (20 characters) and indices (22), URL-safe.
class id_maker {
public:
    explicit id_maker(std::uint64_t seed);
    std::string make(std::size_t characters);

private:
    std::mutex guard_;
    std::mt19937_64 random_;
};

struct engine_parts {
    explicit engine_parts(engine_options given);

    engine_options options;
    std::int64_t (*now_ms)();
    id_maker ids;
    catalog indices;  // before the store, which asks it for plans when it opens
    store data;
    write_queue writes;
    context_table contexts;
    std::string cluster_uuid;
    std::int64_t started_ms = 0;
    purger idle;  // the last, so that it ends first
};

struct rest_call {
    engine_parts& parts;
    const rest_request& request;
    std::string index, id, name;  // of the path, decoded

    const std::string* param(std::string_view key) const;
    std::string param_or(std::string_view key, std::string_view fallback) const;
    bool flag(std::string_view key, bool fallback = false) const;  // throws for a value that is none
    std::optional<std::int64_t> whole(std::string_view key) const;
    // Throws illegal_argument for any parameter that is not among these or the common ones.
    void allow(std::initializer_list<std::string_view> known) const;
    bool has_body() const;
    json body() const;           // null without one; throws rest_error for what is not JSON
    json required_body() const;  // throws parse_exception without one
    std::int64_t now() const { return parts.now_ms(); }
    target_options targets() const;  // from ignore_unavailable, allow_no_indices, expand_wildcards
};

using rest_handler = rest_response (*)(rest_call&);

rest_response answer(int status, const json& body);
rest_response answer_text(int status, std::string body);

// {"acknowledged":true}
rest_response acknowledged();
// Body of one write's answer, and a bulk item's.
void write_answer(std::string& out, const write_op& op, bool forced_refresh, bool bulk_item);

// Documents
rest_response put_document(rest_call& call);
rest_response get_document(rest_call& call);
rest_response get_source(rest_call& call);
rest_response delete_document(rest_call& call);
rest_response update_document(rest_call& call);
rest_response bulk_documents(rest_call& call);
rest_response get_documents(rest_call& call);
// The op of a single-document write, for batches that share a transaction; throws rest_error. False: not such a request.
write_op document_op(const rest_call& call, write_kind kind);
rest_response document_answer(const rest_call& call, const write_op& op);

// Searching
rest_response search_documents(rest_call& call);
rest_response count_documents(rest_call& call);
rest_response search_many(rest_call& call);
rest_response scroll_page(rest_call& call);
rest_response clear_scroll(rest_call& call);
rest_response open_point_in_time(rest_call& call);
rest_response close_point_in_time(rest_call& call);
rest_response list_points_in_time(rest_call& call);
rest_response validate_query(rest_call& call);
rest_response delete_by_query(rest_call& call);
rest_response update_by_query(rest_call& call);

// Indices
rest_response create_index(rest_call& call);
rest_response get_index(rest_call& call);
rest_response index_exists(rest_call& call);
rest_response delete_index(rest_call& call);
rest_response get_mapping(rest_call& call);
rest_response get_field_mapping(rest_call& call);
rest_response put_mapping(rest_call& call);
rest_response get_settings(rest_call& call);
rest_response put_settings(rest_call& call);
rest_response open_index(rest_call& call);
rest_response close_index(rest_call& call);
rest_response get_aliases(rest_call& call);
rest_response alias_exists(rest_call& call);
rest_response put_alias(rest_call& call);
rest_response delete_alias(rest_call& call);
rest_response change_aliases(rest_call& call);
rest_response refresh_index(rest_call& call);
rest_response merge_index(rest_call& call);
rest_response index_stats(rest_call& call);
rest_response analyze_text(rest_call& call);
rest_response field_capabilities(rest_call& call);

// Cluster
rest_response about(rest_call& call);
rest_response cluster_health(rest_call& call);
rest_response cluster_settings(rest_call& call);
rest_response node_http(rest_call& call);
rest_response cat_indices(rest_call& call);
rest_response cat_health(rest_call& call);
rest_response cat_count(rest_call& call);
rest_response cat_nodes(rest_call& call);
rest_response cat_aliases(rest_call& call);
rest_response data_streams(rest_call& call);

}  // namespace hem::search::embedded
