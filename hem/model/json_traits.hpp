// How a type is read from JSON or text, written as JSON, and described by a schema.
//
// A type of your own takes part by specialising json_traits:
//     template <> struct hem::json_traits<celsius> {
//         static bool read(const hem::json_source& in, celsius& out, hem::read_context& context);   // false after context.fail(…)
//         static void write(hem::json_writer& out, const celsius& value);
//         static hem::json schema(hem::schema_builder& schemas);
//         static bool has_default(const celsius& initial);   // optional: may a member with this initial value be absent?
//         static bool is_null(const celsius& value);         // optional: left out by exclude_none
//     };
// Structs (members.hpp) and enum classes need nothing. A path or query text arrives as a source of kind string with `is_text()`.
#pragma once

#include "hem/model/constraints.hpp"
#include "hem/model/detail/traits_support.hpp"
#include "hem/model/json.hpp"
#include "hem/model/json_source.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/model/members.hpp"
#include "hem/model/model_info.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hem {

template <class T>
struct json_traits;

template <class T>
const model_info& model_info_of();
template <class T>
const type_operations& operations_of();

namespace detail {

template <class>
inline constexpr bool always_false = false;

template <class T>
concept sequence_container = requires(T& list) {
    typename T::value_type;
    list.emplace_back();
    list.begin();
    list.end();
} && !std::is_same_v<T, std::string>;

template <class T>
concept set_container = requires(T& set, typename T::value_type value) {
    typename T::key_type;
    set.insert(std::move(value));
} && std::same_as<typename T::key_type, typename T::value_type>;

template <class T>
concept map_container = requires { typename T::mapped_type; } && std::constructible_from<typename T::key_type, std::string_view>;

template <class E>
const enum_names& names_of_enum() {
    static const enum_names names = [] {
        if constexpr (requires { hem::describe<E>::values; }) {
            enum_names described(type_name<E>());
            for (const auto& [name, value] : hem::describe<E>::values)
                described.entries.push_back({name, static_cast<std::int64_t>(value)});
            return described;
        } else {
            static_assert(!std::is_convertible_v<E, std::underlying_type_t<E>>,
                          "hem: use an enum class; a plain enum's names are not known");
            return []<std::size_t... I>(std::index_sequence<I...>) {
                return enum_names(type_name<E>(), pointer_text<static_cast<E>(I)...>());
            }(std::make_index_sequence<128>());
        }
    }();
    return names;
}

}  // namespace detail

// Structs, enums; anything else is refused with a sentence.
template <class T>
struct json_traits {
    static constexpr bool is_plain_model = !std::is_enum_v<T>;
    static bool read(const json_source& in, T& out, read_context& context) {
        if constexpr (std::is_enum_v<T>) {
            std::int64_t value = 0;
            if (!detail::read_enum(in, detail::names_of_enum<T>(), value, context)) return false;
            out = static_cast<T>(value);
            return true;
        } else {
            return model_info_of<T>().read(in, &out, context);
        }
    }
    static void write(json_writer& out, const T& value) {
        if constexpr (std::is_enum_v<T>) {
            detail::write_enum(out, detail::names_of_enum<T>(), static_cast<std::int64_t>(value));
        } else {
            model_info_of<T>().write(out, &value);
        }
    }
    static json schema(schema_builder& schemas) {
        if constexpr (std::is_enum_v<T>) {
            return detail::enum_schema(schemas, detail::names_of_enum<T>());
        } else {
            return detail::model_schema(schemas, model_info_of<T>());
        }
    }
    static bool has_default(const T&)
        requires(!std::is_enum_v<T>)
    {
        return model_info_of<T>().all_have_defaults();
    }
    static_assert(!std::is_pointer_v<T> && !std::is_reference_v<T>, "hem: pointers and references cannot be members of a model");
    static_assert(!std::is_array_v<T>, "hem: a C array cannot be a member of a model; use std::array");
    static_assert(
        std::is_enum_v<T> || model<T>,
        "hem: this type has no JSON form: make it an aggregate, describe it by hem::describe<T>, or specialise hem::json_traits<T>");
};

template <>
struct json_traits<bool> {
    static bool read(const json_source& in, bool& out, read_context& context) { return detail::read_bool(in, out, context); }
    static void write(json_writer& out, bool value) { out.value(value); }
    static json schema(schema_builder&) { return detail::simple_schema("boolean"); }
};

