// Writes any value that has json_traits as JSON text: structs member by member, in order of declaration.
#pragma once

#include "hem/model/json_traits.hpp"
#include "hem/model/json_writer.hpp"

#include <string>

namespace hem {

// Appends to `out`. Throws json_type_error for NaN and infinity (allow_inf_nan writes null), usage_error for exclude_unset without
// a fields_set member.
template <class T>
void write_json(std::string& out, const T& value) {
    json_writer writer(out);
    json_traits<T>::write(writer, value);
}

template <class T>
void write_json(std::string& out, const T& value, const write_options& options) {
    json_writer writer(out, &options);
    json_traits<T>::write(writer, value);
}

template <class T>
std::string to_json(const T& value) {
    std::string out;
    write_json(out, value);
    return out;
}

template <class T>
std::string to_json(const T& value, const write_options& options) {
    std::string out;
    write_json(out, value, options);
    return out;
}

// The value as a tree.
template <class T>
json to_json_value(const T& value) {
    return json::parse(to_json(value), {.max_depth = 1000});
}

}  // namespace hem
