// Reads and writes documents: a table per struct, made from its members while compiling, walked by code that is not a template.
// Reading goes over the bytes of `_source` directly; a single value is accepted where a list is meant, as servers do. Unknown
// members are skipped, absent ones keep their default.
#pragma once

#include "hem/model/json_writer.hpp"
#include "hem/model/members.hpp"
#include "hem/search/detail/json_cursor.hpp"
#include "hem/search/document.hpp"
#include "hem/search/field_name.hpp"
#include "hem/search/field_types.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hem::search::detail {

struct member_codec {
    std::string_view name;
    void (*read)(json_cursor&, void*);
    void (*write)(std::string&, const void*, const write_options&);
    bool (*empty)(const void*);
};

// `addresses[i]` is the place of member i.
void read_members(json_cursor& cursor, std::span<const member_codec> codecs, void* const* addresses);
void write_members(std::string& out, std::span<const member_codec> codecs, const void* const* addresses, const write_options& options);
bool all_empty(std::span<const member_codec> codecs, const void* const* addresses);

void read_date(json_cursor& cursor, date& into);
void read_day(json_cursor& cursor, std::chrono::sys_days& into);
void read_geo_point(json_cursor& cursor, geo_point& into);
void read_join(json_cursor& cursor, join& into);
void write_geo_point(std::string& out, const geo_point& value);
void write_join(std::string& out, const join& value);
void read_json(json_cursor& cursor, json& into);

template <class T>
inline constexpr bool is_field_wrapper = requires(const T& value) {
    typename T::value_type;
    { value.get() } -> std::convertible_to<const typename T::value_type&>;
    requires !std::derived_from<T, std::string>;
};

template <class T>
std::span<const member_codec> codecs_of();

// The name of a member on the wire.
template <class Member>
constexpr std::string_view wire_name_of() {
    using type = typename Member::type;
    if constexpr (has_wire_name<type>) {
        return type::wire_name;
    } else {
        static_assert(Member::name() != "meta",
                      "hem::search: a document has `meta` already; write search::named<\"meta\", T> with another member name");
        return Member::name();
    }
}

template <class T>
void read_value(json_cursor& cursor, T& into);
template <class T>
void write_value(std::string& out, const T& value, const write_options& options);
template <class T>
bool empty_value(const T& value);

template <class T>
void read_object(json_cursor& cursor, T& into) {
    constexpr std::size_t count = member_count<T>;
    const void* addresses[count == 0 ? 1 : count];
    hem::detail::reflection<T>::addresses(into, addresses);
    read_members(cursor, codecs_of<T>(), const_cast<void* const*>(addresses));
}

template <class T>
void write_object(std::string& out, const T& value, const write_options& options) {
    constexpr std::size_t count = member_count<T>;
    const void* addresses[count == 0 ? 1 : count];
    hem::detail::reflection<T>::addresses(value, addresses);
    write_members(out, codecs_of<T>(), addresses, options);
}

template <class T>
void read_integral(json_cursor& cursor, T& into) {
    if constexpr (std::is_signed_v<T>) {
        const std::int64_t value = cursor.read_integer();
        if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
            cursor.fail("the integer is out of the member's range");
        into = static_cast<T>(value);
    } else {
        const std::uint64_t value = cursor.read_unsigned();
        if (value > std::numeric_limits<T>::max()) cursor.fail("the integer is out of the member's range");
        into = static_cast<T>(value);
    }
}

template <class T>
void read_list(json_cursor& cursor, T& into) {
    into.clear();
    const auto read_one = [&] {
        typename T::value_type each{};
        read_value(cursor, each);
        into.push_back(std::move(each));
    };
    if (cursor.peek() != '[') {
        read_one();
        return;
    }
    cursor.begin_array();
    while (cursor.next_element()) {
        if (cursor.at_null()) {
            cursor.read_null();  // servers ignore nulls in lists
        } else {
            read_one();
        }
    }
}

template <class T>
void write_list(std::string& out, const T& values, const write_options& options) {
    out += '[';
    bool first = true;
    for (const auto& each : values) {
        if (!first) out += ',';
        first = false;
        write_value(out, each, options);
    }
    out += ']';
}