template <detail::json_integer T>
struct json_traits<T> {
    static constexpr std::uint64_t greatest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    static bool read(const json_source& in, T& out, read_context& context) {
        if constexpr (std::is_signed_v<T>) {
            std::int64_t value = 0;
            if (!detail::read_signed(in, value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), context)) return false;
            out = static_cast<T>(value);
        } else {
            std::uint64_t value = 0;
            if (!detail::read_unsigned(in, value, greatest, context)) return false;
            out = static_cast<T>(value);
        }
        return true;
    }
    static void write(json_writer& out, T value) { out.value(value); }
    static json schema(schema_builder&) {
        return detail::integer_schema(static_cast<std::int64_t>(std::numeric_limits<T>::min()), greatest, sizeof(T) < 8);
    }
};

template <std::floating_point T>
struct json_traits<T> {
    static bool read(const json_source& in, T& out, read_context& context) {
        double value = 0;
        if (!detail::read_double(in, value, context)) return false;
        out = static_cast<T>(value);
        return true;
    }
    static void write(json_writer& out, T value) { out.value(value); }
    static json schema(schema_builder&) { return detail::simple_schema("number"); }
};

template <>
struct json_traits<std::string> {
    static bool read(const json_source& in, std::string& out, read_context& context) { return detail::read_string(in, out, context); }
    static void write(json_writer& out, const std::string& value) { out.value(value); }
    static json schema(schema_builder&) { return detail::simple_schema("string"); }
    static bool has_default(const std::string& initial) { return !initial.empty(); }
};

// Only written: the view's owner stays with the caller.
template <>
struct json_traits<std::string_view> {
    static bool read(const json_source&, std::string_view&, read_context&) = delete;
    static void write(json_writer& out, std::string_view value) { out.value(value); }
    static json schema(schema_builder&) { return detail::simple_schema("string"); }
};

template <>
struct json_traits<json> {
    static bool read(const json_source& in, json& out, read_context&) {
        out = in.value();
        return true;
    }
    static void write(json_writer& out, const json& value) { out.value(value); }
    static json schema(schema_builder&) { return json::object(); }
    static bool has_default(const json& initial) { return !initial.is_null(); }
    static bool is_null(const json& value) { return value.is_null(); }
};

template <class T>
struct json_traits<std::optional<T>> {
    static bool read(const json_source& in, std::optional<T>& out, read_context& context) {
        if (in.is_null()) {
            out.reset();
            return true;
        }
        T value{};
        if (!json_traits<T>::read(in, value, context)) return false;
        out = std::move(value);
        return true;
    }
    static void write(json_writer& out, const std::optional<T>& value) {
        if (value) {
            json_traits<T>::write(out, *value);
        } else {
            out.value(nullptr);
        }
    }
    static json schema(schema_builder& schemas) {
        return detail::any_of_schema({json_traits<T>::schema(schemas), detail::simple_schema("null")});
    }
    static bool has_default(const std::optional<T>&) { return true; }
    static bool is_null(const std::optional<T>& value) { return !value; }
};

template <class T>
struct json_traits<std::unique_ptr<T>> {
    static bool read(const json_source& in, std::unique_ptr<T>& out, read_context& context) {
        auto value = std::make_unique<T>();
        if (!json_traits<T>::read(in, *value, context)) return false;
        out = std::move(value);
        return true;
    }
    static void write(json_writer& out, const std::unique_ptr<T>& value) {
        if (value) {
            json_traits<T>::write(out, *value);
        } else {
            out.value(nullptr);
        }
    }
    static json schema(schema_builder& schemas) { return json_traits<T>::schema(schemas); }
    static bool has_default(const std::unique_ptr<T>& initial) { return initial != nullptr; }
    static bool is_null(const std::unique_ptr<T>& value) { return !value; }
};

template <detail::sequence_container T>
struct json_traits<T> {
    using element = typename T::value_type;
    static bool read_one(const json_source& in, void* container, read_context& context) {
        T& list = *static_cast<T*>(container);
        if constexpr (std::is_same_v<element, bool>) {
            bool value = false;
            if (!detail::read_bool(in, value, context)) return false;
            list.push_back(value);
            return true;
        } else {
            return json_traits<element>::read(in, list.emplace_back(), context);
        }
    }
    static bool read(const json_source& in, T& out, read_context& context) {
        T list;
        if constexpr (requires { list.reserve(1); }) {
            if (in.is_array()) list.reserve(*in.word() >> 32 & 0xffff);
        }
        if (!detail::read_list(in, detail::list_kind::list, &list, read_one, context)) return false;
        out = std::move(list);
        return true;
    }
    static void write(json_writer& out, const T& list) {
        out.begin_array();
        for (const auto& each : list) json_traits<element>::write(out, each);
        out.end_array();
    }
    static json schema(schema_builder& schemas) { return detail::list_schema(json_traits<element>::schema(schemas), false); }
    static bool has_default(const T& initial) { return !initial.empty(); }
};

