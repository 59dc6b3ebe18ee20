// Lets field types stand in models that are read and written by `model` and `web`: keyword and text are strings there, a date is an
// RFC 3339 text. Include it where a document's struct is also the body of a request.
#pragma once

#include "hem/model/datetime.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/search/field_types.hpp"

#include <concepts>
#include <string>

namespace hem {

template <class T>
    requires std::derived_from<T, search::detail::string_field>
struct json_traits<T> {
    static bool read(const json_source& in, T& out, read_context& context) { return json_traits<std::string>::read(in, out, context); }
    static void write(json_writer& out, const T& value) { json_traits<std::string>::write(out, value); }
    static json schema(schema_builder& schemas) { return json_traits<std::string>::schema(schemas); }
};

template <class T>
    requires std::derived_from<T, search::date>
struct json_traits<T> {
    using time = json_traits<search::date::time_type>;
    static bool read(const json_source& in, T& out, read_context& context) {
        search::date::time_type value{};
        if (!time::read(in, value, context)) return false;
        out = T(search::date(value));
        return true;
    }
    static void write(json_writer& out, const T& value) { time::write(out, value.time()); }
    static json schema(schema_builder& schemas) { return time::schema(schemas); }
};

}  // namespace hem
