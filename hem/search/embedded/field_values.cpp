#include "hem/search/embedded/field_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace hem::search::embedded {

value_fault fault_of(std::string type, std::string reason) { return {{{std::move(type), std::move(reason)}}}; }

std::string plain(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::string_view token_of(const json& value) {
    if (value.is_object()) return "START_OBJECT";
    if (value.is_array()) return "START_ARRAY";
    if (value.is_bool()) return value.as_bool() ? "VALUE_TRUE" : "VALUE_FALSE";
    if (value.is_number()) return "VALUE_NUMBER";
    if (value.is_string()) return "VALUE_STRING";
    return "VALUE_NULL";
}

namespace {

struct whole_range {
    std::string_view name;
    std::int64_t least, most;
};

whole_range range_of_type(field_type type) {
    switch (type) {
    case field_type::byte: return {"byte", -128, 127};
    case field_type::short_integer: return {"short", -32768, 32767};
    case field_type::integer: return {"int", INT32_MIN, INT32_MAX};
    default: return {"long", INT64_MIN, INT64_MAX};
    }
}

// As Java prints a map or list, for the preview of a value.
std::string preview(const json& value) {
    if (value.is_object()) {
        std::string out = "{";
        for (const auto& [key, child] : value.items()) out += (out.size() > 1 ? ", " : "") + key + "=" + preview(child);
        return out + "}";
    }
    if (value.is_array()) {
        std::string out = "[";
        for (const json& child : value.elements()) out += (out.size() > 1 ? ", " : "") + preview(child);
        return out + "]";
    }
    return plain(value);
}

double parse_double(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t last = text.find_last_not_of(" \t");
    if (first == std::string_view::npos)
        throw fault_of("number_format_exception", text.empty() ? "empty String" : "For input string: \"" + std::string(text) + "\"");
    std::string_view trimmed = text.substr(first, last - first + 1);
    if (trimmed.starts_with('+')) trimmed.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
    if (code != std::errc() || end != trimmed.data() + trimmed.size())
        throw fault_of("number_format_exception", "For input string: \"" + std::string(text) + "\"");
    return value;
}

// Round to nearest even in 11 bits of precision, as a half float keeps them.
double half_rounded(double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    int exponent = 0;
    std::frexp(value, &exponent);
    const int bits = std::max(exponent - 11, -24);
    const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -bits)), bits);
    return std::fabs(rounded) > 65504 ? std::copysign(INFINITY, value) : rounded;
}

}  // namespace

std::string preview_as(const mapped_field& field, const json& value) {
    if (field.type == field_type::float_number && value.is_number() && !std::isfinite(static_cast<float>(value.as_double())))
        return value.as_double() > 0 ? "Infinity" : "-Infinity";
    return preview(value);
}

