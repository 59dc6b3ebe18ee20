// A member with constraints: `field<int, ge<1>, le<100>> size = 10;`.
//
// A field holds a T and converts to `const T&`; `*` and `->` reach the value. The reader checks the constraints; assignment does so
// in debug builds only (violations throw validation_error), `validated(x)` on demand. An initialiser makes the member optional in
// input; `computed<&T::function>` adds a member that is only written.
#pragma once

#include "hem/model/constraints.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/validation.hpp"

#include <chrono>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace hem {

namespace detail {

enum class value_shape : std::uint8_t { none, number, string, container, time };

// The part of a value that constraints look at.
struct checked_value {
    value_shape shape = value_shape::none;
    bool is_floating = false;
    bool is_unsigned = false;
    std::int64_t whole = 0;
    double floating = 0;
    std::string* text = nullptr;
    std::size_t size = 0;
    std::string_view container_name{};  // List, Set, Dictionary, Data
    bool unique = true;
    std::chrono::sys_time<std::chrono::microseconds> when{};
    bool is_date = false;
    bool has_zone = true;
    const void* value = nullptr;  // what check<> gets
};

// Reports the first constraint that does not hold.
bool check_constraints(const json_source& in, std::span<const constraint> constraints, const checked_value& value, read_context& context);
// What in_past and in_future compare with: the running loop's wall clock, which tests own.
std::chrono::sys_time<std::chrono::microseconds> clock_of_constraints();
// Adds the constraints' words to the schema of the type that they constrain.
json constrained_schema(json schema, std::span<const constraint> constraints);

constexpr bool has_constraint(std::span<const constraint> list, constraint_kind kind) {
    for (const auto& each : list) {
        if (each.kind == kind) return true;
    }
    return false;
}
constexpr std::string_view text_of(std::span<const constraint> list, constraint_kind kind) {
    for (const auto& each : list) {
        if (each.kind == kind) return each.text;
    }
    return {};
}

// The constraints in the order in which they are checked.
template <std::size_t N>
consteval std::array<constraint, N + 1> in_order(std::array<constraint, N + 1> list) {
    for (std::size_t i = 1; i < N; ++i) {
        for (std::size_t k = i; k > 0 && list[k].kind < list[k - 1].kind; --k) std::swap(list[k], list[k - 1]);
    }
    return list;
}

// ADL-free customisation: types of other headers specialise it (datetime.hpp).
template <class T>
struct shape_of {
    static constexpr value_shape shape = std::is_same_v<T, bool>                                           ? value_shape::none
                                         : std::is_arithmetic_v<T>                                         ? value_shape::number
                                         : std::is_base_of_v<std::string, T>                               ? value_shape::string
                                         : (sequence_container<T> || set_container<T> || map_container<T>) ? value_shape::container
                                                                                                           : value_shape::none;
    static void look([[maybe_unused]] T& value, [[maybe_unused]] checked_value& seen, [[maybe_unused]] bool want_unique) {
        if constexpr (shape == value_shape::number) {
            seen.is_floating = std::is_floating_point_v<T>;
            seen.is_unsigned = std::is_unsigned_v<T>;
            if constexpr (std::is_floating_point_v<T>) {
                seen.floating = static_cast<double>(value);
            } else {
                seen.whole = static_cast<std::int64_t>(value);
            }
        } else if constexpr (shape == value_shape::string) {
            seen.text = &value;
        } else if constexpr (shape == value_shape::container) {
            seen.size = value.size();
            seen.container_name = map_container<T> ? "Dictionary" : set_container<T> ? "Set" : "List";
            if constexpr (sequence_container<T> && std::equality_comparable<typename T::value_type>) {
                if (want_unique) {
                    for (auto left = value.begin(); seen.unique && left != value.end(); ++left) {
                        for (auto right = value.begin(); right != left; ++right) seen.unique = seen.unique && !(*left == *right);
                    }
                }
            }
        }
    }
};

template <class T>
struct inner_of {
    using type = T;
};
template <class T>
struct inner_of<std::optional<T>> {
    using type = T;
};

constexpr bool fits(constraint_kind kind, value_shape shape, bool is_floating, bool is_sequence) {
    using enum constraint_kind;
    switch (kind) {
    case multiple_of:
    case le:
    case lt:
    case ge:
    case gt: return shape == value_shape::number;
    case strip_whitespace:
    case to_lower:
    case pattern:
    case one_of: return shape == value_shape::string;
    case min_length:
    case max_length: return shape == value_shape::string || shape == value_shape::container;
    case unique_items: return is_sequence;
    case in_past:
    case in_future:
    case aware: return shape == value_shape::time;
    case allow_inf_nan: return is_floating;
    default: return true;
    }
}

template <class Constraint, class T>
inline constexpr bool constraint_fits = fits(Constraint::data.kind, shape_of<T>::shape, std::is_floating_point_v<T>, sequence_container<T>);

template <class Constraint, class T>
concept fitting = constraint_fits<Constraint, typename inner_of<T>::type>;

}  // namespace detail

