// The endpoints of the REST subset: which handler answers a method and a path, and what a path's parts are.
// A path that no cluster knows is the server's 400; one that only a cluster answers is refused by name.
#pragma once

#include "hem/search/embedded/rest_call.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct route {
    std::string_view methods;  // space separated
    std::string_view path;     // {i} index, {id}, {n} name
    rest_handler handler;
    std::string_view mark;  // into call.name, for handlers of several paths
    write_kind kind = write_kind::index;
    bool single_write = false;
};

// The parts between slashes, decoded. False when a percent escape is cut.
bool split_path(std::string_view path, std::vector<std::string>& out);

// The route that fits best. Throws plain_error (400, 405) or a refusal.
const route& find_route(const rest_request& request, const std::vector<std::string>& path);

// Gives the call the index, id and name that its path holds.
void bind_path(std::string_view pattern, const std::vector<std::string>& path, rest_call& call);

}  // namespace hem::search::embedded
