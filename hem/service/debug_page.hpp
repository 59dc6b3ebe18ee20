// GET /debug/tasks: a page that shows the loop's tasks live, and GET /debug/tasks.json, what it shows. Off unless a program adds it. Both
// answer only to loopback peers that send the token (as `?token=` or `Authorization: Bearer`), because task names and places tell how a
// program works.
#pragma once

#include <string>

#include "hem/web/app.hpp"

namespace hem::service {

// std::invalid_argument for a token of fewer than 16 characters.
void add_debug_page(web::app& app, std::string token);

}  // namespace hem::service
