// Hides what is secret in a piece of JSON that an error quotes: members of models, also inside of lists, maps, tuples, optionals and
// variants. A list of any depth is walked, so a value that has not the shape of its type shows nothing either.
#pragma once

#include "hem/model/constraints.hpp"
#include "hem/model/json.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/model_info.hpp"

#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

namespace hem {

template <class T, class... Constraints>
class field;

namespace detail {

template <class T>
struct secret_mask {
    static constexpr bool is_container = requires { typename json_traits<T>::element; };
    static constexpr bool is_tuple = is_tuple_like<T> && !is_container;

    static consteval bool possible() {
        if constexpr (requires { json_traits<T>::is_plain_model; }) {
            return json_traits<T>::is_plain_model;
        } else if constexpr (is_container) {
            return secret_mask<typename json_traits<T>::element>::possible();
        } else if constexpr (is_tuple) {
            return []<std::size_t... I>(std::index_sequence<I...>) {
                return (secret_mask<std::tuple_element_t<I, T>>::possible() || ...);
            }(std::make_index_sequence<std::tuple_size_v<T>>());
        } else {
            return false;
        }
    }
    static void apply(json& value) {
        if constexpr (!possible()) {
            return;
        } else if constexpr (is_container) {
            if (value.is_array()) {
                for (json& each : value.elements()) apply(each);
                return;
            }
            // What stands in the container's place may also be one of its elements, in an error of that element.
            if constexpr (requires { typename T::mapped_type; }) {
                if (value.is_object()) {
                    for (auto& each : value.items()) secret_mask<typename json_traits<T>::element>::apply(each.second);
                }
            }
            secret_mask<typename json_traits<T>::element>::apply(value);
        } else if constexpr (is_tuple) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                if (value.is_array()) {
                    ((I < value.size() ? secret_mask<std::tuple_element_t<I, T>>::apply(value[I]) : void()), ...);
                } else {
                    (secret_mask<std::tuple_element_t<I, T>>::apply(value), ...);
                }
            }(std::make_index_sequence<std::tuple_size_v<T>>());
        } else if (value.is_array()) {
            for (json& each : value.elements()) apply(each);
        } else if (value.is_object()) {
            model_info_of<T>().mask_secrets(value);
        }
    }
};

template <class T>
struct secret_mask<std::optional<T>> : secret_mask<T> {};
template <class T>
struct secret_mask<std::unique_ptr<T>> : secret_mask<T> {};

template <class... T>
struct secret_mask<std::variant<T...>> {
    static consteval bool possible() { return (secret_mask<T>::possible() || ...); }
    static void apply(json& value) { (secret_mask<T>::apply(value), ...); }
};

template <class T, class... Constraints>
struct secret_mask<field<T, Constraints...>> {
    static consteval bool is_secret() {
        return has_constraint(json_traits<field<T, Constraints...>>::constraints, constraint_kind::secret);
    }
    static consteval bool possible() { return is_secret() || secret_mask<T>::possible(); }
    static void apply(json& value) {
        if constexpr (is_secret()) {
            value = "**********";
        } else {
            secret_mask<T>::apply(value);
        }
    }
};

// Null where a value of T holds no secret.
template <class T>
consteval auto mask_of() -> void (*)(json&) {
    if constexpr (secret_mask<T>::possible()) {
        return &secret_mask<T>::apply;
    } else {
        return nullptr;
    }
}

}  // namespace detail
}  // namespace hem
