// The text of a JSON scalar as the query and REST readers take it: a string's own characters, everything else as it is written.
#pragma once

#include "hem/model/json.hpp"

#include <string>

namespace hem::search::embedded::detail {

inline std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

}  // namespace hem::search::embedded::detail
