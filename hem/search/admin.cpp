#include "hem/search/client.hpp"

#include "hem/search/detail/client_state.hpp"

#include <charconv>

namespace hem::search {
namespace {

// `/a,b` or nothing for all indices.
std::string in(std::string_view index) { return index.empty() ? std::string() : "/" + encode_segment(index); }

std::string text_of(const json& value, std::string_view name) {
    const json& found = value[name];
    return found.is_string() ? found.as_string() : found.is_null() ? std::string() : found.dump();
}

std::int64_t integer_of(const json& value, std::string_view name) {
    const std::string text = text_of(value, name);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

task<json> indices_api::create(std::string index, json body) {
    return state_.perform_json("PUT", in(index), {}, body.empty() ? std::string() : body.dump());
}
task<bool> indices_api::exists(std::string index) {
    const api_response answer = co_await state_.perform("HEAD", in(index), {}, {}, {});
    co_return answer.status() == 200;
}
task<json> indices_api::remove(std::string index) { return state_.perform_json("DELETE", in(index)); }
task<json> indices_api::get(std::string index) { return state_.perform_json("GET", in(index)); }
task<json> indices_api::put_mapping(std::string index, json body) {
    return state_.perform_json("PUT", in(index) + "/_mapping", {}, body.dump());
}
task<json> indices_api::get_mapping(std::string index) { return state_.perform_json("GET", in(index) + "/_mapping"); }
task<json> indices_api::put_settings(std::string index, json body) {
    return state_.perform_json("PUT", in(index) + "/_settings", {}, body.dump());
}
task<json> indices_api::get_settings(std::string index) { return state_.perform_json("GET", in(index) + "/_settings"); }
task<json> indices_api::aliases(json actions) { return state_.perform_json("POST", "/_aliases", {}, actions.dump()); }
task<json> indices_api::refresh(std::string index) { return state_.perform_json("POST", in(index) + "/_refresh"); }
task<json> indices_api::flush(std::string index) { return state_.perform_json("POST", in(index) + "/_flush"); }
task<json> indices_api::forcemerge(std::string index) { return state_.perform_json("POST", in(index) + "/_forcemerge"); }
task<json> indices_api::open(std::string index) { return state_.perform_json("POST", in(index) + "/_open"); }
task<json> indices_api::close(std::string index) { return state_.perform_json("POST", in(index) + "/_close"); }
task<json> indices_api::stats(std::string index) { return state_.perform_json("GET", in(index) + "/_stats"); }
task<json> indices_api::analyze(std::string index, json body) {
    return state_.perform_json("POST", in(index) + "/_analyze", {}, body.dump());
}
task<json> indices_api::validate_query(std::string index, json body) {
    return state_.perform_json("POST", in(index) + "/_validate/query", {}, body.dump());
}
task<json> indices_api::field_caps(std::string index, std::string fields) {
    return state_.perform_json("GET", in(index) + "/_field_caps", {{"fields", std::move(fields)}});
}

task<cluster_health> cluster_api::health(string_pairs params) {
    cluster_health health;
    health.body = co_await state_.perform_json("GET", "/_cluster/health", std::move(params));
    health.cluster_name = text_of(health.body, "cluster_name");
    health.status = text_of(health.body, "status");
    health.timed_out = health.body["timed_out"].is_bool() && health.body["timed_out"].as_bool();
    health.number_of_nodes = static_cast<int>(integer_of(health.body, "number_of_nodes"));
    health.active_shards = static_cast<int>(integer_of(health.body, "active_shards"));
    co_return health;
}
task<json> cluster_api::settings() { return state_.perform_json("GET", "/_cluster/settings"); }

task<std::vector<cat_index>> cat_api::indices(std::string pattern) {
    const json rows = co_await state_.perform_json("GET", "/_cat/indices" + in(pattern), {{"format", "json"}});
    std::vector<cat_index> indices;
    for (const json& row : rows.elements()) {
        indices.push_back({.health = text_of(row, "health"),
                           .status = text_of(row, "status"),
                           .index = text_of(row, "index"),
                           .uuid = text_of(row, "uuid"),
                           .primaries = integer_of(row, "pri"),
                           .replicas = integer_of(row, "rep"),
                           .docs_count = integer_of(row, "docs.count"),
                           .docs_deleted = integer_of(row, "docs.deleted"),
                           .store_size = text_of(row, "store.size")});
    }
    co_return indices;
}
task<json> cat_api::health() { return state_.perform_json("GET", "/_cat/health", {{"format", "json"}}); }
task<json> cat_api::count(std::string index) { return state_.perform_json("GET", "/_cat/count" + in(index), {{"format", "json"}}); }
task<json> cat_api::nodes() { return state_.perform_json("GET", "/_cat/nodes", {{"format", "json"}}); }

task<json> templates_api::put(std::string name, json body) {
    return state_.perform_json("PUT", "/_index_template/" + encode_segment(name), {}, body.dump());
}
task<json> templates_api::get(std::string name) { return state_.perform_json("GET", "/_index_template/" + encode_segment(name)); }
task<json> templates_api::remove(std::string name) { return state_.perform_json("DELETE", "/_index_template/" + encode_segment(name)); }

}  // namespace hem::search
