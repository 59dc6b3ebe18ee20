// Date formats: from names and letters to patterns, and the printing of a date under them.
#include "hem/search/embedded/dates_detail.hpp"

#include <stdexcept>

namespace hem::search::embedded {

namespace {

using detail::civil;
using detail::civil_from_ms;
using detail::day_names;
using detail::days_from_civil;
using detail::floor_div;
using detail::is_whole;
using detail::month_names;
using detail::ms_day;
using detail::ms_minute;
using detail::ms_second;
using detail::parse_with;

// Elasticsearch's named formats, written as patterns; `strict` sets exact digit counts.
std::string_view named_pattern(std::string_view name) {
    static constexpr std::pair<std::string_view, std::string_view> names[]{
        {"date", "yyyy-MM-dd"},
        {"year", "yyyy"},
        {"year_month", "yyyy-MM"},
        {"year_month_day", "yyyy-MM-dd"},
        {"date_hour", "yyyy-MM-dd'T'HH"},
        {"date_hour_minute", "yyyy-MM-dd'T'HH:mm"},
        {"date_hour_minute_second", "yyyy-MM-dd'T'HH:mm:ss"},
        {"date_hour_minute_second_millis", "yyyy-MM-dd'T'HH:mm:ss.SSS"},
        {"date_hour_minute_second_fraction", "yyyy-MM-dd'T'HH:mm:ss.SSS"},
        {"date_time", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"},
        {"date_time_no_millis", "yyyy-MM-dd'T'HH:mm:ssXXX"},
        {"ordinal_date", "yyyy-DDD"},
        {"basic_date", "yyyyMMdd"},
        {"basic_date_time", "yyyyMMdd'T'HHmmss.SSSXXX"},
        {"basic_date_time_no_millis", "yyyyMMdd'T'HHmmssXXX"},
        {"basic_ordinal_date", "yyyyDDD"},
        {"hour", "HH"},
        {"hour_minute", "HH:mm"},
        {"hour_minute_second", "HH:mm:ss"},
        {"hour_minute_second_millis", "HH:mm:ss.SSS"},
        {"time", "HH:mm:ss.SSSXXX"},
        {"time_no_millis", "HH:mm:ssXXX"},
        {"rfc3339_lenient", "o"},
    };
    for (const auto& [key, pattern] : names)
        if (key == name) return pattern;
    return {};
}

date_format::pattern compile_pattern(std::string_view text, bool strict, std::string_view spec) {
    date_format::pattern out;
    const auto literal = [&](std::string_view part) {
        if (!out.empty() && out.back().letter == 0)
            out.back().literal += part;
        else
            out.push_back({0, 0, false, std::string(part)});
    };
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '\'') {
            const std::size_t end = text.find('\'', at + 1);
            if (end == std::string_view::npos)
                throw std::invalid_argument("Invalid format: [" + std::string(spec) +
                                            "]: Pattern ends with an incomplete string literal: " + std::string(text));
            literal(end == at + 1 ? std::string_view("'") : text.substr(at + 1, end - at - 1));
            at = end + 1;
            continue;
        }
        if (c == '[' || c == ']') {
            ++at;
            continue;
        }
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter) {
            literal(text.substr(at, 1));
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && text[end] == c) ++end;
        if (std::string_view("yuYMLEdDHhmsSaXxZzV").find(c) == std::string_view::npos)
            throw std::invalid_argument("Invalid format: [" + std::string(spec) + "]: Unknown pattern letter: " + std::string(1, c));
        out.push_back({c, static_cast<int>(end - at), strict, {}});
        at = end;
    }
    return out;
}

void append_padded(std::string& out, std::int64_t value, int width) {
    if (value < 0) {
        out += '-';
        value = -value;
    }
    const std::string digits = std::to_string(value);
    for (int i = static_cast<int>(digits.size()); i < width; ++i) out += '0';
    out += digits;
}

void append_offset(std::string& out, std::int64_t offset_ms, bool colon, bool zulu) {
    if (offset_ms == 0 && zulu) {
        out += 'Z';
        return;
    }
    out += offset_ms < 0 ? '-' : '+';
    const std::int64_t minutes = (offset_ms < 0 ? -offset_ms : offset_ms) / ms_minute;
    append_padded(out, minutes / 60, 2);
    if (colon) out += ':';
    append_padded(out, minutes % 60, 2);
}

}  // namespace

date_format::date_format() : date_format("strict_date_optional_time||epoch_millis") {}

