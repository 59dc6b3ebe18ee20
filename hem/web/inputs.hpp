// Where the members of a request struct come from.
//
//     struct search_call {
//         web::body<search_request> search;                            // the JSON body
//         web::query<int, ge<1>> page = 1;                             // ?page=2, checked; 1 if absent
//         web::header<std::optional<std::string>> accept_language;     // accept-language, null if absent
//         web::path<std::string> shop_id;                              // {shop_id} of the route
//         web::depends<search_service> service;                        // what its provider made
//     };
//
// The member's name is the wire name; in header names `_` stands for `-`; `alias<"x">` sets another. A member without default that is no
// optional is required. Lists take repeated keys. Constraints are those of `field`. All errors of a request are answered together, 422.
#pragma once

#include "hem/model/field.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace hem::web {

enum class source_kind : std::uint8_t { path, query, header, cookie, body, depends };

// Option of `body`: the document holds this model under the member's name, also if there is no second one.
struct embed {};

// Option of `depends`: makes a value of its own instead of sharing the request's.
struct no_cache {};

namespace detail {

template <class Option>
inline constexpr bool is_web_option = std::is_same_v<Option, embed> || std::is_same_v<Option, no_cache>;

template <class T, class... Options>
struct held {
    using type = field<T, Options...>;
};
template <class T>
struct held<T> {
    using type = T;
};
template <class T, class... Options>
struct held<T, embed, Options...> : held<T, Options...> {};

struct input_flags {
    bool has_default = false;
    bool given = false;
};

struct input_access;

}  // namespace detail

// A value of the request. `*` and `->` reach it; it converts to `const T&`.
template <source_kind Kind, class T, class... Options>
class input {
public:
    using value_type = T;
    using held_type = typename detail::held<T, Options...>::type;
    static constexpr source_kind kind = Kind;
    static constexpr bool embedded = (std::is_same_v<Options, embed> || ...);

    input() = default;
    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, input>)
    input(U&& value) : value_(static_cast<T>(std::forward<U>(value))) {
        flags_.has_default = true;
    }

    const T& operator*() const noexcept { return value_; }
    T& operator*() noexcept
        requires std::is_same_v<held_type, T>
    {
        return value_;
    }
    const T* operator->() const noexcept { return &**this; }
    operator const T&() const noexcept { return value_; }

    // Whether the request had it; false for a default.
    bool given() const noexcept { return flags_.given; }

private:
    friend struct detail::input_access;
    held_type value_{};
    detail::input_flags flags_;
};

template <class T, class... Options>
using path = input<source_kind::path, T, Options...>;
template <class T, class... Options>
using query = input<source_kind::query, T, Options...>;
template <class T, class... Options>
using header = input<source_kind::header, T, Options...>;
template <class T, class... Options>
using cookie = input<source_kind::cookie, T, Options...>;
template <class T, class... Options>
using body = input<source_kind::body, T, Options...>;

// What the provider of T made, of this request or of the app. Valid until the provider's scope ends: by default until the handler has
// returned. `Options`: a tag type that tells a second provider of the same type apart, and `no_cache`.
template <class T, class... Options>
class depends {
public:
    using value_type = T;
    static constexpr source_kind kind = source_kind::depends;

    depends() = default;
    // For tests that call a handler directly.
    explicit depends(T& value) noexcept : value_(&value) {}

    T& operator*() const noexcept { return *value_; }
    T* operator->() const noexcept { return value_; }
    operator T&() const noexcept { return *value_; }

private:
    friend struct detail::input_access;
    T* value_ = nullptr;
};

namespace detail {

struct input_access {
    template <class Input>
    static void* value(void* in) noexcept {
        return std::addressof(static_cast<Input*>(in)->value_);
    }
    template <class Input>
    static input_flags* flags(void* in) noexcept {
        return &static_cast<Input*>(in)->flags_;
    }
    template <class T, class... Options>
    static void bind(depends<T, Options...>& to, void* value) noexcept {
        to.value_ = static_cast<T*>(value);
    }
};

template <class T>
concept request_source = requires {
    typename T::value_type;
    { T::kind } -> std::convertible_to<source_kind>;
};

}  // namespace detail
}  // namespace hem::web
