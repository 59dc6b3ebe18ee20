// Checks the constraints of fields and writes their words into schemas.
#include "hem/model/constraints.hpp"

#include "hem/core/clock.hpp"
#include "hem/model/detail/json_document.hpp"
#include "hem/model/field.hpp"
#include "hem/model/pattern_matcher.hpp"

#include <cmath>
#include <fmt/format.h>

namespace hem::detail {

namespace {

std::string text_of_limit(const limit_value& limit) {
    return limit.is_floating ? fmt::format("{}", limit.floating) : fmt::format("{}", limit.whole);
}

json json_of_limit(const limit_value& limit) { return limit.is_floating ? json(limit.floating) : json(limit.whole); }

// -1, 0 or 1; 2 when either is NaN.
int compare(const checked_value& value, const limit_value& limit) {
    if (!value.is_floating && !limit.is_floating) {
        if (value.is_unsigned) {
            const auto number = static_cast<std::uint64_t>(value.whole);
            if (limit.whole < 0) return 1;
            const auto bound = static_cast<std::uint64_t>(limit.whole);
            return number < bound ? -1 : number > bound ? 1 : 0;
        }
        return value.whole < limit.whole ? -1 : value.whole > limit.whole ? 1 : 0;
    }
    const double whole =
        value.is_unsigned ? static_cast<double>(static_cast<std::uint64_t>(value.whole)) : static_cast<double>(value.whole);
    const double number = value.is_floating ? value.floating : whole;
    const double bound = limit.is_floating ? limit.floating : static_cast<double>(limit.whole);
    return number < bound ? -1 : number > bound ? 1 : number == bound ? 0 : 2;
}

bool divides(const checked_value& value, const limit_value& limit) {
    if (!value.is_floating && !limit.is_floating) {
        if (value.is_unsigned) return static_cast<std::uint64_t>(value.whole) % static_cast<std::uint64_t>(limit.whole) == 0;
        return value.whole % limit.whole == 0;
    }
    const double number = value.is_floating ? value.floating : static_cast<double>(value.whole);
    const double divisor = limit.is_floating ? limit.floating : static_cast<double>(limit.whole);
    const double remainder = std::fabs(std::remainder(number, divisor));
    return remainder <= std::fabs(number) * 1e-9;
}

std::string quoted_list(std::span<const std::string_view> texts) {
    std::string list;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) list += i + 1 == texts.size() ? " or " : ", ";
        fmt::format_to(std::back_inserter(list), "'{}'", texts[i]);
    }
    return list;
}

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

void strip(std::string& text) {
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    std::size_t first = 0;
    std::size_t last = text.size();
    while (first < last && blank(text[first])) ++first;
    while (last > first && blank(text[last - 1])) --last;
    text = text.substr(first, last - first);
}

const char* plural(std::size_t count) { return count == 1 ? "" : "s"; }

bool fail_length(const json_source& in, const checked_value& value, bool too_short, std::size_t limit, std::size_t actual,
                 read_context& context) {
    const char* const word = too_short ? "least" : "most";
    const char* const key = too_short ? "min_length" : "max_length";
    if (value.shape == value_shape::string) {
        return context.fail(in, too_short ? "string_too_short" : "string_too_long",
                            fmt::format("String should have at {} {} character{}", word, limit, plural(limit)),
                            json::object({{key, limit}}));
    }
    if (value.container_name == "Data") {
        return context.fail(in, too_short ? "bytes_too_short" : "bytes_too_long",
                            fmt::format("Data should have at {} {} byte{}", word, limit, plural(limit)), json::object({{key, limit}}));
    }
    const bool no_count = !too_short && value.container_name == "Set";
    return context.fail(
        in, too_short ? "too_short" : "too_long",
        fmt::format("{} should have at {} {} item{} after validation, not {}", value.container_name, word, limit, plural(limit),
                    no_count ? std::string("more") : fmt::format("{}", actual)),
        json::object({{"field_type", value.container_name}, {key, limit}, {"actual_length", no_count ? json() : json(actual)}}));
}

