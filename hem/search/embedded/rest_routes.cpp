#include "hem/search/embedded/rest_routes.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace hem::search::embedded {

namespace {

constexpr route routes[] = {
    {"GET HEAD", "/", about, {}},
    {"PUT", "/{i}", create_index, {}},
    {"GET", "/{i}", get_index, {}},
    {"HEAD", "/{i}", index_exists, {}},
    {"DELETE", "/{i}", delete_index, {}},

    {"POST", "/{i}/_doc", put_document, {}, write_kind::index, true},
    {"PUT POST", "/{i}/_doc/{id}", put_document, {}, write_kind::index, true},
    {"GET HEAD", "/{i}/_doc/{id}", get_document, {}},
    {"DELETE", "/{i}/_doc/{id}", delete_document, {}, write_kind::remove, true},
    {"PUT POST", "/{i}/_create/{id}", put_document, "create", write_kind::create, true},
    {"POST", "/{i}/_update/{id}", update_document, {}, write_kind::update, true},
    {"GET HEAD", "/{i}/_source/{id}", get_source, {}},
    {"POST PUT", "/_bulk", bulk_documents, {}},
    {"POST PUT", "/{i}/_bulk", bulk_documents, {}},
    {"GET POST", "/_mget", get_documents, {}},
    {"GET POST", "/{i}/_mget", get_documents, {}},

    {"GET POST", "/_search", search_documents, {}},
    {"GET POST", "/{i}/_search", search_documents, {}},
    {"GET POST", "/_count", count_documents, {}},
    {"GET POST", "/{i}/_count", count_documents, {}},
    {"GET POST", "/_msearch", search_many, {}},
    {"GET POST", "/{i}/_msearch", search_many, {}},
    {"GET POST", "/_search/scroll", scroll_page, {}},
    {"GET POST", "/_search/scroll/{id}", scroll_page, {}},
    {"DELETE", "/_search/scroll", clear_scroll, {}},
    {"DELETE", "/_search/scroll/{id}", clear_scroll, {}},
    {"POST", "/{i}/_pit", open_point_in_time, {}},
    {"DELETE", "/_pit", close_point_in_time, {}},
    {"POST", "/{i}/_search/point_in_time", open_point_in_time, "opensearch"},
    {"DELETE", "/_search/point_in_time", close_point_in_time, "opensearch"},
    {"DELETE", "/_search/point_in_time/_all", close_point_in_time, "all"},
    {"GET", "/_search/point_in_time/_all", list_points_in_time, {}},
    {"GET POST", "/_validate/query", validate_query, {}},
    {"GET POST", "/{i}/_validate/query", validate_query, {}},
    {"POST", "/{i}/_delete_by_query", delete_by_query, {}},
    {"POST", "/{i}/_update_by_query", update_by_query, {}},

    {"GET", "/_mapping", get_mapping, {}},
    {"GET", "/{i}/_mapping", get_mapping, {}},
    {"PUT POST", "/{i}/_mapping", put_mapping, {}},
    {"GET", "/_mapping/field/{n}", get_field_mapping, {}},
    {"GET", "/{i}/_mapping/field/{n}", get_field_mapping, {}},
    {"GET", "/_settings", get_settings, {}},
    {"PUT", "/_settings", put_settings, {}},
    {"GET", "/{i}/_settings", get_settings, {}},
    {"GET", "/{i}/_settings/{n}", get_settings, {}},
    {"PUT", "/{i}/_settings", put_settings, {}},
    {"POST", "/{i}/_open", open_index, {}},
    {"POST", "/{i}/_close", close_index, {}},
    {"GET", "/_alias", get_aliases, {}},
    {"GET", "/_alias/{n}", get_aliases, {}},
    {"GET", "/{i}/_alias", get_aliases, {}},
    {"GET", "/{i}/_alias/{n}", get_aliases, {}},
    {"HEAD", "/_alias/{n}", alias_exists, {}},
    {"HEAD", "/{i}/_alias/{n}", alias_exists, {}},
    {"PUT POST", "/{i}/_alias/{n}", put_alias, {}},
    {"PUT POST", "/{i}/_aliases/{n}", put_alias, {}},
    {"DELETE", "/{i}/_alias/{n}", delete_alias, {}},
    {"DELETE", "/{i}/_aliases/{n}", delete_alias, {}},
    {"POST", "/_aliases", change_aliases, {}},
    {"GET POST", "/_refresh", refresh_index, {}},
    {"GET POST", "/{i}/_refresh", refresh_index, {}},
    {"GET POST", "/_flush", refresh_index, {}},
    {"GET POST", "/{i}/_flush", refresh_index, {}},
    {"POST", "/_forcemerge", merge_index, {}},
    {"POST", "/{i}/_forcemerge", merge_index, {}},
    {"GET", "/_stats", index_stats, {}},
    {"GET", "/_stats/{n}", index_stats, {}},
    {"GET", "/{i}/_stats", index_stats, {}},
    {"GET", "/{i}/_stats/{n}", index_stats, {}},
    {"GET POST", "/_analyze", analyze_text, {}},
    {"GET POST", "/{i}/_analyze", analyze_text, {}},
    {"GET POST", "/_field_caps", field_capabilities, {}},
    {"GET POST", "/{i}/_field_caps", field_capabilities, {}},

    {"GET", "/_cluster/health", cluster_health, {}},
    {"GET", "/_cluster/health/{i}", cluster_health, {}},
    {"GET", "/_cluster/settings", cluster_settings, {}},
    {"GET", "/_nodes/_all/http", node_http, {}},
    {"GET", "/_nodes/http", node_http, {}},
    {"GET", "/_cat/indices", cat_indices, {}},
    {"GET", "/_cat/indices/{i}", cat_indices, {}},
    {"GET", "/_cat/health", cat_health, {}},
    {"GET POST", "/_cat/count", cat_count, {}},
    {"GET POST", "/_cat/count/{i}", cat_count, {}},
    {"GET", "/_cat/nodes", cat_nodes, {}},
    {"GET", "/_cat/aliases", cat_aliases, {}},
    {"GET", "/_data_stream", data_streams, {}},
    {"GET", "/_data_stream/{n}", data_streams, {}},
};

// Parts of paths that a cluster answers and the engine does not.
constexpr std::array<std::string_view, 43> cluster_paths{"_ingest",
                                                         "_snapshot",
                                                         "_security",
                                                         "_tasks",
                                                         "_ml",
                                                         "_sql",
                                                         "_template",
                                                         "_index_template",
                                                         "_component_template",
                                                         "_reindex",
                                                         "_rank_eval",
                                                         "_render",
                                                         "_scripts",
                                                         "_search_shards",
                                                         "_rollover",
                                                         "_shrink",
                                                         "_split",
                                                         "_clone",
                                                         "_termvectors",
                                                         "_mtermvectors",
                                                         "_async_search",
                                                         "_eql",
                                                         "_ilm",
                                                         "_remote",
                                                         "_explain",
                                                         "_segments",
                                                         "_recovery",
                                                         "_shard_stores",
                                                         "_cache",
                                                         "_upgrade",
                                                         "_resolve",
                                                         "_dangling",
                                                         "_license",
                                                         "_xpack",
                                                         "_watcher",
                                                         "_transform",
                                                         "_graph",
                                                         "_knn_search",
                                                         "_terms_enum",
                                                         "_block",
                                                         "_plugins",
                                                         "_query",
                                                         "_percolate"};

int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1; }