template <detail::set_container T>
struct json_traits<T> {
    using element = typename T::value_type;
    static bool read_one(const json_source& in, void* container, read_context& context) {
        element value{};
        if (!json_traits<element>::read(in, value, context)) return false;
        static_cast<T*>(container)->insert(std::move(value));
        return true;
    }
    static bool read(const json_source& in, T& out, read_context& context) {
        T set;
        if (!detail::read_list(in, detail::list_kind::set, &set, read_one, context)) return false;
        out = std::move(set);
        return true;
    }
    static void write(json_writer& out, const T& set) {
        out.begin_array();
        for (const auto& each : set) json_traits<element>::write(out, each);
        out.end_array();
    }
    static json schema(schema_builder& schemas) { return detail::list_schema(json_traits<element>::schema(schemas), true); }
    static bool has_default(const T& initial) { return !initial.empty(); }
};

template <detail::map_container T>
struct json_traits<T> {
    using element = typename T::mapped_type;
    static bool read_one(std::string_view key, const json_source& in, void* container, read_context& context) {
        element value{};
        if (!json_traits<element>::read(in, value, context)) return false;
        static_cast<T*>(container)->insert_or_assign(typename T::key_type(key), std::move(value));
        return true;
    }
    static bool read(const json_source& in, T& out, read_context& context) {
        T map;
        if (!detail::read_map(in, &map, read_one, context)) return false;
        out = std::move(map);
        return true;
    }
    static void write(json_writer& out, const T& map) {
        out.begin_object();
        for (const auto& [key, value] : map) {
            out.key(key);
            json_traits<element>::write(out, value);
        }
        out.end_object();
    }
    static json schema(schema_builder& schemas) { return detail::map_schema(json_traits<element>::schema(schemas)); }
    static bool has_default(const T& initial) { return !initial.empty(); }
};

// std::array, std::pair, std::tuple: an array of that length.
template <class T>
    requires detail::is_tuple_like<T>
struct json_traits<T> {
    static constexpr std::size_t count = std::tuple_size_v<T>;
    template <std::size_t I>
    static bool read_at(const json_source& in, T& tuple, read_context& context) {
        return json_traits<std::tuple_element_t<I, T>>::read(in, std::get<I>(tuple), context);
    }
    static bool read_one(const json_source& in, std::size_t index, void* tuple, read_context& context) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            constexpr bool (*readers[])(const json_source&, T&, read_context&) = {read_at<I>...};
            return readers[index](in, *static_cast<T*>(tuple), context);
        }(std::make_index_sequence<count>());
    }
    static bool read(const json_source& in, T& out, read_context& context) {
        T tuple{};
        if (!detail::read_tuple(in, count, &tuple, read_one, context)) return false;
        out = std::move(tuple);
        return true;
    }
    static void write(json_writer& out, const T& tuple) {
        out.begin_array();
        std::apply([&](const auto&... each) { (json_traits<std::remove_cvref_t<decltype(each)>>::write(out, each), ...); }, tuple);
        out.end_array();
    }
    static json schema(schema_builder& schemas) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return detail::tuple_schema({json_traits<std::tuple_element_t<I, T>>::schema(schemas)...});
        }(std::make_index_sequence<count>());
    }
    static bool has_default(const T&) { return false; }
};

template <class... T>
struct json_traits<std::variant<T...>> {
    using variant = std::variant<T...>;
    template <class A>
    static bool read_alternative(const json_source& in, void* out, read_context& context) {
        A value{};
        if (!json_traits<A>::read(in, value, context)) return false;
        static_cast<variant*>(out)->template emplace<A>(std::move(value));
        return true;
    }
    static constexpr detail::alternative alternatives[] = {{read_alternative<T>, &operations_of<T>, type_name<T>()}...};

    static bool read(const json_source& in, variant& out, read_context& context) {
        return detail::read_variant(in, &out, alternatives, {}, context);
    }
    static void write(json_writer& out, const variant& value) {
        constexpr void (*writers[])(json_writer&, const variant&) = {
            [](json_writer& to, const variant& from) { json_traits<T>::write(to, *std::get_if<T>(&from)); }...};
        if (!value.valueless_by_exception()) writers[value.index()](out, value);
    }
    static json schema(schema_builder& schemas) { return detail::variant_schema(schemas, alternatives, {}); }
    static bool has_default(const variant&) { return false; }
};

}  // namespace hem

#include "hem/model/detail/operations.hpp"
