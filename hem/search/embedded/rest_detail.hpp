// What the REST handlers of indices and searches share: lists in parameters, administered indices, the URL's query.
#pragma once

#include "hem/search/embedded/json_text.hpp"
#include "hem/search/embedded/rest_call.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded::detail {

// The parts of a list of names; empty ones are left out.
inline std::vector<std::string> split(std::string_view text, char by = ',') {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t at = text.find(by);
        if (at != 0) out.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) break;
        text.remove_prefix(at + 1);
    }
    return out;
}

// Administration sees closed indices, too.
std::vector<target> administered(const rest_call& call);

// The URL's `q` and its companions as a query; null without.
json uri_query(const rest_call& call);

inline constexpr std::initializer_list<std::string_view> admin_params = {"timeout",
                                                                         "master_timeout",
                                                                         "cluster_manager_timeout",
                                                                         "wait_for_active_shards",
                                                                         "ignore_unavailable",
                                                                         "allow_no_indices",
                                                                         "expand_wildcards",
                                                                         "local",
                                                                         "include_defaults",
                                                                         "flat_settings",
                                                                         "include_type_name",
                                                                         "features",
                                                                         "preserve_existing",
                                                                         "write_index_only",
                                                                         "wait_for_completion",
                                                                         "task_execution_timeout"};

}  // namespace hem::search::embedded::detail
