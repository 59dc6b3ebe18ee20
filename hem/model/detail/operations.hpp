// From types to the tables that code without templates walks: type_operations of any type, model_info of a model. Internal to the
// layer; the end of json_traits.hpp.
#pragma once

#include "hem/model/detail/secret_mask.hpp"
#include "hem/model/json_traits.hpp"

#include <concepts>
#include <map>
#include <new>
#include <string>
#include <type_traits>

namespace hem {

namespace detail {

template <class T>
inline constexpr bool uses_initialiser = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
struct computed_member {
    static constexpr bool value = false;
};

template <class T>
struct operations_table {
    using traits = json_traits<T>;
    static bool read(const json_source& in, void* out, read_context& context) {
        if constexpr (requires(T& value) { traits::read(in, value, context); }) {
            // Errors of this value quote it; those of its parts set their own mask.
            auto* const outer = std::exchange(context.masking, mask_of<T>());
            const bool good = traits::read(in, *static_cast<T*>(out), context);
            context.masking = outer;
            return good;
        } else {
            static_assert(always_false<T>, "hem: this type can only be written, not read (std::string_view: use std::string)");
        }
    }
    static void write(json_writer& out, const void* value) { traits::write(out, *static_cast<const T*>(value)); }
    static bool has_default(const void* initial) {
        const T& value = *static_cast<const T*>(initial);
        if constexpr (requires { traits::has_default(value); }) {
            return traits::has_default(value);
        } else if constexpr (std::equality_comparable<T>) {
            return !(value == T());
        } else {
            return false;
        }
    }
    static bool is_null(const void* value) { return traits::is_null(*static_cast<const T*>(value)); }

    static consteval type_operations make() {
        type_operations table{.read = read,
                              .write = write,
                              .schema = &traits::schema,
                              .has_default = nullptr,
                              .is_null = nullptr,
                              .model = nullptr,
                              .write_computed = nullptr,
                              .mask = mask_of<T>(),
                              .constraints = {},
                              .size = sizeof(T)};
        if constexpr (!uses_initialiser<T>) table.has_default = has_default;
        if constexpr (requires(const T& value) { traits::is_null(value); }) table.is_null = is_null;
        if constexpr (requires { traits::constraints; }) table.constraints = traits::constraints;
        if constexpr (requires { traits::is_plain_model; }) {
            if constexpr (traits::is_plain_model) table.model = &model_info_of<T>;
        } else if constexpr (requires { traits::model; }) {
            table.model = traits::model;
        }
        if constexpr (computed_member<T>::value) table.write_computed = computed_member<T>::write;
        return table;
    }
};

template <class T>
inline constexpr type_operations operations = operations_table<T>::make();

template <class T>
struct model_maker {
    using parts = reflection<T>;
    static constexpr std::size_t count = parts::size;

    static void make(void* memory) { ::new (memory) T(); }
    static void make_bare(void* memory) { ::new (memory) T; }
    static void addresses(const void* object, const void** out) { parts::addresses(*static_cast<const T*>(object), out); }
    static void destroy(void* object) noexcept { static_cast<T*>(object)->~T(); }
    static void validate(const void* object) { T::validate(*static_cast<const T*>(object)); }

    template <class M>
    static consteval member_role role_of() {
        if constexpr (std::is_same_v<M, fields_set>) {
            return member_role::fields_set;
        } else if constexpr (requires { T::extra; } && std::is_same_v<M, std::map<std::string, json>>) {
            return T::extra == extra::keep ? member_role::extras : member_role::value;
        } else {
            return member_role::value;
        }
    }
    template <class... M>
    static model_seed seed(type_list<M...>) {
        static constexpr const type_operations* members[] = {&operations<M>..., nullptr};
        static constexpr member_role roles[] = {role_of<M>()..., member_role::value};
        model_seed made{.type_name = hem::type_name<T>(),
                        .schema_name = {},
                        .names_text = {},
                        .name_at = nullptr,
                        .members = {members, count},
                        .roles = roles,
                        .addresses = addresses,
                        .make = make,
                        .make_bare = make_bare,
                        .destroy = destroy,
                        .validate = nullptr,
                        .mask = mask_of<T>(),
                        .size = sizeof(T),
                        .alignment = alignof(T),
                        .extra = extra::ignore,
                        .strict = false};
        if constexpr (described<T>) {
            made.name_at = &parts::name;
        } else {
            static constexpr std::string_view text = parts::names_text();
            made.names_text = text;
        }
        if constexpr (requires { T::schema_name; }) made.schema_name = T::schema_name;
        if constexpr (requires(const T& object) { T::validate(object); }) made.validate = validate;
        if constexpr (requires { T::extra; }) made.extra = T::extra;
        if constexpr (requires { T::strict; }) made.strict = T::strict;
        return made;
    }
};

}  // namespace detail

template <class T>
const type_operations& operations_of() {
    return detail::operations<T>;
}

template <class T>
const model_info& model_info_of() {
    static_assert(model<T>, "hem: not a model: make it an aggregate or describe it by hem::describe<T>");
    static const model_info info(detail::model_maker<T>::seed(typename detail::reflection<T>::types()));
    return info;
}

template <>
struct json_traits<fields_set> {
    static bool read(const json_source&, fields_set&, read_context&) { return true; }
    static void write(json_writer& out, const fields_set&) { out.value(nullptr); }
    static json schema(schema_builder&) { return json::object(); }
    static bool has_default(const fields_set&) { return true; }
};

}  // namespace hem