template <class T, class... Constraints>
class field {
    static_assert(
        (detail::fitting<Constraints, T> && ...),
        "hem: a constraint of this field does not fit the field's type (min_length is for strings and containers, ge for numbers, …)");

public:
    using value_type = T;
    static constexpr std::size_t constraint_count = sizeof...(Constraints);
    static constexpr auto constraints = detail::in_order<constraint_count>({Constraints::data..., detail::constraint()});

    field() = default;
    template <class U>
        requires(!std::same_as<std::remove_cvref_t<U>, field> && std::is_convertible_v<U, T>)
    field(U&& value) : value_(std::forward<U>(value)), given_(true) {
        check_in_debug();
    }
    template <class U>
        requires(!std::same_as<std::remove_cvref_t<U>, field> && std::is_assignable_v<T&, U>)
    field& operator=(U&& value) {
        value_ = std::forward<U>(value);
        given_ = true;
        check_in_debug();
        return *this;
    }

    operator const T&() const noexcept { return value_; }
    const T& operator*() const noexcept { return value_; }
    T& operator*() noexcept { return value_; }
    const T* operator->() const noexcept { return &value_; }
    T* operator->() noexcept { return &value_; }
    const T& value() const noexcept { return value_; }

    // True after an initialiser, an assignment or the reader gave a value.
    bool given() const noexcept { return given_; }

    friend bool operator==(const field& a, const field& b)
        requires std::equality_comparable<T>
    {
        return a.value_ == b.value_;
    }
    template <class U>
        requires(!std::same_as<std::remove_cvref_t<U>, field> && requires(const T& t, const U& u) { t == u; })
    friend bool operator==(const field& a, const U& b) {
        return a.value_ == b;
    }

private:
    friend struct json_traits<field>;
    void check_in_debug() {
#ifndef NDEBUG
        if constexpr (constraint_count > 0) {
            validation_errors errors;
            if (!json_traits<field>::check(value_, errors)) throw validation_error(std::move(errors));
        }
#endif
    }

    T value_{};
    bool given_ = false;
};

template <class T, class... Constraints>
struct json_traits<field<T, Constraints...>> {
    using owner = field<T, Constraints...>;
    using inner = typename detail::inner_of<T>::type;
    static constexpr std::span<const detail::constraint> constraints{owner::constraints.data(), sizeof...(Constraints)};
    static constexpr bool has_checks = [] {
        for (const auto& each : constraints) {
            if (each.kind >= detail::constraint_kind::multiple_of && each.kind <= detail::constraint_kind::check) return true;
        }
        return false;
    }();
    static constexpr bool has(detail::constraint_kind kind) { return detail::has_constraint(constraints, kind); }
    static constexpr auto model = detail::operations<T>.model;

