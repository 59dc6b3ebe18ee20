// Date math, the intervals of a date_histogram, time values, and dates among texts.
#include "hem/search/embedded/dates_detail.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded {

namespace {

using detail::civil;
using detail::civil_from_ms;
using detail::days_from_civil;
using detail::days_in_month;
using detail::floor_div;
using detail::is_digit;
using detail::ms_day;
using detail::ms_from_civil;
using detail::ms_hour;
using detail::ms_minute;
using detail::ms_second;
using detail::read_digits;

std::int64_t add_months(std::int64_t local_ms, std::int64_t months) {
    civil at = civil_from_ms(local_ms);
    const std::int64_t total = at.year * 12 + (at.month - 1) + months;
    at.year = floor_div(total, 12);
    at.month = static_cast<int>(total - at.year * 12 + 1);
    at.day = std::min(at.day, days_in_month(at.year, at.month));
    return ms_from_civil(at);
}

std::int64_t floor_local(std::int64_t local, date_interval::unit unit) {
    civil at = civil_from_ms(local);
    switch (unit) {
    case date_interval::unit::second: return floor_div(local, ms_second) * ms_second;
    case date_interval::unit::minute: return floor_div(local, ms_minute) * ms_minute;
    case date_interval::unit::hour: return floor_div(local, ms_hour) * ms_hour;
    case date_interval::unit::day: return floor_div(local, ms_day) * ms_day;
    case date_interval::unit::week: return (floor_div(floor_div(local, ms_day) + 3, 7) * 7 - 3) * ms_day;
    case date_interval::unit::month: return days_from_civil(at.year, at.month, 1) * ms_day;
    case date_interval::unit::quarter: return days_from_civil(at.year, (at.month - 1) / 3 * 3 + 1, 1) * ms_day;
    case date_interval::unit::year: return days_from_civil(at.year, 1, 1) * ms_day;
    case date_interval::unit::fixed: break;
    }
    return local;
}

std::int64_t add_local(std::int64_t local, date_interval::unit unit, std::int64_t count) {
    switch (unit) {
    case date_interval::unit::second: return local + count * ms_second;
    case date_interval::unit::minute: return local + count * ms_minute;
    case date_interval::unit::hour: return local + count * ms_hour;
    case date_interval::unit::day: return local + count * ms_day;
    case date_interval::unit::week: return local + count * 7 * ms_day;
    case date_interval::unit::month: return add_months(local, count);
    case date_interval::unit::quarter: return add_months(local, 3 * count);
    case date_interval::unit::year: return add_months(local, 12 * count);
    case date_interval::unit::fixed: break;
    }
    return local;
}

std::optional<date_interval::unit> math_unit(char c) {
    switch (c) {
    case 'y': return date_interval::unit::year;
    case 'M': return date_interval::unit::month;
    case 'w': return date_interval::unit::week;
    case 'd': return date_interval::unit::day;
    case 'h':
    case 'H': return date_interval::unit::hour;
    case 'm': return date_interval::unit::minute;
    case 's': return date_interval::unit::second;
    default: return std::nullopt;
    }
}

}  // namespace

std::int64_t parse_date_math(std::string_view text, const date_format& format, std::int64_t now_ms, date_rounding rounding,
                             const time_zone& zone) {
    std::int64_t base = 0;
    std::string_view math;
    if (text.starts_with("now")) {
        base = now_ms;
        math = text.substr(3);
    } else {
        const std::size_t bar = text.find("||");
        const std::string_view date = text.substr(0, bar);
        // With math behind it the base is exact: only the rounding operator rounds.
        const auto parsed = format.parse(date, bar == std::string_view::npos ? rounding : date_rounding::down, zone);
        if (!parsed) throw date_math_fault{"failed to parse date field [" + std::string(date) + "] with format [" + format.spec() + "]"};
        if (bar == std::string_view::npos) return *parsed;
        base = *parsed;
        math = text.substr(bar + 2);
    }
    std::int64_t local = zone.to_local(base);
    bool moved = false;
    for (std::size_t at = 0; at < math.size();) {
        const char op = math[at++];
        if (op != '+' && op != '-' && op != '/') throw date_math_fault{"operator not supported for date math [" + std::string(math) + "]"};
        if (at >= math.size()) throw date_math_fault{"truncated date math [" + std::string(math) + "]"};
        std::int64_t count = 1;
        if (is_digit(math[at])) {
            std::int64_t value = 0;
            read_digits(math, at, 12, value);
            count = value;
            if (at >= math.size()) throw date_math_fault{"truncated date math [" + std::string(math) + "]"};
        }
        if (op == '/' && count != 1)
            throw date_math_fault{"rounding `/` can only be used on single unit types [" + std::string(math) + "]"};
        const auto unit = math_unit(math[at]);
        if (!unit) throw date_math_fault{"unit [" + std::string(1, math[at]) + "] not supported for date math [" + std::string(math) + "]"};
        ++at;
        moved = true;
        if (op == '/') {
            local = floor_local(local, *unit);
            if (rounding == date_rounding::up) local = add_local(local, *unit, 1) - 1;
        } else
            local = add_local(local, *unit, op == '-' ? -count : count);
    }
    return moved ? zone.to_utc(local) : base;
}