bool check_one(const json_source& in, const constraint& rule, const checked_value& value, read_context& context) {
    const auto limit_error = [&](std::string_view type, std::string_view words, const char* key) {
        return context.fail(in, type, fmt::format("Input should be {} {}", words, text_of_limit(rule.limit)),
                            json::object({{key, json_of_limit(rule.limit)}}));
    };
    switch (rule.kind) {
    case constraint_kind::multiple_of: return divides(value, rule.limit) || limit_error("multiple_of", "a multiple of", "multiple_of");
    case constraint_kind::le: {
        const int order = compare(value, rule.limit);
        return order == -1 || order == 0 || limit_error("less_than_equal", "less than or equal to", "le");
    }
    case constraint_kind::lt: return compare(value, rule.limit) == -1 || limit_error("less_than", "less than", "lt");
    case constraint_kind::ge: {
        const int order = compare(value, rule.limit);
        return order == 0 || order == 1 || limit_error("greater_than_equal", "greater than or equal to", "ge");
    }
    case constraint_kind::gt: return compare(value, rule.limit) == 1 || limit_error("greater_than", "greater than", "gt");
    case constraint_kind::strip_whitespace: strip(*value.text); return true;
    case constraint_kind::to_lower:
        for (char& c : *value.text) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        }
        return true;
    case constraint_kind::min_length:
    case constraint_kind::max_length: {
        const std::size_t actual = value.shape == value_shape::string ? code_points(*value.text) : value.size;
        const auto limit = static_cast<std::size_t>(rule.limit.whole);
        const bool too_short = rule.kind == constraint_kind::min_length;
        return (too_short ? actual >= limit : actual <= limit) || fail_length(in, value, too_short, limit, actual, context);
    }
    case constraint_kind::pattern:
        return pattern_for(rule.text).search(*value.text) ||
               context.fail(in, "string_pattern_mismatch", fmt::format("String should match pattern '{}'", rule.text),
                            json::object({{"pattern", rule.text}}));
    case constraint_kind::one_of: {
        for (const auto text : rule.texts) {
            if (text == *value.text) return true;
        }
        const std::string expected = quoted_list(rule.texts);
        return context.fail(in, "literal_error", "Input should be " + expected, json::object({{"expected", expected}}));
    }
    case constraint_kind::unique_items:
        return value.unique ||
               context.fail(in, "value_error", "Value error, list items must be unique", json::object({{"error", json::object()}}));
    case constraint_kind::in_past:
    case constraint_kind::in_future: {
        const auto now = clock_of_constraints();
        const bool past = rule.kind == constraint_kind::in_past;
        if (past ? value.when < now : value.when > now) return true;
        return context.fail(in, fmt::format("{}_{}", value.is_date ? "date" : "datetime", past ? "past" : "future"),
                            fmt::format("{} should be in the {}", value.is_date ? "Date" : "Input", past ? "past" : "future"));
    }
    case constraint_kind::aware: return value.has_zone || context.fail(in, "timezone_aware", "Input should have timezone info");
    case constraint_kind::check:
        try {
            rule.check(value.value);
            return true;
        } catch (const value_error& error) {
            return context.fail(in, "value_error", fmt::format("Value error, {}", error.what()), json::object({{"error", json::object()}}));
        }
    default: return true;
    }
}

}  // namespace

std::chrono::sys_time<std::chrono::microseconds> clock_of_constraints() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(system_now());
}

bool check_constraints(const json_source& in, std::span<const constraint> constraints, const checked_value& value, read_context& context) {
    for (const auto& each : constraints) {
        if (each.kind > constraint_kind::check) break;
        if (!check_one(in, each, value, context)) return false;
    }
    return true;
}

json constrained_schema(json schema, std::span<const constraint> constraints) {
    // Words on the value go to the type itself where it is an `anyOf [T, null]`.
    json* inner = &schema;
    if (json* parts = schema.find("anyOf"); parts && parts->size() == 2 && parts->at(1)["type"] == json("null")) inner = &parts->at(0);
    const json& type = std::as_const(*inner)["type"];
    const bool is_array = type == json("array");
    const bool is_object = type == json("object");
    const auto length_word = [&](bool least) {
        if (is_array) return least ? "minItems" : "maxItems";
        if (is_object) return least ? "minProperties" : "maxProperties";
        return least ? "minLength" : "maxLength";
    };
    for (const auto& rule : constraints) {
        switch (rule.kind) {
        case constraint_kind::multiple_of: inner->set("multipleOf", json_of_limit(rule.limit)); break;
        case constraint_kind::ge: inner->set("minimum", json_of_limit(rule.limit)); break;
        case constraint_kind::le: inner->set("maximum", json_of_limit(rule.limit)); break;
        case constraint_kind::gt:
            inner->erase("minimum");
            inner->set("exclusiveMinimum", json_of_limit(rule.limit));
            break;
        case constraint_kind::lt:
            inner->erase("maximum");
            inner->set("exclusiveMaximum", json_of_limit(rule.limit));
            break;
        case constraint_kind::min_length: inner->set(length_word(true), rule.limit.whole); break;
        case constraint_kind::max_length: inner->set(length_word(false), rule.limit.whole); break;
        case constraint_kind::pattern: inner->set("pattern", rule.text); break;
        case constraint_kind::one_of: {
            json& texts = inner->set("enum", json::array());
            for (const auto text : rule.texts) texts.push_back(text);
            break;
        }
        case constraint_kind::unique_items: inner->set("uniqueItems", true); break;
        case constraint_kind::secret: inner->set("format", "password"); break;
        case constraint_kind::title: schema.set("title", rule.text); break;
        case constraint_kind::description: schema.set("description", rule.text); break;
        case constraint_kind::example: schema["examples"].push_back(rule.example()); break;
        case constraint_kind::deprecated: schema.set("deprecated", true); break;
        case constraint_kind::read_only: schema.set("readOnly", true); break;
        case constraint_kind::write_only: schema.set("writeOnly", true); break;
        default: break;
        }
    }
    return schema;
}

}  // namespace hem::detail
