// What a route may be told beside its path and handler.
#pragma once

#include "hem/core/clock.hpp"
#include "hem/model/json.hpp"
#include "hem/web/detail/plan.hpp"
#include "hem/web/middleware.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hem::web {

// One documented answer: `.responses = {{404, {"No such post"}}, {409, web::model<problem>("Already placed")}}`.
struct response_doc {
    std::string description;
    json (*schema)(schema_builder& schemas) = nullptr;
};

using response_docs = std::vector<std::pair<int, response_doc>>;
using dependency_list = std::vector<detail::dependency>;

struct route_options {
    std::string name;  // default: the function's own name, else one from method and path
    int status = 0;    // default: 200, for `task<>` 204
    std::vector<std::string> tags;
    std::string summary;  // default: from the name
    std::string description;
    response_docs responses;
    dependency_list dependencies;  // `web::need<a, b>()`: run before the handler, values unused
    middleware_list middleware;    // around this route alone, the first outermost
    bool deprecated = false;
    bool include_in_schema = true;
    bool allow_body = false;               // a body model on GET, HEAD or DELETE
    std::optional<hem::duration> timeout;  // until the handler has answered; then 504
    std::uint64_t body_limit = 0;          // bytes; 0: the server's
    std::size_t max_concurrency = 0;       // requests in the handler at once; beyond: 503. 0: no limit
    json openapi_extra;                    // members added to the operation
};

struct router_options {
    std::string prefix;  // begins with "/" and does not end so
    std::vector<std::string> tags;
    dependency_list dependencies;
    response_docs responses;
    middleware_list middleware;  // around each of its routes, outside of theirs
    bool deprecated = false;
    bool include_in_schema = true;
};

}  // namespace hem::web