std::optional<date_interval> date_interval::parse_calendar(std::string_view text) {
    static constexpr std::pair<std::string_view, unit> names[]{
        {"second", unit::second},   {"1s", unit::second},  {"minute", unit::minute}, {"1m", unit::minute},
        {"hour", unit::hour},       {"1h", unit::hour},    {"day", unit::day},       {"1d", unit::day},
        {"week", unit::week},       {"1w", unit::week},    {"month", unit::month},   {"1M", unit::month},
        {"quarter", unit::quarter}, {"1q", unit::quarter}, {"year", unit::year},     {"1y", unit::year},
    };
    for (const auto& [name, value] : names)
        if (name == text) return date_interval{value, 0};
    return std::nullopt;
}

std::optional<std::int64_t> parse_time_value(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_digit(text[at])) ++at;
    std::int64_t value = 0;
    if (at == 0 || at > 15) return std::nullopt;
    std::from_chars(text.data(), text.data() + at, value);
    const std::string_view suffix = text.substr(at);
    if (suffix == "ms") return value;
    if (suffix == "s") return value * ms_second;
    if (suffix == "m") return value * ms_minute;
    if (suffix == "h") return value * ms_hour;
    if (suffix == "d") return value * ms_day;
    if (suffix == "micros") return value / 1000;
    if (suffix == "nanos") return value / 1'000'000;
    if (suffix.empty() && value == 0) return 0;
    return std::nullopt;
}

std::optional<date_interval> date_interval::parse_fixed(std::string_view text) {
    const auto ms = parse_time_value(text);
    if (!ms || *ms <= 0) return std::nullopt;
    return date_interval{unit::fixed, *ms};
}

std::int64_t date_interval::floor(std::int64_t utc_ms, const time_zone& zone) const {
    if (zone.is_utc()) return calendar == unit::fixed ? floor_div(utc_ms, fixed_ms) * fixed_ms : floor_local(utc_ms, calendar);
    const std::int64_t offset = zone.offset_at(utc_ms);
    // Units below a day follow the offset in force, so that an hour that occurs twice makes two buckets.
    if (calendar == unit::second || calendar == unit::minute || calendar == unit::hour)
        return floor_local(utc_ms + offset, calendar) - offset;
    const std::int64_t local = utc_ms + offset;
    const std::int64_t start = calendar == unit::fixed ? floor_div(local, fixed_ms) * fixed_ms : floor_local(local, calendar);
    const std::int64_t utc = zone.to_utc(start);
    return utc <= utc_ms ? utc : start - offset;
}

std::int64_t date_interval::next(std::int64_t bucket, const time_zone& zone) const {
    if (calendar == unit::second || calendar == unit::minute || calendar == unit::hour) return add_local(bucket, calendar, 1);
    const std::int64_t local = zone.to_local(bucket);
    const std::int64_t following = calendar == unit::fixed ? local + fixed_ms : add_local(local, calendar, 1);
    const std::int64_t utc = zone.to_utc(following);
    return utc > bucket ? utc : bucket + (calendar == unit::fixed ? fixed_ms : ms_day);
}

std::string_view detect_date_format(std::string_view text) {
    static const date_format iso("strict_date_optional_time");
    static const date_format slashed("yyyy/MM/dd HH:mm:ss||yyyy/MM/dd");
    if (text.size() < 7 || !is_digit(text[0])) return {};
    if (text[4] == '-') return iso.parse(text) ? std::string_view("strict_date_optional_time||epoch_millis") : std::string_view();
    if (text[4] == '/' && slashed.parse(text)) return "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis";
    return {};
}

}  // namespace hem::search::embedded
