// The fixed parts of the /docs page.
#pragma once

#include <string_view>

namespace hem::web::detail {

extern const std::string_view docs_style;
extern const std::string_view docs_script;

}  // namespace hem::web::detail