template <class T>
void read_range(json_cursor& cursor, range_of<T>& into) {
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        std::optional<T>* end = key == "gt"    ? &into.gt
                                : key == "gte" ? &into.gte
                                : key == "lt"  ? &into.lt
                                : key == "lte" ? &into.lte
                                               : nullptr;
        if (end == nullptr) {
            cursor.skip();
        } else {
            read_value(cursor, *end);
        }
    }
}

template <class T>
void write_range(std::string& out, const range_of<T>& value, const write_options& options) {
    char separator = '{';
    for (const auto& [name, end] :
         {std::pair{"\"gt\":", &value.gt}, {"\"gte\":", &value.gte}, {"\"lt\":", &value.lt}, {"\"lte\":", &value.lte}}) {
        if (!*end) continue;
        out += separator;
        separator = ',';
        out += name;
        write_value(out, **end, options);
    }
    if (separator == '{') out += '{';
    out += '}';
}

template <class T>
void read_value(json_cursor& cursor, T& into) {
    if constexpr (is_optional<T>) {
        if (cursor.at_null()) {
            cursor.read_null();
            into.reset();
        } else {
            read_value(cursor, into.emplace());
        }
        return;
    } else {
        if constexpr (!std::same_as<T, json>) {
            if (cursor.at_null()) {  // null is "no value" to a server: the default stays
                cursor.read_null();
                return;
            }
        }
        if constexpr (is_named<T>) {
            read_value(cursor, into.value);
        } else if constexpr (std::same_as<T, bool>) {
            into = cursor.read_bool();
        } else if constexpr (std::integral<T>) {
            read_integral(cursor, into);
        } else if constexpr (std::floating_point<T>) {
            into = static_cast<T>(cursor.read_number());
        } else if constexpr (std::derived_from<T, std::string>) {
            cursor.read_string(into);
        } else if constexpr (std::derived_from<T, date>) {
            read_date(cursor, into);
        } else if constexpr (std::same_as<T, std::chrono::sys_days>) {
            read_day(cursor, into);
        } else if constexpr (std::derived_from<T, number_field>) {
            into.value = cursor.read_number();
        } else if constexpr (std::same_as<T, geo_point>) {
            read_geo_point(cursor, into);
        } else if constexpr (std::same_as<T, flattened>) {
            read_json(cursor, into.value);
        } else if constexpr (std::same_as<T, join>) {
            read_join(cursor, into);
        } else if constexpr (std::same_as<T, json>) {
            read_json(cursor, into);
        } else if constexpr (is_alias<T>) {
            cursor.skip();
        } else if constexpr (is_range<T>) {
            read_range(cursor, into);
        } else if constexpr (is_nested<T>) {
            read_object(cursor, static_cast<typename T::value_type&>(into));
        } else if constexpr (requires {
                                 into.emplace_back();
                                 into.clear();
                             }) {
            read_list(cursor, into);
        } else if constexpr (is_field_wrapper<T>) {
            typename T::value_type value{};
            read_value(cursor, value);
            into = std::move(value);
        } else {
            static_assert(hem::model<T>,
                          "hem::search: a document's member is a field type, a number, text, a date, a list or a struct of those");
            read_object(cursor, into);
        }
    }
}

template <class T>
void write_value(std::string& out, const T& value, const write_options& options) {
    if constexpr (is_optional<T>) {
        if (value) {
            write_value(out, *value, options);
        } else {
            out += "null";
        }
    } else if constexpr (is_named<T>) {
        write_value(out, value.value, options);
    } else if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::signed_integral<T>) {
        append_json_integer(out, static_cast<std::int64_t>(value));
    } else if constexpr (std::unsigned_integral<T>) {
        append_json_integer(out, static_cast<std::uint64_t>(value));
    } else if constexpr (std::floating_point<T>) {
        append_json_number(out, value);
    } else if constexpr (std::derived_from<T, std::string>) {
        append_json_string(out, value);
    } else if constexpr (std::derived_from<T, date>) {
        out += '"';
        out += value.to_string();
        out += '"';
    } else if constexpr (std::same_as<T, std::chrono::sys_days>) {
        out += '"';
        out += format_day(value);
        out += '"';
    } else if constexpr (std::derived_from<T, number_field>) {
        append_json_number(out, value.value);
    } else if constexpr (std::same_as<T, geo_point>) {
        write_geo_point(out, value);
    } else if constexpr (std::same_as<T, flattened>) {
        value.value.dump_to(out);
    } else if constexpr (std::same_as<T, join>) {
        write_join(out, value);
    } else if constexpr (std::same_as<T, json>) {
        value.dump_to(out);
    } else if constexpr (is_alias<T>) {
        out += "null";
    } else if constexpr (is_range<T>) {
        write_range(out, value, options);
    } else if constexpr (is_nested<T>) {
        write_object(out, static_cast<const typename T::value_type&>(value), options);
    } else if constexpr (requires {
                             value.begin();
                             value.end();
                             value.size();
                         }) {
        write_list(out, value, options);
    } else if constexpr (is_field_wrapper<T>) {
        write_value(out, static_cast<const typename T::value_type&>(value.get()), options);
    } else {
        static_assert(hem::model<T>,
                      "hem::search: a document's member is a field type, a number, text, a date, a list or a struct of those");
        write_object(out, value, options);
    }
}

