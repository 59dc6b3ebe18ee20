// The second of the two query string languages, for the entry point that both share.
#pragma once

#include "hem/search/embedded/query_parse.hpp"

#include <string_view>

namespace hem::search::embedded::detail {

// Never fails for what the text says: whatever makes no sense is taken as text.
query parse_simple_query_string(std::string_view text, const query_string_options& options, const query_context& context);

}  // namespace hem::search::embedded::detail
