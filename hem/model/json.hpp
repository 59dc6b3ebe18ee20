// A JSON value that owns its parts: null, boolean, integer, number, string, array or object.
//
// Use it for documents whose shape is not known when the program is compiled; known shapes are plain structs (`read_json.hpp`).
// Objects keep the order in which members were added. Integers are exact within 64 bits (signed or unsigned); a number that fits
// neither 64 bits nor a finite double keeps its text, so nothing is lost between `parse` and `dump`.
// A value nested a thousand deep is destroyed without using up the stack.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hem {

class json;
class json_source;

enum class json_kind : std::uint8_t {
    null,
    boolean,
    integer,           // fits std::int64_t
    unsigned_integer,  // above the range of std::int64_t, fits std::uint64_t
    number,            // double
    big_number,        // fits neither; kept as the text that was read
    string,
    array,
    object,
};

// A text is not JSON. what() is `reason: line L column C (char P)`, positions count code points; reasons are those of Python's json
// module, and `Nesting too deep`, `Duplicate key '…'`, `Invalid UTF-8`.
class json_parse_error : public std::runtime_error {
public:
    json_parse_error(std::string reason, std::size_t position, std::size_t line, std::size_t column);
    const std::string& reason() const noexcept { return reason_; }
    std::size_t position() const noexcept { return position_; }  // code points from 0
    std::size_t line() const noexcept { return line_; }          // from 1
    std::size_t column() const noexcept { return column_; }      // code points from 1

private:
    std::string reason_;
    std::size_t position_;
    std::size_t line_;
    std::size_t column_;
};

// A value was asked for something that its kind does not have.
class json_type_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

enum class duplicate_keys : std::uint8_t {
    last_wins,  // as Python's json
    refuse,     // json_parse_error
};

struct json_parse_options {
    std::size_t max_depth = 64;
    duplicate_keys duplicates = duplicate_keys::last_wins;
};

namespace detail {
template <class T>
concept json_integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                       !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

struct json_big_number {
    std::string text;
};
}  // namespace detail

class json {
public:
    using member = std::pair<std::string, json>;
    using array_type = std::vector<json>;
    using object_type = std::vector<member>;

    json() noexcept = default;
    json(std::nullptr_t) noexcept {}
    template <std::same_as<bool> T>
    json(T value) noexcept : value_(std::in_place_index<1>, value) {}
    template <detail::json_integer T>
    json(T value) noexcept {
        if (std::is_signed_v<T> || static_cast<std::uint64_t>(value) <= static_cast<std::uint64_t>(INT64_MAX)) {
            value_.emplace<2>(static_cast<std::int64_t>(value));
        } else {
            value_.emplace<3>(static_cast<std::uint64_t>(value));
        }
    }
    template <std::floating_point T>
    json(T value) noexcept : value_(std::in_place_index<4>, static_cast<double>(value)) {}
    json(const char* text) : value_(std::in_place_index<6>, text) {}
    json(std::string_view text) : value_(std::in_place_index<6>, text) {}
    json(std::string text) noexcept : value_(std::in_place_index<6>, std::move(text)) {}
    template <class T>
        requires(!std::same_as<T, std::string> && std::derived_from<T, std::string>)
    json(const T& text) : value_(std::in_place_index<6>, static_cast<const std::string&>(text)) {}
    json(array_type elements) noexcept : value_(std::in_place_index<7>, std::move(elements)) {}
    json(object_type members) : value_(std::in_place_index<8>, std::move(members)) {}

    json(const json& other);
    json(json&& other) noexcept : value_(std::move(other.value_)) { other.value_.emplace<0>(); }
    json& operator=(const json& other);
    json& operator=(json&& other) noexcept {
        if (this != &other) {
            storage moved = std::move(other.value_);  // `other` may be a part of this value
            other.value_.emplace<0>();
            release();
            value_ = std::move(moved);
        }
        return *this;
    }
    ~json() { release(); }