    static bool read(const json_source& in, owner& out, read_context& context) {
        if constexpr (has(detail::constraint_kind::strict) || has(detail::constraint_kind::allow_inf_nan) ||
                      has(detail::constraint_kind::secret)) {
            read_context::flags saved(context);
            context.strict = context.strict || has(detail::constraint_kind::strict);
            context.allow_inf_nan = context.allow_inf_nan || has(detail::constraint_kind::allow_inf_nan);
            context.secret = context.secret || has(detail::constraint_kind::secret);
            return read_value(in, out, context);
        } else {
            return read_value(in, out, context);
        }
    }
    static void write(json_writer& out, const owner& value) {
        if constexpr (has(detail::constraint_kind::allow_inf_nan)) {
            const inner* number = nullptr;
            if constexpr (std::is_same_v<inner, T>) {
                number = &*value;
            } else {
                number = *value ? &**value : nullptr;
            }
            if (number && !(*number - *number == 0)) {
                out.value(nullptr);
                return;
            }
        }
        json_traits<T>::write(out, *value);
    }
    static json schema(schema_builder& schemas) {
        if constexpr (has(detail::constraint_kind::discriminator)) {
            return detail::constrained_schema(detail::variant_schema(schemas, json_traits<T>::alternatives,
                                                                     detail::text_of(constraints, detail::constraint_kind::discriminator)),
                                              constraints);
        } else {
            return detail::constrained_schema(json_traits<T>::schema(schemas), constraints);
        }
    }
    static bool has_default(const owner& initial) {
        if (has(detail::constraint_kind::defaulted) || initial.given()) return true;
        if constexpr (std::is_same_v<inner, T>) {
            return false;
        } else {
            return true;
        }
    }
    static bool is_null(const owner& value)
        requires requires { json_traits<T>::is_null(*value); }
    {
        return json_traits<T>::is_null(*value);
    }
    // Checks a value that did not come from the reader.
    static bool check(T& value, validation_errors& errors) {
        read_context context(errors);
        const std::string_view none;
        const json_source nothing = json_source::text(&none);
        return check_value(nothing, value, context);
    }

private:
    static bool read_value(const json_source& in, owner& out, read_context& context) {
        if constexpr (!has_checks && !has(detail::constraint_kind::discriminator)) {
            if (!json_traits<T>::read(in, out.value_, context)) return false;
        } else {
            T value{};
            if constexpr (has(detail::constraint_kind::discriminator)) {
                if (!detail::read_variant(in, &value, json_traits<T>::alternatives,
                                          detail::text_of(constraints, detail::constraint_kind::discriminator), context)) {
                    return false;
                }
            } else if (!json_traits<T>::read(in, value, context)) {
                return false;
            }
            if constexpr (has_checks) {
                if (!check_value(in, value, context)) return false;
            }
            out.value_ = std::move(value);
        }
        out.given_ = true;
        return true;
    }
    static bool check_value(const json_source& in, T& value, read_context& context) {
        detail::checked_value seen;
        seen.value = &value;
        constexpr bool unique = has(detail::constraint_kind::unique_items);
        if constexpr (std::is_same_v<inner, T>) {
            seen.shape = detail::shape_of<T>::shape;
            detail::shape_of<T>::look(value, seen, unique);
        } else {
            if (!value) return true;
            seen.shape = detail::shape_of<inner>::shape;
            detail::shape_of<inner>::look(*value, seen, unique);
        }
        return detail::check_constraints(in, constraints, seen, context);
    }
};

// A member that is only written: the result of a member function, `computed<&person::full_name> full_name;`.
template <auto Function>
struct computed {
    friend bool operator==(const computed&, const computed&) = default;
};

template <auto Function>
struct json_traits<computed<Function>> {
    template <class R, class T>
    static std::type_identity<T> owner_of(R (T::*)() const);
    template <class R, class T>
    static std::type_identity<T> owner_of(R (T::*)() const noexcept);
    template <class R, class T>
    static std::type_identity<std::remove_cvref_t<R>> result_of(R (T::*)() const);
    template <class R, class T>
    static std::type_identity<std::remove_cvref_t<R>> result_of(R (T::*)() const noexcept);
    using owner = typename decltype(owner_of(Function))::type;
    using result = typename decltype(result_of(Function))::type;

    static bool read(const json_source&, computed<Function>&, read_context&) { return true; }
    static void write(json_writer& out, const computed<Function>&) { out.value(nullptr); }
    static void write_computed(json_writer& out, const void* object) {
        json_traits<result>::write(out, (static_cast<const owner*>(object)->*Function)());
    }
    static json schema(schema_builder& schemas) {
        json made = json_traits<result>::schema(schemas);
        made.set("readOnly", true);
        return made;
    }
    static bool has_default(const computed<Function>&) { return true; }
};

namespace detail {
template <auto Function>
struct computed_member<computed<Function>> {
    static constexpr bool value = true;
    static void write(json_writer& out, const void* owner) { json_traits<computed<Function>>::write_computed(out, owner); }
};
}  // namespace detail

}  // namespace hem