date_format::date_format(std::string_view spec) : spec_(spec) {
    std::string_view rest = spec;
    while (true) {
        const std::size_t bar = rest.find("||");
        std::string_view part = rest.substr(0, bar);
        if (part.empty()) throw std::invalid_argument("Invalid format: [" + spec_ + "]: an empty part");
        if (part.starts_with('8')) part.remove_prefix(1);
        if (part == "strict_date_optional_time" || part == "strict_date_optional_time_nanos" || part == "iso8601")
            patterns_.push_back({piece{'o', 0, true, {}}});
        else if (part == "date_optional_time" || part == "rfc3339_lenient")
            patterns_.push_back({piece{'o', 0, false, {}}});
        else if (part == "epoch_millis")
            patterns_.push_back({piece{'m', 0, true, {}}});
        else if (part == "epoch_second")
            patterns_.push_back({piece{'e', 0, true, {}}});
        else if (part.starts_with("strict_") && !named_pattern(part.substr(7)).empty())
            patterns_.push_back(compile_pattern(named_pattern(part.substr(7)), true, spec));
        else if (!named_pattern(part).empty())
            patterns_.push_back(compile_pattern(named_pattern(part), false, spec));
        else
            patterns_.push_back(compile_pattern(part, false, spec));
        // Named whole formats stand alone, so that a pattern's `m` (minute) is never mistaken for epoch_millis.
        if (bar == std::string_view::npos) break;
        rest = rest.substr(bar + 2);
    }
}

std::optional<std::int64_t> date_format::parse(std::string_view text, date_rounding rounding, const time_zone& zone) const {
    for (const pattern& one : patterns_)
        if (auto ms = parse_with(one, text, rounding, zone)) return ms;
    return std::nullopt;
}

bool date_format::reads_epoch_millis() const {
    for (const pattern& one : patterns_)
        if (is_whole(one, 'm')) return true;
    return false;
}

std::string date_format::print(std::int64_t ms, const time_zone& zone) const {
    const pattern& pattern = patterns_.front();
    if (is_whole(pattern, 'm')) return std::to_string(ms);
    if (is_whole(pattern, 'e')) return std::to_string(floor_div(ms, ms_second));
    const std::int64_t offset = zone.offset_at(ms);
    const civil at = civil_from_ms(ms + offset);
    std::string out;
    if (is_whole(pattern, 'o')) {
        append_padded(out, at.year, 4);
        out += '-';
        append_padded(out, at.month, 2);
        out += '-';
        append_padded(out, at.day, 2);
        out += 'T';
        append_padded(out, at.hour, 2);
        out += ':';
        append_padded(out, at.minute, 2);
        out += ':';
        append_padded(out, at.second, 2);
        out += '.';
        append_padded(out, at.milli, 3);
        append_offset(out, offset, true, true);
        return out;
    }
    for (const piece& one : pattern) {
        switch (one.letter) {
        case 0: out += one.literal; break;
        case 'y':
        case 'u':
        case 'Y':
            if (one.count == 2)
                append_padded(out, at.year % 100, 2);
            else
                append_padded(out, at.year, one.count);
            break;
        case 'M':
        case 'L':
            if (one.count >= 3) {
                const std::string_view name = month_names[static_cast<std::size_t>(at.month - 1)];
                out += one.count == 3 ? name.substr(0, 3) : name;
            } else
                append_padded(out, at.month, one.count);
            break;
        case 'E': {
            const std::int64_t days = floor_div(ms + offset, ms_day);
            const std::string_view name = day_names[static_cast<std::size_t>(((days + 4) % 7 + 7) % 7)];
            out += one.count <= 3 ? name.substr(0, 3) : name;
            break;
        }
        case 'd': append_padded(out, at.day, one.count); break;
        case 'D': append_padded(out, days_from_civil(at.year, at.month, at.day) - days_from_civil(at.year, 1, 1) + 1, one.count); break;
        case 'H': append_padded(out, at.hour, one.count); break;
        case 'h': append_padded(out, at.hour % 12 == 0 ? 12 : at.hour % 12, one.count); break;
        case 'm': append_padded(out, at.minute, one.count); break;
        case 's': append_padded(out, at.second, one.count); break;
        case 'S': {
            std::string fraction;
            append_padded(fraction, at.milli, 3);
            fraction.resize(static_cast<std::size_t>(one.count), '0');
            out += fraction;
            break;
        }
        case 'a': out += at.hour < 12 ? "AM" : "PM"; break;
        case 'X': append_offset(out, offset, one.count >= 3, true); break;
        case 'x': append_offset(out, offset, one.count >= 3, false); break;
        case 'Z': append_offset(out, offset, one.count == 5, one.count == 5); break;
        case 'z':
        case 'V': append_offset(out, offset, true, true); break;
        default: break;
        }
    }
    return out;
}

}  // namespace hem::search::embedded
