#include "hem/model/json.hpp"

#include "hem/model/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/core.h>

namespace hem {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

constexpr std::string_view kind_names[] = {"null", "boolean", "integer", "integer", "number", "number", "string", "array", "object"};

constinit const json null_value;

template <class Items>
auto* find_member(Items& items, std::string_view key) noexcept {
    for (auto& item : items) {
        if (item.first.size() == key.size() && item.first == key) return &item.second;
    }
    return static_cast<decltype(&items.front().second)>(nullptr);
}

double number_of_text(const std::string& text) noexcept {
    double value = 0;
    auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc::result_out_of_range) return value;
    const bool negative = text.starts_with('-');
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string::npos && exponent + 1 < text.size() && text[exponent + 1] == '-';
    if (tiny) return negative ? -0.0 : 0.0;
    return negative ? -HUGE_VAL : HUGE_VAL;
}

}  // namespace

json_parse_error::json_parse_error(std::string reason, std::size_t position, std::size_t line, std::size_t column)
    : std::runtime_error(fmt::format("{}: line {} column {} (char {})", reason, line, column, position)), reason_(std::move(reason)),
      position_(position), line_(line), column_(column) {}

json::json(const json& other) = default;

json& json::operator=(const json& other) {
    json copy(other);
    return *this = std::move(copy);
}

json json::big_number(std::string text) {
    json result;
    result.value_.emplace<5>(detail::json_big_number{std::move(text)});
    return result;
}

std::string_view json::kind_name() const noexcept { return kind_names[value_.index()]; }

void json::wrong_kind(const char* wanted) const {
    std::string shown;
    if (value_.index() <= 6) {
        try {
            shown = dump();
        } catch (const json_type_error&) {
            shown = "nan or inf";
        }
        if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
        shown = " " + shown;
    }
    throw json_type_error(fmt::format("JSON value is not {}: it is {}{}", wanted, kind_name(), shown));
}

bool json::as_bool() const {
    if (const auto* flag = std::get_if<1>(&value_)) return *flag;
    wrong_kind("a boolean");
}

std::int64_t json::as_int64() const {
    switch (value_.index()) {
    case 2: return std::get<2>(value_);
    case 4: {
        const double number = std::get<4>(value_);
        if (number >= -two_to_63 && number < two_to_63 && std::trunc(number) == number) return static_cast<std::int64_t>(number);
        break;
    }
    default: break;
    }
    wrong_kind("a signed 64-bit integer");
}

std::uint64_t json::as_uint64() const {
    switch (value_.index()) {
    case 2:
        if (std::get<2>(value_) >= 0) return static_cast<std::uint64_t>(std::get<2>(value_));
        break;
    case 3: return std::get<3>(value_);
    case 4: {
        const double number = std::get<4>(value_);
        if (number >= 0 && number < two_to_64 && std::trunc(number) == number) return static_cast<std::uint64_t>(number);
        break;
    }
    default: break;
    }
    wrong_kind("an unsigned 64-bit integer");
}

double json::as_double() const {
    switch (value_.index()) {
    case 2: return static_cast<double>(std::get<2>(value_));
    case 3: return static_cast<double>(std::get<3>(value_));
    case 4: return std::get<4>(value_);
    case 5: return number_of_text(std::get<5>(value_).text);
    default: wrong_kind("a number");
    }
}

const std::string& json::as_string() const {
    if (const auto* text = std::get_if<6>(&value_)) return *text;
    wrong_kind("a string");
}

std::string& json::as_string() { return const_cast<std::string&>(std::as_const(*this).as_string()); }

const json* json::find(std::string_view key) const noexcept {
    const auto* members = std::get_if<8>(&value_);
    return members ? find_member(*members, key) : nullptr;
}

json* json::find(std::string_view key) noexcept { return const_cast<json*>(std::as_const(*this).find(key)); }

const json& json::operator[](std::string_view key) const noexcept {
    const json* found = find(key);
    return found ? *found : null_value;
}

json& json::operator[](std::string_view key) {
    if (json* found = find(key)) return *found;
    return append_member(std::string(key), json());
}

const json& json::at(std::string_view key) const {
    if (const json* found = find(key)) return *found;
    if (!is_object()) throw json_type_error(fmt::format("JSON value has no member '{}': it is not an object, it is {}", key, kind_name()));
    throw json_type_error(fmt::format("JSON object has no member '{}'", key));
}

json& json::at(std::string_view key) { return const_cast<json&>(std::as_const(*this).at(key)); }

json& json::set(std::string_view key, json value) {
    json& place = (*this)[key];
    place = std::move(value);
    return place;
}

json& json::append_member(std::string key, json value) {
    if (is_null()) value_.emplace<8>();
    auto* members = std::get_if<8>(&value_);
    if (!members) wrong_kind("an object");
    return members->emplace_back(std::move(key), std::move(value)).second;
}

