// One value of a document as its mapped field takes it (`mapped_field::to_integer` and its kin), and how faults speak of it.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/mapping.hpp"

#include <string>
#include <string_view>

namespace hem::search::embedded {

value_fault fault_of(std::string type, std::string reason);
// A string's characters, any other value as JSON.
std::string plain(const json& value);
// The kind of a value as the server's parser names it: "START_OBJECT", "VALUE_NUMBER" ...
std::string_view token_of(const json& value);
// The value as a fault shows it. A number that only a double holds reaches a smaller type's parser as infinity.
std::string preview_as(const mapped_field& field, const json& value);

}  // namespace hem::search::embedded
