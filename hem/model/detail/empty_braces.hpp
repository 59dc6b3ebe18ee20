// Whether a type takes n pairs of empty braces, one case per number. A pack cannot expand to `{}`, so the cases are written out. Internal
// to the layer.
#pragma once

#include <cstddef>

namespace hem::detail {

template <std::size_t N>
struct empty_braces;

template <>
struct empty_braces<0> {
    template <class T>
    static consteval bool fit() {
        return true;
    }
};

#define HEM_EMPTY_BRACES(n, ...)                                                                                                           \
    template <>                                                                                                                            \
    struct empty_braces<n> {                                                                                                               \
        template <class T>                                                                                                                 \
        static consteval bool fit() {                                                                                                      \
            return requires { T{__VA_ARGS__}; };                                                                                           \
        }                                                                                                                                  \
    }

// clang-format off
#define HEM_BRACES_8 {}, {}, {}, {}, {}, {}, {}, {}
#define HEM_BRACES_16 HEM_BRACES_8, HEM_BRACES_8
#define HEM_BRACES_32 HEM_BRACES_16, HEM_BRACES_16
HEM_EMPTY_BRACES(1, {});
HEM_EMPTY_BRACES(2, {}, {});
HEM_EMPTY_BRACES(3, {}, {}, {});
HEM_EMPTY_BRACES(4, {}, {}, {}, {});
HEM_EMPTY_BRACES(5, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(6, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(7, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(8, HEM_BRACES_8);
HEM_EMPTY_BRACES(9, HEM_BRACES_8, {});
HEM_EMPTY_BRACES(10, HEM_BRACES_8, {}, {});
HEM_EMPTY_BRACES(11, HEM_BRACES_8, {}, {}, {});
HEM_EMPTY_BRACES(12, HEM_BRACES_8, {}, {}, {}, {});
HEM_EMPTY_BRACES(13, HEM_BRACES_8, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(14, HEM_BRACES_8, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(15, HEM_BRACES_8, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(16, HEM_BRACES_16);
HEM_EMPTY_BRACES(17, HEM_BRACES_16, {});
HEM_EMPTY_BRACES(18, HEM_BRACES_16, {}, {});
HEM_EMPTY_BRACES(19, HEM_BRACES_16, {}, {}, {});
HEM_EMPTY_BRACES(20, HEM_BRACES_16, {}, {}, {}, {});
HEM_EMPTY_BRACES(21, HEM_BRACES_16, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(22, HEM_BRACES_16, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(23, HEM_BRACES_16, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(24, HEM_BRACES_16, HEM_BRACES_8);
HEM_EMPTY_BRACES(25, HEM_BRACES_16, HEM_BRACES_8, {});
HEM_EMPTY_BRACES(26, HEM_BRACES_16, HEM_BRACES_8, {}, {});
HEM_EMPTY_BRACES(27, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {});
HEM_EMPTY_BRACES(28, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {});
HEM_EMPTY_BRACES(29, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(30, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(31, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(32, HEM_BRACES_32);
HEM_EMPTY_BRACES(33, HEM_BRACES_32, {});
HEM_EMPTY_BRACES(34, HEM_BRACES_32, {}, {});
HEM_EMPTY_BRACES(35, HEM_BRACES_32, {}, {}, {});
HEM_EMPTY_BRACES(36, HEM_BRACES_32, {}, {}, {}, {});
HEM_EMPTY_BRACES(37, HEM_BRACES_32, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(38, HEM_BRACES_32, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(39, HEM_BRACES_32, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(40, HEM_BRACES_32, HEM_BRACES_8);
HEM_EMPTY_BRACES(41, HEM_BRACES_32, HEM_BRACES_8, {});
HEM_EMPTY_BRACES(42, HEM_BRACES_32, HEM_BRACES_8, {}, {});
HEM_EMPTY_BRACES(43, HEM_BRACES_32, HEM_BRACES_8, {}, {}, {});
HEM_EMPTY_BRACES(44, HEM_BRACES_32, HEM_BRACES_8, {}, {}, {}, {});
HEM_EMPTY_BRACES(45, HEM_BRACES_32, HEM_BRACES_8, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(46, HEM_BRACES_32, HEM_BRACES_8, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(47, HEM_BRACES_32, HEM_BRACES_8, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(48, HEM_BRACES_32, HEM_BRACES_16);
HEM_EMPTY_BRACES(49, HEM_BRACES_32, HEM_BRACES_16, {});
HEM_EMPTY_BRACES(50, HEM_BRACES_32, HEM_BRACES_16, {}, {});
HEM_EMPTY_BRACES(51, HEM_BRACES_32, HEM_BRACES_16, {}, {}, {});
HEM_EMPTY_BRACES(52, HEM_BRACES_32, HEM_BRACES_16, {}, {}, {}, {});
HEM_EMPTY_BRACES(53, HEM_BRACES_32, HEM_BRACES_16, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(54, HEM_BRACES_32, HEM_BRACES_16, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(55, HEM_BRACES_32, HEM_BRACES_16, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(56, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8);
HEM_EMPTY_BRACES(57, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {});
HEM_EMPTY_BRACES(58, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {});
HEM_EMPTY_BRACES(59, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {});
HEM_EMPTY_BRACES(60, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {});
HEM_EMPTY_BRACES(61, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(62, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(63, HEM_BRACES_32, HEM_BRACES_16, HEM_BRACES_8, {}, {}, {}, {}, {}, {}, {});
HEM_EMPTY_BRACES(64, HEM_BRACES_32, HEM_BRACES_32);
// clang-format on
#undef HEM_BRACES_8
#undef HEM_BRACES_16
#undef HEM_BRACES_32
#undef HEM_EMPTY_BRACES

}  // namespace hem::detail