bool json::erase(std::string_view key) {
    auto* members = std::get_if<8>(&value_);
    if (!members) return false;
    auto found = std::find_if(members->begin(), members->end(), [&](const member& item) { return item.first == key; });
    if (found == members->end()) return false;
    members->erase(found);
    return true;
}

std::span<const json::member> json::items() const {
    if (is_null()) return {};
    if (const auto* members = std::get_if<8>(&value_)) return *members;
    wrong_kind("an object");
}

std::span<json::member> json::items() {
    auto members = std::as_const(*this).items();
    return {const_cast<member*>(members.data()), members.size()};
}

const json& json::element(std::size_t index) const noexcept {
    const auto* elements = std::get_if<7>(&value_);
    return elements && index < elements->size() ? (*elements)[index] : null_value;
}

const json& json::element_at(std::size_t index) const {
    const auto* elements = std::get_if<7>(&value_);
    if (!elements) wrong_kind("an array");
    if (index >= elements->size())
        throw json_type_error(fmt::format("JSON array has {} elements, index {} asked for", elements->size(), index));
    return (*elements)[index];
}

json& json::push_back(json value) {
    if (is_null()) value_.emplace<7>();
    auto* elements = std::get_if<7>(&value_);
    if (!elements) wrong_kind("an array");
    return elements->emplace_back(std::move(value));
}

std::span<const json> json::elements() const {
    if (is_null()) return {};
    if (const auto* elements = std::get_if<7>(&value_)) return *elements;
    wrong_kind("an array");
}

std::span<json> json::elements() {
    auto elements = std::as_const(*this).elements();
    return {const_cast<json*>(elements.data()), elements.size()};
}

std::size_t json::size() const noexcept {
    if (const auto* elements = std::get_if<7>(&value_)) return elements->size();
    if (const auto* members = std::get_if<8>(&value_)) return members->size();
    return 0;
}

bool json::equal(const json& a, const json& b) noexcept {
    if (a.is_number() && b.is_number()) {
        if (a.value_.index() == 5 || b.value_.index() == 5) {
            return a.value_.index() == b.value_.index() && std::get<5>(a.value_).text == std::get<5>(b.value_).text;
        }
        if (a.is_integer() && b.is_integer()) {
            if (a.value_.index() != b.value_.index()) return false;  // unsigned_integer only holds what integer cannot
            return a.value_.index() == 2 ? std::get<2>(a.value_) == std::get<2>(b.value_) : std::get<3>(a.value_) == std::get<3>(b.value_);
        }
        if (a.value_.index() == 4 && b.value_.index() == 4) return std::get<4>(a.value_) == std::get<4>(b.value_);
        const json& whole = a.is_integer() ? a : b;
        const double number = std::get<4>(a.is_integer() ? b.value_ : a.value_);
        if (std::trunc(number) != number) return false;
        if (whole.value_.index() == 2) {
            return number >= -two_to_63 && number < two_to_63 && static_cast<std::int64_t>(number) == std::get<2>(whole.value_);
        }
        return number >= 0 && number < two_to_64 && static_cast<std::uint64_t>(number) == std::get<3>(whole.value_);
    }
    if (a.value_.index() != b.value_.index()) return false;
    switch (a.value_.index()) {
    case 0: return true;
    case 1: return std::get<1>(a.value_) == std::get<1>(b.value_);
    case 6: return std::get<6>(a.value_) == std::get<6>(b.value_);
    case 7: return std::get<7>(a.value_) == std::get<7>(b.value_);
    default: break;
    }
    const auto& left = std::get<8>(a.value_);
    const auto& right = std::get<8>(b.value_);
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (left[i].first == right[i].first) {
            if (!equal(left[i].second, right[i].second)) return false;
            continue;
        }
        const json* other = find_member(right, left[i].first);
        if (!other || !equal(left[i].second, *other)) return false;
    }
    return true;
}

// Recursion is the fast way and is left for a list of pending values where it would go deep.
void json::release_container() noexcept {
    static thread_local int depth = 0;
    constexpr int deep = 200;
    if (depth < deep) {
        ++depth;
        value_.emplace<0>();
        --depth;
        return;
    }
    array_type pending;
    auto take = [&](json& part) {
        if (part.value_.index() >= 7 && !part.empty()) {
            auto& moved = pending.emplace_back();
            moved.value_.swap(part.value_);
        }
    };
    auto take_parts = [&](storage& parts) {
        if (auto* elements = std::get_if<7>(&parts)) {
            for (auto& part : *elements) take(part);
        } else if (auto* members = std::get_if<8>(&parts)) {
            for (auto& part : *members) take(part.second);
        }
    };
    take_parts(value_);
    while (!pending.empty()) {
        storage parts = std::move(pending.back().value_);
        pending.back().value_.emplace<0>();
        pending.pop_back();
        take_parts(parts);
    }
    value_.emplace<0>();
}

}  // namespace hem
