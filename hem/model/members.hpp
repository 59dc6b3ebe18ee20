// What a plain struct consists of: names, types and places of its members, without a macro.
//
// `for_each_member<T>(f)` and `members<T>()` walk the members at compile time; `model_info_of<T>()` is the same as a table for code
// that is not a template. Aggregates are split by structured bindings; classes with constructors, private members or bases are
// described by hand with `describe<T>`. Limits: default-constructible aggregates, no bases, no C arrays, no reference or bit-field
// members, at most 64 members. Types inside a function body or an unnamed namespace are fine.
#pragma once

#include "hem/model/detail/empty_braces.hpp"
#include "hem/model/detail/member_binder.hpp"

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hem {

template <class T, class M>
struct named {
    std::string_view name;
    M T::* pointer;
};
template <class T, class M>
named(const char*, M T::*) -> named<T, M>;

// For a class that cannot be reflected:
//   template <> struct hem::describe<point> {
//       static constexpr std::tuple members{hem::named{"x", &point::x}, hem::named{"y", &point::y}};
//   };
// (make the specialization a friend for private members). For an enum: `static constexpr std::pair<std::string_view, color> values[]`.
template <class T>
struct describe {};

namespace detail {

template <class T>
concept described = requires { hem::describe<T>::members; };

template <class T>
inline constexpr bool is_tuple_like = requires { std::tuple_size<T>::value; };

// A type of JSON objects: reflected or described. Types with a json_traits specialization of their own never get here.
template <class T>
concept model_type = described<T> || (std::is_class_v<T> && std::is_aggregate_v<T> && !is_tuple_like<T>);

template <class... M>
struct type_list {
    static constexpr std::size_t size = sizeof...(M);
};

// Never called. They are defined because a constructor that takes one by template (std::optional's) uses them, and for a type without
// linkage that must not stay undefined.
struct anything {
    template <class T>
    operator T() const {
        __builtin_unreachable();
    }
};
template <class Whole>
struct anything_but_base {
    template <class T>
        requires(!std::is_base_of_v<T, Whole>)
    operator T() const {
        __builtin_unreachable();
    }
};
template <std::size_t>
using anything_at = anything;

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
    return requires { T{anything_at<I>()...}; };
}

// Number of initializers that T takes: each member takes one, and whatever takes n takes fewer.
template <class T, std::size_t Low = 0, std::size_t High = 65>
consteval std::size_t count_members() {
    if constexpr (Low + 1 >= High) {
        return Low;
    } else if constexpr (constexpr std::size_t middle = (Low + High) / 2; takes<T>(std::make_index_sequence<middle>())) {
        return count_members<T, middle, High>();
    } else {
        return count_members<T, Low, middle>();
    }
}

// A C array takes its elements one by one where no braces stand, so it looks like several members. One pair of empty braces fills it: a
// type that takes as many of those as initializers has none. Where that fails (an explicit default constructor does it, too), braces for
// two elements decide: they leave less for what follows an array than braces for one member do.
template <class T, std::size_t... Before, std::size_t... After>
consteval bool takes_pair(std::index_sequence<Before...>, std::index_sequence<After...>) {
    return requires { T{anything_at<Before>()..., {anything(), anything()}, anything_at<After>()...}; };
}
template <class T, std::size_t Count>
consteval bool has_array() {
    if constexpr (empty_braces<Count>::template fit<T>()) {
        return false;
    } else {
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return ((takes_pair<T>(std::make_index_sequence<I>(), std::index_sequence<>()) &&
                     !takes_pair<T>(std::make_index_sequence<I>(), std::make_index_sequence<Count - I - 1>())) ||
                    ...);
        }(std::make_index_sequence<Count>());
    }
}
template <class>
inline constexpr bool has_array_type = false;
template <class... M>
inline constexpr bool has_array_type<type_list<M...>> = (std::is_array_v<M> || ...);

template <class T>
struct image_holder {
    T value;
};
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
template <class T>
extern const image_holder<T> image;  // never defined: only the addresses of its members are used, while compiling
#pragma clang diagnostic pop

// The text of the pointers: `… [P = <&image.value.first, &image.value.second>]`.
template <auto... P>
consteval std::string_view pointer_text() {
    return __PRETTY_FUNCTION__;
}

template <std::size_t N>
struct address_list {
    const void* at[N == 0 ? 1 : N];
};

struct type_lister {
    template <class... M>
    constexpr type_list<M...> operator()(M&...) const {
        return {};
    }
};
struct address_lister {
    template <class... M>
    constexpr auto operator()(M&... member) const {
        return address_list<sizeof...(M)>{{&member...}};
    }
};

