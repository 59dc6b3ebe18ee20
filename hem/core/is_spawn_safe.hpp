// Which argument types may be moved into a child task. Views and raw pointers may dangle there, so they do not compile unless the type says
// that it is safe: specialise is_spawn_safe for a view of something that outlives every task.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace hem {

template <class T>
inline constexpr bool is_spawn_safe = true;
template <class T>
inline constexpr bool is_spawn_safe<T*> = std::is_function_v<T>;
template <class Char, class Traits>
inline constexpr bool is_spawn_safe<std::basic_string_view<Char, Traits>> = false;
template <class T, std::size_t N>
inline constexpr bool is_spawn_safe<std::span<T, N>> = false;

namespace detail {

// How an argument is kept in the child: decayed; a string literal becomes a std::string.
template <class T>
struct stored_argument {
    using type = std::decay_t<T>;
};
template <std::size_t N>
struct stored_argument<const char (&)[N]> {
    using type = std::string;
};
template <class T>
using stored_argument_t = typename stored_argument<T>::type;

}  // namespace detail
}  // namespace hem
