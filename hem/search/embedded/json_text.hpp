// The text of a JSON scalar as the query and REST readers take it: a string's own characters, everything else as it is written.
#pragma once

#include "hem/model/json.hpp"

#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

inline std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

// The server's word for what stands at a place of a JSON text.
inline std::string_view token_of(const json& value) {
    if (value.is_object()) return "START_OBJECT";
    if (value.is_array()) return "START_ARRAY";
    if (value.is_string()) return "VALUE_STRING";
    if (value.is_number()) return "VALUE_NUMBER";
    if (value.is_bool()) return "VALUE_BOOLEAN";
    return "VALUE_NULL";
}

}  // namespace hem::search::embedded::detail
