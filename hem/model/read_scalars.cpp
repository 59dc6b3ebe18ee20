// Booleans, numbers, strings and enums: what each accepts from JSON (lax and strict) and from text, in pydantic's words.
#include "hem/model/json_traits.hpp"

#include "hem/model/detail/json_document.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace hem::detail {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

bool digit(char c) { return c >= '0' && c <= '9'; }

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
        if (c != lower[i]) return false;
    }
    return true;
}

// Sign and magnitude of an integer whose magnitude may need 64 bits.
struct whole_number {
    bool negative = false;
    std::uint64_t magnitude = 0;
};

enum class parsed : std::uint8_t { good, not_a_number, too_large };

// One sign, digits with single inner `_`, a tail of `.` and zeros.
parsed parse_whole(std::string_view text, whole_number& out) {
    text = without_blanks(text);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        out.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    std::size_t i = 0;
    bool large = false;
    for (; i < text.size() && (digit(text[i]) || text[i] == '_'); ++i) {
        if (text[i] == '_') {
            if (i == 0 || i + 1 >= text.size() || !digit(text[i - 1]) || !digit(text[i + 1])) return parsed::not_a_number;
            continue;
        }
        const auto value = static_cast<std::uint64_t>(text[i] - '0');
        large = large || out.magnitude > (UINT64_MAX - value) / 10;
        if (!large) out.magnitude = out.magnitude * 10 + value;
    }
    if (i == 0) return parsed::not_a_number;
    if (i < text.size()) {
        if (text[i] != '.' || i + 1 == text.size()) return parsed::not_a_number;
        for (++i; i < text.size(); ++i) {
            if (text[i] != '0') return parsed::not_a_number;
        }
    }
    return large ? parsed::too_large : parsed::good;
}

bool parse_floating(std::string_view text, double& out) {
    text = without_blanks(text);
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    if (equal_ignoring_case(text, "nan")) {
        out = std::nan("");
        return true;
    }
    if (equal_ignoring_case(text, "inf") || equal_ignoring_case(text, "infinity")) {
        out = negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (text.empty() || text.size() > 1000 || !(digit(text.front()) || text.front() == '.')) return false;
    std::string plain;
    if (text.find('_') != std::string_view::npos) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '_') {
                plain += text[i];
            } else if (i == 0 || i + 1 == text.size() || !digit(text[i - 1]) || !digit(text[i + 1])) {
                return false;
            }
        }
        text = plain;
    }
    const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
    if (result.ptr != text.data() + text.size() || result.ec == std::errc::invalid_argument) return false;
    if (result.ec == std::errc::result_out_of_range) {
        const auto exponent = text.find_first_of("eE");
        const bool tiny = exponent != std::string_view::npos ? text[exponent + 1] == '-' : text.front() == '0' || text.front() == '.';
        out = tiny ? 0.0 : HUGE_VAL;
    }
    if (negative) out = -out;
    return true;
}

bool fail_int_type(const json_source& in, read_context& context) { return context.fail(in, "int_type", "Input should be a valid integer"); }

bool fail_too_large(const json_source& in, read_context& context) {
    return context.fail(in, "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size");
}

bool is_floating_text(std::string_view number) { return number.find_first_of(".eE") != std::string_view::npos; }

bool read_whole(const json_source& in, whole_number& out, read_context& context) {
    const auto from_signed = [&](std::int64_t value) {
        out.negative = value < 0;
        out.magnitude = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
        return true;
    };
    switch (in.kind()) {
    case json_kind::integer: return from_signed(in.integer());
    case json_kind::unsigned_integer: out.magnitude = in.unsigned_integer(); return true;
    case json_kind::boolean:
        if (context.strict) return fail_int_type(in, context);
        out.magnitude = in.boolean() ? 1 : 0;
        return true;
    case json_kind::number: {
        if (context.strict) return fail_int_type(in, context);
        const double value = in.number();
        if (std::trunc(value) != value) {
            return context.fail(in, "int_from_float", "Input should be a valid integer, got a number with a fractional part");
        }
        if (value <= -two_to_63 || value >= two_to_64) return fail_too_large(in, context);
        out.negative = value < 0;
        out.magnitude = static_cast<std::uint64_t>(std::fabs(value));
        return true;
    }
    case json_kind::big_number:
        if (is_floating_text(in.string())) {
            if (context.strict) return fail_int_type(in, context);
            return context.fail(in, "finite_number", "Input should be a finite number");
        }
        return fail_too_large(in, context);
    case json_kind::string:
        if (context.strict && !in.is_text()) return fail_int_type(in, context);
        switch (parse_whole(in.string(), out)) {
        case parsed::good: return true;
        case parsed::too_large: return fail_too_large(in, context);
        case parsed::not_a_number: break;
        }
        return context.fail(in, "int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    default: return fail_int_type(in, context);
    }
}

bool fail_below(const json_source& in, std::int64_t least, read_context& context) {
    return context.fail(in, "greater_than_equal", fmt::format("Input should be greater than or equal to {}", least),
                        json::object({{"ge", least}}));
}

bool fail_above(const json_source& in, std::uint64_t greatest, read_context& context) {
    return context.fail(in, "less_than_equal", fmt::format("Input should be less than or equal to {}", greatest),
                        json::object({{"le", greatest}}));
}

}  // namespace