std::int64_t mapped_field::to_integer(const json& value) const {
    const whole_range range = range_of_type(type);
    const auto cut = [&](double number, std::string_view text) {
        if (!std::isfinite(number) || number < static_cast<double>(range.least) - 1 || number >= static_cast<double>(range.most) + 1)
            throw fault_of("illegal_argument_exception",
                           "Value [" + std::string(text) + "] is out of range for a" +
                               std::string(range.name == "int" ? "n integer" : " " + std::string(range.name)));
        if (!coerce && std::trunc(number) != number)
            throw fault_of("illegal_argument_exception", "Value [" + std::string(text) + "] has a decimal part");
        return number >= 9.2233720368547758e18 ? INT64_MAX : static_cast<std::int64_t>(number);
    };
    if (value.is_integer() || value.kind() == json_kind::big_number) {
        const std::string text = value.dump();
        const bool fits = value.kind() == json_kind::integer && value.as_int64() >= range.least && value.as_int64() <= range.most;
        // The server's reader gives ints; what is smaller is checked after it.
        const bool small = type == field_type::byte || type == field_type::short_integer;
        if (!fits && small && value.kind() == json_kind::integer && value.as_int64() >= INT32_MIN && value.as_int64() <= INT32_MAX)
            throw fault_of("illegal_argument_exception", "Value [" + text + "] is out of range for a " + std::string(range.name));
        if (!fits)
            throw fault_of("input_coercion_exception", "Numeric value (" + text + ") out of range of " + std::string(range.name) + " (" +
                                                           std::to_string(range.least) + " - " + std::to_string(range.most) + ")");
        return value.as_int64();
    }
    if (value.is_number()) return cut(value.as_double(), value.dump());
    if (value.is_string()) {
        const std::string& text = value.as_string();
        if (!coerce) throw fault_of("illegal_argument_exception", std::string(to_string(type)) + " value passed as String");
        std::int64_t whole = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), whole);
        if (code == std::errc() && end == text.data() + text.size() && !text.empty()) {
            if (whole < range.least || whole > range.most)
                throw fault_of("illegal_argument_exception",
                               "Value [" + text + "] is out of range for a" +
                                   std::string(range.name == "int" ? "n integer" : " " + std::string(range.name)));
            return whole;
        }
        try {
            return cut(parse_double(text), text);
        } catch (value_fault& fault) {
            // Longs are read by another parser.
            if (type == field_type::long_integer && fault.causes.front().first == "number_format_exception")
                fault.causes.front().first = "illegal_argument_exception";
            throw;
        }
    }
    if (value.is_bool())
        throw fault_of("json_parse_exception",
                       "Current token (" + std::string(token_of(value)) + ") not numeric, can not use numeric value accessors");
    throw fault_of("json_parse_exception",
                   "Current token (" + std::string(token_of(value)) + ") not numeric, can not use numeric value accessors");
}

double mapped_field::rounded(double value) const {
    switch (type) {
    case field_type::float_number: return static_cast<float>(value);
    case field_type::half_float: return half_rounded(value);
    case field_type::scaled_float: return std::round(value * scaling_factor) / scaling_factor;
    default: return value;
    }
}

double mapped_field::to_double(const json& value) const {
    double number = 0;
    if (value.is_number())
        number = value.as_double();
    else if (value.is_string()) {
        if (!coerce) throw fault_of("illegal_argument_exception", std::string(to_string(type)) + " value passed as String");
        number = parse_double(value.as_string());
    } else
        throw fault_of("json_parse_exception",
                       "Current token (" + std::string(token_of(value)) + ") not numeric, can not use numeric value accessors");
    const double kept = rounded(number);
    if (!std::isfinite(kept))
        throw fault_of("illegal_argument_exception", "[" + std::string(to_string(type)) + "] supports only finite values, but got [" +
                                                         (std::isnan(kept) ? "NaN"
                                                          : kept > 0       ? "Infinity"
                                                                           : "-Infinity") +
                                                         "]");
    return kept;
}

bool mapped_field::to_boolean(const json& value) const {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string()) {
        if (value.as_string() == "true") return true;
        if (value.as_string() == "false" || value.as_string().empty()) return false;
    }
    throw fault_of("illegal_argument_exception", "Failed to parse value [" + preview(value) + "] as only [true] or [false] are allowed.");
}

std::int64_t mapped_field::to_date(const json& value) const {
    if (value.is_object() || value.is_bool())
        throw fault_of("illegal_argument_exception", "Can't get text on a " + std::string(token_of(value)));
    const std::string text =
        value.kind() == json_kind::number ? std::to_string(static_cast<std::int64_t>(value.as_double())) : plain(value);
    const auto ms = format.parse(text);
    if (!ms)
        throw value_fault{{{"illegal_argument_exception", "failed to parse date field [" + text + "] with format [" + format.spec() + "]"},
                           {"date_time_parse_exception", "Failed to parse with all enclosed parsers"}}};
    return *ms;
}

}  // namespace hem::search::embedded