    static json array() { return json(array_type()); }
    static json array(std::initializer_list<json> elements) { return json(array_type(elements)); }
    static json object() { return json(object_type()); }
    static json object(std::initializer_list<member> members) { return json(object_type(members)); }
    // A number that is written as this text; the caller promises that it is a JSON number.
    static json big_number(std::string text);

    // Throws json_parse_error. UTF-8 is checked; NaN, comments, trailing commas and lone surrogates are refused.
    static json parse(std::string_view text, const json_parse_options& options = {});

    // Compact text. Floats in the shortest form that reads back, 1.0 stays 1.0. NaN and infinity throw json_type_error.
    std::string dump() const;
    std::string dump_pretty(int indent = 2) const;
    void dump_to(std::string& out) const;

    json_kind kind() const noexcept { return static_cast<json_kind>(value_.index()); }
    std::string_view kind_name() const noexcept;
    bool is_null() const noexcept { return value_.index() == 0; }
    bool is_bool() const noexcept { return value_.index() == 1; }
    bool is_integer() const noexcept { return value_.index() == 2 || value_.index() == 3; }
    bool is_number() const noexcept { return value_.index() >= 2 && value_.index() <= 5; }
    bool is_string() const noexcept { return value_.index() == 6; }
    bool is_array() const noexcept { return value_.index() == 7; }
    bool is_object() const noexcept { return value_.index() == 8; }

    // Throw json_type_error for another kind. Integer forms accept a number without fraction within range; as_double any number.
    bool as_bool() const;
    std::int64_t as_int64() const;
    std::uint64_t as_uint64() const;
    double as_double() const;
    const std::string& as_string() const;
    std::string& as_string();

    // Of an object. `find` and `contains` answer nothing for other kinds; `at` throws json_type_error that names the key;
    // the const `[]` gives null for what is missing, the other one adds it (null becomes an object first).
    const json* find(std::string_view key) const noexcept;
    json* find(std::string_view key) noexcept;
    bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
    const json& operator[](std::string_view key) const noexcept;
    json& operator[](std::string_view key);
    const json& operator[](const char* key) const noexcept { return (*this)[std::string_view(key)]; }
    json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
    const json& at(std::string_view key) const;
    json& at(std::string_view key);
    const json& at(const char* key) const { return at(std::string_view(key)); }
    json& at(const char* key) { return at(std::string_view(key)); }
    json& set(std::string_view key, json value);       // replaces or appends; returns the member's value
    json& append_member(std::string key, json value);  // appends without a look-up; the caller knows that the key is new
    bool erase(std::string_view key);                  // false if there was none
    std::span<const member> items() const;             // empty for null
    std::span<member> items();

    // Of an array. The const `[]` gives null beyond the end; `at` throws.
    template <detail::json_integer T>
    const json& operator[](T index) const noexcept {
        return element(static_cast<std::size_t>(index));
    }
    template <detail::json_integer T>
    json& operator[](T index) {
        return at(index);
    }
    template <detail::json_integer T>
    const json& at(T index) const {
        return element_at(static_cast<std::size_t>(index));
    }
    template <detail::json_integer T>
    json& at(T index) {
        return const_cast<json&>(element_at(static_cast<std::size_t>(index)));
    }
    json& push_back(json value);             // null becomes an array first
    std::span<const json> elements() const;  // empty for null
    std::span<json> elements();

    std::size_t size() const noexcept;  // elements or members; 0 for other kinds
    bool empty() const noexcept { return size() == 0; }

    // Objects compare without regard to order; numbers by value, so 1 equals 1.0.
    friend bool operator==(const json& a, const json& b) noexcept { return equal(a, b); }

private:
    using storage = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, detail::json_big_number, std::string,
                                 array_type, object_type>;

    static bool equal(const json& a, const json& b) noexcept;
    const json& element(std::size_t index) const noexcept;
    const json& element_at(std::size_t index) const;
    [[noreturn]] void wrong_kind(const char* wanted) const;
    void release() noexcept {
        if (value_.index() >= 7) release_container();
    }
    void release_container() noexcept;
    friend class json_writer;
    friend class json_source;

    storage value_;
};

}  // namespace hem