bool decode(std::string_view text, bool plus_is_space, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return false;
            out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
    return true;
}

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t space = words.find(' ');
        if (words.substr(0, space) == word) return true;
        if (space == std::string_view::npos) return false;
        words.remove_prefix(space + 1);
    }
    return false;
}

// How well a path fits: -1 not at all, else the number of literal parts.
int fit(std::string_view pattern, const std::vector<std::string>& path) {
    int literal = 0;
    std::size_t part = 0;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/');
        const std::string_view wanted = pattern.substr(0, slash);
        if (part >= path.size()) return -1;
        if (wanted.starts_with('{')) {
            // An index never starts with an underscore, but for _all.
            if (wanted == "{i}" && path[part].starts_with('_') && path[part] != "_all" && path.size() > 1) return -1;
        } else if (wanted != path[part])
            return -1;
        else
            ++literal;
        ++part;
        pattern = slash == std::string_view::npos ? std::string_view() : pattern.substr(slash + 1);
    }
    return part == path.size() ? literal : -1;
}

}  // namespace

bool split_path(std::string_view path, std::vector<std::string>& out) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        std::string part;
        if (!decode(path.substr(0, slash), false, part)) return false;
        if (!part.empty()) out.push_back(std::move(part));
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    return true;
}

void bind_path(std::string_view pattern, const std::vector<std::string>& path, rest_call& call) {
    std::size_t part = 0;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/');
        const std::string_view wanted = pattern.substr(0, slash);
        if (wanted == "{i}") call.index = path[part];
        if (wanted == "{id}") call.id = path[part];
        if (wanted == "{n}") call.name = path[part];
        ++part;
        pattern = slash == std::string_view::npos ? std::string_view() : pattern.substr(slash + 1);
    }
}

