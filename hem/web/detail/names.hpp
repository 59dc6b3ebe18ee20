// Names that the OpenAPI document derives from code: titles, summaries and operation ids, in FastAPI's form.
#pragma once

#include <string>
#include <string_view>

namespace hem::web::detail {

// "get_post" becomes "Get Post".
std::string title_of(std::string_view name);

// Name + path, every character that is no word character turned into "_", then "_" and the method in lower case:
// read_item, /items/{item_id}, GET gives "read_item_items__item_id__get".
std::string operation_id(std::string_view name, std::string_view path, std::string_view method);

// Name of a route without one, from method and path: GET /items/{item_id} gives "get_items_item_id".
std::string unnamed_route(std::string_view path, std::string_view method);

// The function's own name out of a qualified one: "blog::(anonymous namespace)::search_posts" gives "search_posts".
std::string_view unqualified(std::string_view name) noexcept;

}  // namespace hem::web::detail
