// The types that a document's members may have beyond plain C++ ones. Each says how its field is mapped and behaves as the value it holds:
// text and keyword are strings, a date is a point in time, scaled_float is a double. `mapping_of<T>()` turns a struct into a mapping.
#pragma once

#include "hem/model/json.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hem::search {

namespace detail {

// A string literal as a template argument.
template <std::size_t Size>
struct literal {
    char text[Size]{};
    consteval literal(const char (&from)[Size]) {
        for (std::size_t i = 0; i < Size; ++i) text[i] = from[i];
    }
    constexpr std::string_view view() const { return {text, Size - 1}; }
};

// Base of the field types that behave as std::string.
struct string_field : std::string {
    using std::string::string;
    string_field() = default;
    string_field(std::string text) : std::string(std::move(text)) {}
    string_field(std::string_view text) : std::string(text) {}
    string_field(const char* text) : std::string(text) {}
};

}  // namespace detail

// Full text. Without a name the index's default analyzer (`standard`) is used: `text<"english"> title;`.
template <detail::literal Analyzer = "">
struct text : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "text";
    static constexpr std::string_view analyzer = Analyzer.view();
};

// A whole value: filtered, sorted and counted as it is, never analysed.
struct keyword : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "keyword";
};
struct constant_keyword : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "constant_keyword";
};
struct wildcard_text : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "wildcard";
};
struct version : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "version";
};
struct ip : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "ip";
};
// Base64 text.
struct binary : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "binary";
};
struct completion : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "completion";
};
struct search_as_you_type : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "search_as_you_type";
};
// Text whose number of tokens is stored.
template <detail::literal Analyzer = "standard">
struct token_count : detail::string_field {
    using detail::string_field::string_field;
    static constexpr std::string_view field_type = "token_count";
    static constexpr std::string_view analyzer = Analyzer.view();
};

// A point in time, UTC with nanoseconds. Written as `2025-11-20T06:30:00.123456Z` with 0, 3, 6 or 9 fraction digits; read from that
// form, from any offset, without a zone (UTC), from a day alone, and from integers (epoch milliseconds).
class date {
public:
    using time_type = std::chrono::sys_time<std::chrono::nanoseconds>;
    static constexpr std::string_view field_type = "date";

    constexpr date() = default;
    template <class Duration>
    constexpr date(std::chrono::sys_time<Duration> time) : time_(std::chrono::time_point_cast<std::chrono::nanoseconds>(time)) {}

    static date now();                         // the loop's wall clock
    static date parse(std::string_view text);  // throws std::invalid_argument that quotes the text
    static date from_milliseconds(std::int64_t since_epoch);

    constexpr time_type time() const noexcept { return time_; }
    constexpr operator time_type() const noexcept { return time_; }
    std::string to_string() const;
    std::int64_t milliseconds() const noexcept;

    friend constexpr auto operator<=>(const date&, const date&) = default;

private:
    time_type time_{};
};

struct date_nanos : date {
    using date::date;
    constexpr date_nanos(date time) : date(time) {}
    static constexpr std::string_view field_type = "date_nanos";
    friend constexpr auto operator<=>(const date_nanos&, const date_nanos&) = default;
};

struct geo_point {
    static constexpr std::string_view field_type = "geo_point";
    double lat = 0;
    double lon = 0;
    bool operator==(const geo_point&) const = default;
};

template <std::size_t Dimensions>
struct dense_vector : std::vector<float> {
    using std::vector<float>::vector;
    static constexpr std::string_view field_type = "dense_vector";
    static constexpr std::size_t dimensions = Dimensions;
};

namespace detail {
struct number_field {
    double value = 0;
    constexpr number_field() = default;
    constexpr number_field(double from) : value(from) {}
    constexpr operator double() const noexcept { return value; }
};
}  // namespace detail

struct half_float : detail::number_field {
    using detail::number_field::number_field;
    static constexpr std::string_view field_type = "half_float";
};
template <int Factor>
struct scaled_float : detail::number_field {
    using detail::number_field::number_field;
    static constexpr std::string_view field_type = "scaled_float";
    static constexpr int scaling_factor = Factor;
};

// Any object; its leaves are keywords of one field.
struct flattened {
    static constexpr std::string_view field_type = "flattened";
    json value;
    bool operator==(const flattened&) const = default;
};

// Relation of a parent and its children in one index.
struct join {
    static constexpr std::string_view field_type = "join";
    std::string name;
    std::string parent;  // id, for children
    bool operator==(const join&) const = default;
};

// Another name of the field at that path; holds nothing.
template <detail::literal Path>
struct alias_to {
    static constexpr std::string_view field_type = "alias";
    static constexpr std::string_view path = Path.view();
};

// A range of T. `check()` refuses both `gt` and `gte`, both `lt` and `lte`, and a lower end above the upper one.
template <class T>
struct range_of {
    std::optional<T> gt;
    std::optional<T> gte;
    std::optional<T> lt;
    std::optional<T> lte;
    bool operator==(const range_of&) const = default;

    // Empty if it is well formed, else what is wrong.
    std::string_view check() const {
        if (gt && gte) return "has both gt and gte";
        if (lt && lte) return "has both lt and lte";
        const std::optional<T>& lower = gt ? gt : gte;
        const std::optional<T>& upper = lt ? lt : lte;
        if (lower && upper && *upper < *lower) return "has its lower end above the upper one";
        return {};
    }
};

// Structs whose members are matched together, not mixed between elements: `std::vector<nested_of<comment>> comments;`.
template <class T>
struct nested_of : T {
    using value_type = T;
};

// Another name on the wire: `named<"type", keyword> kind;`.
template <detail::literal Name, class T>
struct named {
    using value_type = T;
    static constexpr std::string_view wire_name = Name.view();
    T value{};

    named() = default;
    named(T from) : value(std::move(from)) {}
    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, named>)
    named(U&& from) : value(std::forward<U>(from)) {}
    operator const T&() const noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    T& operator*() noexcept { return value; }
    const T* operator->() const noexcept { return &value; }
    T* operator->() noexcept { return &value; }
    bool operator==(const named&) const = default;
};

namespace detail {
// `2025-11-20`, and back; throws std::invalid_argument.
std::string format_day(std::chrono::sys_days day);
std::chrono::sys_days parse_day(std::string_view text);

template <class T>
inline constexpr bool is_named = false;
template <literal Name, class T>
inline constexpr bool is_named<named<Name, T>> = true;
template <class T>
inline constexpr bool is_nested = false;
template <class T>
inline constexpr bool is_nested<nested_of<T>> = true;
template <class T>
inline constexpr bool is_range = false;
template <class T>
inline constexpr bool is_range<range_of<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;
template <class T>
inline constexpr bool is_alias = false;
template <literal Path>
inline constexpr bool is_alias<alias_to<Path>> = true;
}  // namespace detail

}  // namespace hem::search