const route& find_route(const rest_request& request, const std::vector<std::string>& path) {
    const route* best = nullptr;
    int best_fit = -1;
    std::vector<std::string_view> methods;
    for (const route& one : routes) {
        const int how = fit(one.path, path);
        if (how < 0) continue;
        std::string_view list = one.methods;
        while (!list.empty()) {
            const std::size_t space = list.find(' ');
            methods.push_back(list.substr(0, space));
            list = space == std::string_view::npos ? std::string_view() : list.substr(space + 1);
        }
        if (how > best_fit && has_word(one.methods, request.method)) {
            best = &one;
            best_fit = how;
        }
    }
    if (best != nullptr && !(path.size() == 1 && path[0].starts_with('_') && best->path == "/{i}" && request.method != "PUT")) return *best;
    for (const std::string& part : path)
        if (std::find(cluster_paths.begin(), cluster_paths.end(), part) != cluster_paths.end())
            throw unsupported("the endpoint [" + part + "]");
    const bool reserved = path.size() == 1 && path[0].starts_with('_');
    if (best != nullptr) return *best;
    if (methods.empty() || reserved) {
        bool exact = false;
        for (const route& one : routes) exact = exact || (fit(one.path, path) >= 0 && one.path != "/{i}");
        if (!exact)
            throw plain_error{400, "no handler found for uri [" + request.path + "] and method [" + request.method + "]", false, {}};
    }
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    std::string allowed;
    std::string header;
    for (const std::string_view method : methods) {
        allowed += (allowed.empty() ? "" : ", ") + std::string(method);
        header += (header.empty() ? "" : ",") + std::string(method);
    }
    throw plain_error{405,
                      "Incorrect HTTP method for uri [" + request.path + "] and method [" + request.method + "], allowed: [" + allowed +
                          "]",
                      true,
                      {{"allow", header}}};
}

rest_request rest_request::from_target(std::string method, std::string_view target, std::string body, std::string content_type) {
    rest_request out;
    out.method = std::move(method);
    const std::size_t question = target.find('?');
    out.path = target.substr(0, question);
    out.body = std::move(body);
    if (!out.body.empty()) out.content_type = std::move(content_type);
    if (question == std::string_view::npos) return out;
    std::string_view query = target.substr(question + 1);
    while (!query.empty()) {
        const std::size_t amp = query.find('&');
        const std::string_view pair = query.substr(0, amp);
        const std::size_t equals = pair.find('=');
        std::string name;
        std::string value;
        if (!decode(pair.substr(0, equals), true, name) ||
            (equals != std::string_view::npos && !decode(pair.substr(equals + 1), true, value)))
            throw std::invalid_argument("a percent escape is cut in the query string [" + std::string(pair) + "]");
        if (!name.empty()) out.params.emplace_back(std::move(name), std::move(value));
        query = amp == std::string_view::npos ? std::string_view() : query.substr(amp + 1);
    }
    return out;
}

std::string_view rest_response::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

}  // namespace hem::search::embedded
