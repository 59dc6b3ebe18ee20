// Splits an aggregate into its members by structured bindings, one case per number of members. Internal to the layer.
#pragma once

#include <cstddef>

namespace hem::detail {

// apply(object, f) calls f with every member as an lvalue, in order of declaration.
template <std::size_t N>
struct binder;

template <>
struct binder<0> {
    template <class T, class F>
    static constexpr decltype(auto) apply(T&, F&& f) {
        return f();
    }
};

#define HEM_BINDER(n, ...)                                                                                                                 \
    template <>                                                                                                                            \
    struct binder<n> {                                                                                                                     \
        template <class T, class F>                                                                                                        \
        static constexpr decltype(auto) apply(T& object, F&& f) {                                                                          \
            auto& [__VA_ARGS__] = object;                                                                                                  \
            return f(__VA_ARGS__);                                                                                                         \
        }                                                                                                                                  \
    }

// clang-format off
#define HEM_NAMES_1 m1
#define HEM_NAMES_2 HEM_NAMES_1, m2
#define HEM_NAMES_3 HEM_NAMES_2, m3
#define HEM_NAMES_4 HEM_NAMES_3, m4
#define HEM_NAMES_5 HEM_NAMES_4, m5
#define HEM_NAMES_6 HEM_NAMES_5, m6
#define HEM_NAMES_7 HEM_NAMES_6, m7
#define HEM_NAMES_8 HEM_NAMES_7, m8
#define HEM_NAMES_9 HEM_NAMES_8, m9
#define HEM_NAMES_10 HEM_NAMES_9, m10
#define HEM_NAMES_11 HEM_NAMES_10, m11
#define HEM_NAMES_12 HEM_NAMES_11, m12
#define HEM_NAMES_13 HEM_NAMES_12, m13
#define HEM_NAMES_14 HEM_NAMES_13, m14
#define HEM_NAMES_15 HEM_NAMES_14, m15
#define HEM_NAMES_16 HEM_NAMES_15, m16
#define HEM_NAMES_17 HEM_NAMES_16, m17
#define HEM_NAMES_18 HEM_NAMES_17, m18
#define HEM_NAMES_19 HEM_NAMES_18, m19
#define HEM_NAMES_20 HEM_NAMES_19, m20
#define HEM_NAMES_21 HEM_NAMES_20, m21
#define HEM_NAMES_22 HEM_NAMES_21, m22
#define HEM_NAMES_23 HEM_NAMES_22, m23
#define HEM_NAMES_24 HEM_NAMES_23, m24
#define HEM_NAMES_25 HEM_NAMES_24, m25
#define HEM_NAMES_26 HEM_NAMES_25, m26
#define HEM_NAMES_27 HEM_NAMES_26, m27
#define HEM_NAMES_28 HEM_NAMES_27, m28
#define HEM_NAMES_29 HEM_NAMES_28, m29
#define HEM_NAMES_30 HEM_NAMES_29, m30
#define HEM_NAMES_31 HEM_NAMES_30, m31
#define HEM_NAMES_32 HEM_NAMES_31, m32
#define HEM_NAMES_33 HEM_NAMES_32, m33
#define HEM_NAMES_34 HEM_NAMES_33, m34
#define HEM_NAMES_35 HEM_NAMES_34, m35
#define HEM_NAMES_36 HEM_NAMES_35, m36
#define HEM_NAMES_37 HEM_NAMES_36, m37
#define HEM_NAMES_38 HEM_NAMES_37, m38
#define HEM_NAMES_39 HEM_NAMES_38, m39
#define HEM_NAMES_40 HEM_NAMES_39, m40
#define HEM_NAMES_41 HEM_NAMES_40, m41
#define HEM_NAMES_42 HEM_NAMES_41, m42
#define HEM_NAMES_43 HEM_NAMES_42, m43
#define HEM_NAMES_44 HEM_NAMES_43, m44
#define HEM_NAMES_45 HEM_NAMES_44, m45
#define HEM_NAMES_46 HEM_NAMES_45, m46
#define HEM_NAMES_47 HEM_NAMES_46, m47
#define HEM_NAMES_48 HEM_NAMES_47, m48
#define HEM_NAMES_49 HEM_NAMES_48, m49
#define HEM_NAMES_50 HEM_NAMES_49, m50
#define HEM_NAMES_51 HEM_NAMES_50, m51
#define HEM_NAMES_52 HEM_NAMES_51, m52
#define HEM_NAMES_53 HEM_NAMES_52, m53
#define HEM_NAMES_54 HEM_NAMES_53, m54
#define HEM_NAMES_55 HEM_NAMES_54, m55
#define HEM_NAMES_56 HEM_NAMES_55, m56
#define HEM_NAMES_57 HEM_NAMES_56, m57
#define HEM_NAMES_58 HEM_NAMES_57, m58
#define HEM_NAMES_59 HEM_NAMES_58, m59
#define HEM_NAMES_60 HEM_NAMES_59, m60
#define HEM_NAMES_61 HEM_NAMES_60, m61
#define HEM_NAMES_62 HEM_NAMES_61, m62
#define HEM_NAMES_63 HEM_NAMES_62, m63
#define HEM_NAMES_64 HEM_NAMES_63, m64

HEM_BINDER(1, HEM_NAMES_1);
HEM_BINDER(2, HEM_NAMES_2);
HEM_BINDER(3, HEM_NAMES_3);
HEM_BINDER(4, HEM_NAMES_4);
HEM_BINDER(5, HEM_NAMES_5);
HEM_BINDER(6, HEM_NAMES_6);
HEM_BINDER(7, HEM_NAMES_7);
HEM_BINDER(8, HEM_NAMES_8);
HEM_BINDER(9, HEM_NAMES_9);
HEM_BINDER(10, HEM_NAMES_10);
HEM_BINDER(11, HEM_NAMES_11);
HEM_BINDER(12, HEM_NAMES_12);
HEM_BINDER(13, HEM_NAMES_13);
HEM_BINDER(14, HEM_NAMES_14);
HEM_BINDER(15, HEM_NAMES_15);
HEM_BINDER(16, HEM_NAMES_16);
HEM_BINDER(17, HEM_NAMES_17);
HEM_BINDER(18, HEM_NAMES_18);
HEM_BINDER(19, HEM_NAMES_19);
HEM_BINDER(20, HEM_NAMES_20);
HEM_BINDER(21, HEM_NAMES_21);
HEM_BINDER(22, HEM_NAMES_22);
HEM_BINDER(23, HEM_NAMES_23);
HEM_BINDER(24, HEM_NAMES_24);
HEM_BINDER(25, HEM_NAMES_25);
HEM_BINDER(26, HEM_NAMES_26);
HEM_BINDER(27, HEM_NAMES_27);
HEM_BINDER(28, HEM_NAMES_28);
HEM_BINDER(29, HEM_NAMES_29);
HEM_BINDER(30, HEM_NAMES_30);
HEM_BINDER(31, HEM_NAMES_31);
HEM_BINDER(32, HEM_NAMES_32);
HEM_BINDER(33, HEM_NAMES_33);
HEM_BINDER(34, HEM_NAMES_34);
HEM_BINDER(35, HEM_NAMES_35);
HEM_BINDER(36, HEM_NAMES_36);
HEM_BINDER(37, HEM_NAMES_37);
HEM_BINDER(38, HEM_NAMES_38);
HEM_BINDER(39, HEM_NAMES_39);
HEM_BINDER(40, HEM_NAMES_40);
HEM_BINDER(41, HEM_NAMES_41);
HEM_BINDER(42, HEM_NAMES_42);
HEM_BINDER(43, HEM_NAMES_43);
HEM_BINDER(44, HEM_NAMES_44);
HEM_BINDER(45, HEM_NAMES_45);
HEM_BINDER(46, HEM_NAMES_46);
HEM_BINDER(47, HEM_NAMES_47);
HEM_BINDER(48, HEM_NAMES_48);
HEM_BINDER(49, HEM_NAMES_49);
HEM_BINDER(50, HEM_NAMES_50);
HEM_BINDER(51, HEM_NAMES_51);
HEM_BINDER(52, HEM_NAMES_52);
HEM_BINDER(53, HEM_NAMES_53);
HEM_BINDER(54, HEM_NAMES_54);
HEM_BINDER(55, HEM_NAMES_55);
HEM_BINDER(56, HEM_NAMES_56);
HEM_BINDER(57, HEM_NAMES_57);
HEM_BINDER(58, HEM_NAMES_58);
HEM_BINDER(59, HEM_NAMES_59);
HEM_BINDER(60, HEM_NAMES_60);
HEM_BINDER(61, HEM_NAMES_61);
HEM_BINDER(62, HEM_NAMES_62);
HEM_BINDER(63, HEM_NAMES_63);
HEM_BINDER(64, HEM_NAMES_64);

#undef HEM_NAMES_1
#undef HEM_NAMES_2
#undef HEM_NAMES_3
#undef HEM_NAMES_4
#undef HEM_NAMES_5
#undef HEM_NAMES_6
#undef HEM_NAMES_7
#undef HEM_NAMES_8
#undef HEM_NAMES_9
#undef HEM_NAMES_10
#undef HEM_NAMES_11
#undef HEM_NAMES_12
#undef HEM_NAMES_13
#undef HEM_NAMES_14
#undef HEM_NAMES_15
#undef HEM_NAMES_16
#undef HEM_NAMES_17
#undef HEM_NAMES_18
#undef HEM_NAMES_19
#undef HEM_NAMES_20
#undef HEM_NAMES_21
#undef HEM_NAMES_22
#undef HEM_NAMES_23
#undef HEM_NAMES_24
#undef HEM_NAMES_25
#undef HEM_NAMES_26
#undef HEM_NAMES_27
#undef HEM_NAMES_28
#undef HEM_NAMES_29
#undef HEM_NAMES_30
#undef HEM_NAMES_31
#undef HEM_NAMES_32
#undef HEM_NAMES_33
#undef HEM_NAMES_34
#undef HEM_NAMES_35
#undef HEM_NAMES_36
#undef HEM_NAMES_37
#undef HEM_NAMES_38
#undef HEM_NAMES_39
#undef HEM_NAMES_40
#undef HEM_NAMES_41
#undef HEM_NAMES_42
#undef HEM_NAMES_43
#undef HEM_NAMES_44
#undef HEM_NAMES_45
#undef HEM_NAMES_46
#undef HEM_NAMES_47
#undef HEM_NAMES_48
#undef HEM_NAMES_49
#undef HEM_NAMES_50
#undef HEM_NAMES_51
#undef HEM_NAMES_52
#undef HEM_NAMES_53
#undef HEM_NAMES_54
#undef HEM_NAMES_55
#undef HEM_NAMES_56
#undef HEM_NAMES_57
#undef HEM_NAMES_58
#undef HEM_NAMES_59
#undef HEM_NAMES_60
#undef HEM_NAMES_61
#undef HEM_NAMES_62
#undef HEM_NAMES_63
#undef HEM_NAMES_64
#undef HEM_BINDER
// clang-format on

}  // namespace hem::detail