template <class T>
bool empty_value(const T& value) {
    if constexpr (is_optional<T>) {
        return !value || empty_value(*value);
    } else if constexpr (is_named<T>) {
        return empty_value(value.value);
    } else if constexpr (is_alias<T>) {
        return true;
    } else if constexpr (std::derived_from<T, std::string> || std::is_arithmetic_v<T> || std::derived_from<T, date> ||
                         std::derived_from<T, number_field> || std::same_as<T, std::chrono::sys_days> || std::same_as<T, geo_point>) {
        return false;
    } else if constexpr (std::same_as<T, json>) {
        return value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
    } else if constexpr (std::same_as<T, flattened>) {
        return empty_value(value.value);
    } else if constexpr (std::same_as<T, join>) {
        return value.name.empty();
    } else if constexpr (is_range<T>) {
        return !value.gt && !value.gte && !value.lt && !value.lte;
    } else if constexpr (requires {
                             value.begin();
                             value.end();
                             value.empty();
                         }) {
        return value.empty();
    } else if constexpr (is_field_wrapper<T>) {
        return empty_value(static_cast<const typename T::value_type&>(value.get()));
    } else if constexpr (is_nested<T>) {
        return empty_value(static_cast<const typename T::value_type&>(value));
    } else {
        constexpr std::size_t count = member_count<T>;
        const void* addresses[count == 0 ? 1 : count];
        hem::detail::reflection<T>::addresses(value, addresses);
        return all_empty(codecs_of<T>(), addresses);
    }
}

template <class T>
std::span<const member_codec> codecs_of() {
    static const auto table = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<member_codec, sizeof...(I)>{member_codec{
            wire_name_of<member_of<T, I>>(),
            [](json_cursor& cursor, void* place) { read_value(cursor, *static_cast<typename member_of<T, I>::type*>(place)); },
            [](std::string& out, const void* place, const write_options& options) {
                write_value(out, *static_cast<const typename member_of<T, I>::type*>(place), options);
            },
            [](const void* place) { return empty_value(*static_cast<const typename member_of<T, I>::type*>(place)); },
        }...};
    }(std::make_index_sequence<member_count<T>>());
    return table;
}

// Decodes the bytes of a `_source`. Throws decode_error.
[[noreturn]] void throw_decode_error(const cursor_error& fault, const std::string& id);

template <class T>
T decode_document(std::string_view source, const std::string& id) {
    T into{};
    try {
        json_cursor cursor(source);
        if constexpr (std::same_as<T, raw_document>) {
            read_json(cursor, into.source);
        } else {
            read_value(cursor, into);
        }
    } catch (const cursor_error& fault) {
        throw_decode_error(fault, id);
    }
    return into;
}

template <class T>
T decode_value(std::string_view text, const std::string& id, std::string_view path) {
    T into{};
    try {
        json_cursor cursor(text);
        cursor.enter(path);
        read_value(cursor, into);
    } catch (const cursor_error& fault) {
        throw_decode_error(fault, id);
    }
    return into;
}

template <class T>
void encode_document(std::string& out, const T& value, const write_options& options = {}) {
    if constexpr (std::same_as<T, raw_document>) {
        value.source.dump_to(out);
    } else {
        write_value(out, value, options);
    }
}

}  // namespace hem::search::detail
