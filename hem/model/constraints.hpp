// The words that constrain a `field`: each is an empty type, and data for the code that checks it and writes it into schemas.
//
//     field<int, ge<1>, le<100>> size = 10;
//     field<std::string, min_length<3>, pattern<"^[a-z]+$">> name;
//
// Limits of durations count seconds. The first constraint that does not hold is reported, in pydantic's order.
#pragma once

#include "hem/model/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace hem {

template <std::size_t N>
struct fixed_string {
    char text[N]{};
    consteval fixed_string(const char (&literal)[N]) {
        for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
    }
    constexpr operator std::string_view() const { return {text, N - 1}; }
    constexpr std::string_view view() const { return {text, N - 1}; }
};

namespace detail {

enum class constraint_kind : std::uint8_t {
    none,
    // in the order in which they are checked
    multiple_of,
    le,
    lt,
    ge,
    gt,
    strip_whitespace,
    to_lower,
    min_length,
    max_length,
    pattern,
    one_of,
    unique_items,
    in_past,
    in_future,
    aware,
    check,
    // what the reader and the writer look at
    strict,
    allow_inf_nan,
    defaulted,
    secret,
    read_only,
    write_only,
    alias,
    discriminator,
    // what only the schema shows
    title,
    description,
    example,
    deprecated,
};

struct limit_value {
    bool is_floating = false;
    std::int64_t whole = 0;
    double floating = 0;
};

struct constraint {
    constraint_kind kind = constraint_kind::none;
    limit_value limit{};
    std::string_view text{};
    std::span<const std::string_view> texts{};
    void (*check)(const void* value) = nullptr;
    json (*example)() = nullptr;
};

template <auto N>
consteval limit_value limit_of() {
    static_assert(std::is_arithmetic_v<decltype(N)>, "hem: a limit is a number; limits of durations count seconds");
    if constexpr (std::is_floating_point_v<decltype(N)>) {
        return {true, 0, N};
    } else {
        return {false, static_cast<std::int64_t>(N), static_cast<double>(N)};
    }
}

template <constraint_kind Kind, auto N>
struct limit_constraint {
    static constexpr constraint data{.kind = Kind, .limit = limit_of<N>()};
};
template <constraint_kind Kind, fixed_string Text>
struct text_constraint {
    static constexpr constraint data{.kind = Kind, .text = Text.view()};
};
template <constraint_kind Kind>
struct flag_constraint {
    static constexpr constraint data{.kind = Kind};
};
template <fixed_string... Text>
struct text_list {
    static constexpr std::string_view texts[] = {Text.view()...};
};

// A template argument that is a number, a bool or a text.
template <class T>
struct literal {
    T value;
    consteval literal(T given) : value(given) {}
    constexpr T view() const { return value; }
};
template <std::size_t N>
struct literal<char[N]> : fixed_string<N> {
    using fixed_string<N>::fixed_string;
};
template <class T>
literal(T) -> literal<T>;
template <std::size_t N>
literal(const char (&)[N]) -> literal<char[N]>;

template <class F>
struct check_argument;
template <class R, class A>
struct check_argument<R (*)(A)> {
    using type = std::remove_cvref_t<A>;
};
template <class F>
    requires requires { &F::operator(); }
struct check_argument<F> {
    template <class R, class A>
    static std::type_identity<std::remove_cvref_t<A>> of(R (F::*)(A) const);
    using type = typename decltype(of(&F::operator()))::type;
};

}  // namespace detail

template <auto N>
struct gt : detail::limit_constraint<detail::constraint_kind::gt, N> {};
template <auto N>
struct ge : detail::limit_constraint<detail::constraint_kind::ge, N> {};
template <auto N>
struct lt : detail::limit_constraint<detail::constraint_kind::lt, N> {};
template <auto N>
struct le : detail::limit_constraint<detail::constraint_kind::le, N> {};
template <auto N>
struct multiple_of : detail::limit_constraint<detail::constraint_kind::multiple_of, N> {
    static_assert(N > 0, "hem: multiple_of needs a number above zero");
};
// Code points of strings, bytes of `hem::bytes`, elements of lists, sets and maps.
template <std::size_t N>
struct min_length : detail::limit_constraint<detail::constraint_kind::min_length, N> {};
template <std::size_t N>
struct max_length : detail::limit_constraint<detail::constraint_kind::max_length, N> {};
// Searched, not anchored. No back-references, no look-around; matching time is linear (pattern_matcher.hpp).
template <fixed_string Text>
struct pattern : detail::text_constraint<detail::constraint_kind::pattern, Text> {};
template <fixed_string... Text>
struct one_of {
    static_assert(sizeof...(Text) > 0, "hem: one_of needs at least one text");
    static constexpr detail::constraint data{.kind = detail::constraint_kind::one_of, .texts = detail::text_list<Text...>::texts};
};
struct unique_items : detail::flag_constraint<detail::constraint_kind::unique_items> {};
struct in_past : detail::flag_constraint<detail::constraint_kind::in_past> {};
struct in_future : detail::flag_constraint<detail::constraint_kind::in_future> {};
struct aware : detail::flag_constraint<detail::constraint_kind::aware> {};
struct strip_whitespace : detail::flag_constraint<detail::constraint_kind::strip_whitespace> {};
struct to_lower : detail::flag_constraint<detail::constraint_kind::to_lower> {};
// Only the exact JSON type is accepted.
struct strict : detail::flag_constraint<detail::constraint_kind::strict> {};
// Reads the words nan and inf, writes them as null.
struct allow_inf_nan : detail::flag_constraint<detail::constraint_kind::allow_inf_nan> {};
// An initial value that looks like none, such as an empty list, is the default.
struct defaulted : detail::flag_constraint<detail::constraint_kind::defaulted> {};
// Shown as ********** in errors; format password in the schema.
struct secret : detail::flag_constraint<detail::constraint_kind::secret> {};
// Left out of input, or of output.
struct read_only : detail::flag_constraint<detail::constraint_kind::read_only> {};
struct write_only : detail::flag_constraint<detail::constraint_kind::write_only> {};
// The name on the wire, for reading and writing.
template <fixed_string Text>
struct alias : detail::text_constraint<detail::constraint_kind::alias, Text> {};
// The member of a variant's models that tells which of them it is.
template <fixed_string Text>
struct discriminator : detail::text_constraint<detail::constraint_kind::discriminator, Text> {};
template <fixed_string Text>
struct title : detail::text_constraint<detail::constraint_kind::title, Text> {};
template <fixed_string Text>
struct description : detail::text_constraint<detail::constraint_kind::description, Text> {};
template <detail::literal Value>
struct example {
    static constexpr detail::constraint data{.kind = detail::constraint_kind::example, .example = [] { return json(Value.view()); }};
};
struct deprecated : detail::flag_constraint<detail::constraint_kind::deprecated> {};
// F takes the value and throws value_error: check<[](const std::string& name) { … }>.
template <auto F>
struct check {
    using argument = typename detail::check_argument<std::remove_cvref_t<decltype(F)>>::type;
    static constexpr detail::constraint data{.kind = detail::constraint_kind::check,
                                             .check = [](const void* value) { F(*static_cast<const argument*>(value)); }};
};

}  // namespace hem