template <class T>
struct reflection {
    static_assert(std::is_default_constructible_v<T>, "hem: a model must be default-constructible");
    static_assert(
        !requires { T{anything()}; } || requires { T{anything_but_base<T>()}; },
        "hem: a model must not have base classes; describe it by hem::describe<T>");
    static_assert(!takes<T>(std::make_index_sequence<65>()), "hem: a model has at most 64 members; group some of them in a nested struct");
    static constexpr std::size_t initializers = count_members<T>();
    static constexpr bool splits_arrays = has_array<T, initializers>();
    static constexpr std::size_t size = splits_arrays ? 0 : initializers;
    using types = decltype(binder<size>::apply(std::declval<T&>(), type_lister()));
    static_assert(!splits_arrays && !has_array_type<types>, "hem: a model has no C arrays; use std::array");

    static consteval std::string_view names_text() {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
        constexpr auto addresses = binder<size>::apply(image<T>.value, address_lister());
#pragma clang diagnostic pop
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return pointer_text<addresses.at[I]...>();
        }(std::make_index_sequence<size>());
    }
    static void addresses(const T& object, const void** out) {
        const auto list = binder<size>::apply(object, address_lister());
        for (std::size_t i = 0; i < size; ++i) out[i] = list.at[i];
    }
    template <class U, class F>
    static constexpr void for_each(U& object, F&& f) {
        binder<size>::apply(object, [&](auto&... member) { (f(member), ...); });
    }
};

template <described T>
struct reflection<T> {
    static constexpr const auto& list = hem::describe<T>::members;
    static constexpr std::size_t size = std::tuple_size_v<std::remove_cvref_t<decltype(list)>>;
    template <class>
    struct list_types;
    template <class... M>
    struct list_types<std::tuple<named<T, M>...>> {
        using type = type_list<M...>;
    };
    using types = typename list_types<std::remove_cvref_t<decltype(list)>>::type;

    static std::string_view name(std::size_t index) {
        return std::apply([&](const auto&... each) { return (const std::string_view[]){each.name...}[index]; }, list);
    }
    static void addresses(const T& object, const void** out) {
        std::apply([&](const auto&... each) { ((*out++ = &(object.*each.pointer)), ...); }, list);
    }
    template <class U, class F>
    static constexpr void for_each(U& object, F&& f) {
        std::apply([&](const auto&... each) { (f(object.*each.pointer), ...); }, list);
    }
};

// The index-th name in the text of `names_text`.
constexpr std::string_view name_in(std::string_view text, std::size_t index) {
    std::size_t at = text.find("[P = <") + 6;
    for (;; --index) {
        std::size_t end = at;
        while (text[end] != ',' && text[end] != '>') ++end;
        if (index == 0) {
            const std::size_t dot = text.substr(0, end).rfind('.');
            return text.substr(dot + 1, end - dot - 1);
        }
        at = end + 2;
    }
}

template <class T>
consteval std::string_view pretty_type() {
    return __PRETTY_FUNCTION__;
}

// `hem::blog::post` of pretty_type's text.
constexpr std::string_view type_name_in(std::string_view text) {
    const std::size_t at = text.find("[T = ") + 5;
    return text.substr(at, text.size() - at - 1);
}

template <std::size_t I, class... M>
consteval auto nth_type(type_list<M...>) -> std::type_identity<__type_pack_element<I, M...>>;

template <class List, std::size_t I>
using type_at = typename decltype(nth_type<I>(List()))::type;

}  // namespace detail

template <class T>
concept model = detail::model_type<T>;

// The type's name with its namespaces.
template <class T>
consteval std::string_view type_name() {
    return detail::type_name_in(detail::pretty_type<T>());
}

// One member of T, known while compiling.
template <model T, std::size_t I>
struct member_of {
    using owner = T;
    using type = detail::type_at<typename detail::reflection<T>::types, I>;
    static constexpr std::size_t index = I;
    static constexpr std::string_view name() {
        if constexpr (detail::described<T>) {
            return std::get<I>(hem::describe<T>::members).name;
        } else {
            constexpr std::string_view text = detail::reflection<T>::names_text();
            return detail::name_in(text, I);
        }
    }
    static type& get(T& object) {
        const void* addresses[detail::reflection<T>::size];
        detail::reflection<T>::addresses(object, addresses);
        return *static_cast<type*>(const_cast<void*>(addresses[I]));
    }
    static const type& get(const T& object) { return get(const_cast<T&>(object)); }
};

template <model T>
inline constexpr std::size_t member_count = detail::reflection<T>::size;

// f(member_of<T, I>()) for each member, in order of declaration.
template <model T, class F>
constexpr void for_each_member(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(member_of<T, I>()), ...); }(std::make_index_sequence<member_count<T>>());
}

// f(member) for each member of an object.
template <class T, class F>
    requires model<std::remove_const_t<T>>
constexpr void for_each_value(T& object, F&& f) {
    detail::reflection<std::remove_const_t<T>>::for_each(object, f);
}

// The members as a tuple of member_of.
template <model T>
consteval auto members() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return std::tuple<member_of<T, I>...>();
    }(std::make_index_sequence<member_count<T>>());
}

}  // namespace hem