bool read_bool(const json_source& in, bool& out, read_context& context) {
    const auto type = [&] { return context.fail(in, "bool_type", "Input should be a valid boolean"); };
    const auto parsing = [&] { return context.fail(in, "bool_parsing", "Input should be a valid boolean, unable to interpret input"); };
    const json_kind kind = in.kind();
    if (kind == json_kind::boolean) {
        out = in.boolean();
        return true;
    }
    if (context.strict && !in.is_text()) return type();
    if (kind == json_kind::integer || kind == json_kind::number) {
        const double value = kind == json_kind::integer ? static_cast<double>(in.integer()) : in.number();
        if (value != 0 && value != 1) return std::trunc(value) == value ? parsing() : type();
        out = value == 1;
        return true;
    }
    if (kind == json_kind::unsigned_integer) return parsing();
    if (kind != json_kind::string) return type();
    const std::string_view text = in.string();
    for (const std::string_view word : {"1", "true", "t", "yes", "y", "on"}) {
        if (equal_ignoring_case(text, word)) {
            out = true;
            return true;
        }
    }
    for (const std::string_view word : {"0", "false", "f", "no", "n", "off"}) {
        if (equal_ignoring_case(text, word)) {
            out = false;
            return true;
        }
    }
    return parsing();
}

bool read_signed(const json_source& in, std::int64_t& out, std::int64_t least, std::int64_t greatest, read_context& context) {
    whole_number value;
    if (!read_whole(in, value, context)) return false;
    if (value.negative) {
        if (value.magnitude > static_cast<std::uint64_t>(INT64_MAX) + 1) return fail_too_large(in, context);
        const auto number = static_cast<std::int64_t>(~value.magnitude + 1);
        if (number < least) return fail_below(in, least, context);
        out = number;
        return true;
    }
    if (value.magnitude > static_cast<std::uint64_t>(greatest)) return fail_above(in, static_cast<std::uint64_t>(greatest), context);
    out = static_cast<std::int64_t>(value.magnitude);
    return true;
}

bool read_unsigned(const json_source& in, std::uint64_t& out, std::uint64_t greatest, read_context& context) {
    whole_number value;
    if (!read_whole(in, value, context)) return false;
    if (value.negative && value.magnitude != 0) return fail_below(in, 0, context);
    if (value.magnitude > greatest) return fail_above(in, greatest, context);
    out = value.magnitude;
    return true;
}

bool read_double(const json_source& in, double& out, read_context& context) {
    const auto type = [&] { return context.fail(in, "float_type", "Input should be a valid number"); };
    double value = 0;
    switch (in.kind()) {
    case json_kind::number: value = in.number(); break;
    case json_kind::integer: value = static_cast<double>(in.integer()); break;
    case json_kind::unsigned_integer: value = static_cast<double>(in.unsigned_integer()); break;
    case json_kind::big_number: parse_floating(in.string(), value); break;
    case json_kind::boolean:
        if (context.strict) return type();
        value = in.boolean() ? 1 : 0;
        break;
    case json_kind::string:
        if (context.strict && !in.is_text()) return type();
        if (!parse_floating(in.string(), value)) {
            return context.fail(in, "float_parsing", "Input should be a valid number, unable to parse string as a number");
        }
        break;
    default: return type();
    }
    if (!context.allow_inf_nan && !std::isfinite(value)) return context.fail(in, "finite_number", "Input should be a finite number");
    out = value;
    return true;
}

bool read_string(const json_source& in, std::string& out, read_context& context) {
    if (!in.is_string()) return context.fail(in, "string_type", "Input should be a valid string");
    const std::string_view text = in.string();
    if (in.is_text() && find_invalid_utf8(text) != std::string_view::npos) {
        // The bytes cannot be shown in a JSON answer.
        const std::string_view shown;
        return context.fail(json_source::text(&shown), "string_unicode",
                            "Input should be a valid string, unable to parse raw data as a unicode string");
    }
    out.assign(text);
    return true;
}

enum_names::enum_names(std::string_view type, std::string_view pretty_values) : type_name(type) {
    // `… [P = <color::red, (color)1, color::blue>]`: a cast is a number without a name.
    std::size_t at = pretty_values.find("[P = <") + 6;
    const std::size_t last = pretty_values.rfind('>');
    for (std::int64_t value = 0; at < last; ++value) {
        std::size_t end = at;
        int nested = 0;
        while (end < last && (nested > 0 || pretty_values[end] != ',')) {
            if (pretty_values[end] == '<' || pretty_values[end] == '(') ++nested;
            if (pretty_values[end] == '>' || pretty_values[end] == ')') --nested;
            ++end;
        }
        const std::string_view item = pretty_values.substr(at, end - at);
        const std::size_t colon = item.rfind(':');
        const std::string_view name = colon == std::string_view::npos ? item : item.substr(colon + 1);
        if (!name.empty() && !digit(name.front()) && name.find(')') == std::string_view::npos) {
            entries.push_back({name, value});
        }
        at = end + 2;
    }
}

bool read_enum(const json_source& in, const enum_names& names, std::int64_t& out, read_context& context) {
    if (in.is_string()) {
        const std::string_view text = in.string();
        for (const auto& entry : names.entries) {
            if (entry.name == text) {
                out = entry.value;
                return true;
            }
        }
    }
    std::string expected;
    for (std::size_t i = 0; i < names.entries.size(); ++i) {
        if (i > 0) expected += i + 1 == names.entries.size() ? " or " : ", ";
        fmt::format_to(std::back_inserter(expected), "'{}'", names.entries[i].name);
    }
    return context.fail(in, "enum", "Input should be " + expected, json::object({{"expected", expected}}));
}

void write_enum(json_writer& out, const enum_names& names, std::int64_t value) {
    for (const auto& entry : names.entries) {
        if (entry.value == value) {
            out.value(entry.name);
            return;
        }
    }
    throw json_type_error(
        fmt::format("cannot write the value {} of enum '{}' as JSON: it has no enumerator of that value between 0 and 127 "
                    "(describe the enum by hem::describe)",
                    value, names.type_name));
}

}  // namespace hem::detail
