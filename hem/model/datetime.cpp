// Forms and error texts are those of the speedate crate that pydantic 2 reads with: RFC 3339 with some liberties, numbers as Unix time.
#include "hem/model/datetime.hpp"

#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace hem {

namespace {

using namespace std::chrono;

constexpr const char* too_short = "input is too short";
constexpr const char* extra_characters = "unexpected extra characters at the end of the input";
constexpr const char* bad_duration_digit = "invalid digit in duration";
constexpr double milliseconds_watershed = 2e10;
constexpr double largest_seconds = 253402300799.0;  // end of the year 9999

// A cursor that keeps the first error.
struct scanner {
    std::string_view text;
    std::size_t at = 0;
    const char* error = nullptr;

    bool fail(const char* why) {
        if (!error) error = why;
        return false;
    }
    bool end() const { return at >= text.size(); }
    char peek() const { return at < text.size() ? text[at] : '\0'; }
    bool is_digit() const { return peek() >= '0' && peek() <= '9' && !end(); }

    bool digits(int count, int& out, const char* why) {
        out = 0;
        for (int i = 0; i < count; ++i) {
            if (end()) return fail(too_short);
            if (!is_digit()) return fail(why);
            out = out * 10 + (text[at++] - '0');
        }
        return true;
    }

    bool date(sys_days& out) {
        if (text.size() - at < 10) return fail(too_short);
        int y = 0;
        int m = 0;
        int d = 0;
        if (!digits(4, y, "invalid character in year")) return false;
        if (text[at++] != '-') return fail("invalid date separator, expected `-`");
        if (!digits(2, m, "invalid character in month")) return false;
        if (text[at++] != '-') return fail("invalid date separator, expected `-`");
        if (!digits(2, d, "invalid character in day")) return false;
        if (m < 1 || m > 12) return fail("month value is outside expected range of 1-12");
        const year_month_day day{year(y), month(static_cast<unsigned>(m)), std::chrono::day(static_cast<unsigned>(d))};
        if (!day.ok()) return fail("day value is outside expected range");
        out = day;
        return true;
    }

    bool fraction(microseconds& out) {
        std::int64_t value = 0;
        int count = 0;
        for (; is_digit(); ++at, ++count) {
            if (count < 6) value = value * 10 + (text[at] - '0');
        }
        if (count == 0) return fail("second fraction value is missing");
        for (; count < 6; ++count) value *= 10;
        out = microseconds(value);
        return true;
    }

    bool zone(std::optional<minutes>& out) {
        if (end()) return true;
        if (peek() == 'Z' || peek() == 'z') {
            ++at;
            out = minutes(0);
            return true;
        }
        if (peek() != '+' && peek() != '-') return fail(extra_characters);
        const bool west = text[at++] == '-';
        int h = 0;
        int m = 0;
        if (!digits(2, h, "invalid timezone hour")) return false;
        if (peek() == ':') ++at;
        if (!end() && !digits(2, m, "invalid timezone minute")) return false;
        if (h > 23) return fail("timezone offset must be less than 24 hours");
        if (m > 59) return fail("timezone minute value is outside expected range of 0-59");
        const minutes offset = hours(h) + minutes(m);
        out = west ? -offset : offset;
        return true;
    }

    bool time(microseconds& out, std::optional<minutes>& offset) {
        if (text.size() - at < 5) return fail(too_short);
        int h = 0;
        int m = 0;
        int s = 0;
        microseconds part{};
        if (!digits(2, h, "invalid character in hour")) return false;
        if (text[at++] != ':') return fail("invalid time separator, expected `:`");
        if (!digits(2, m, "invalid character in minute")) return false;
        if (h > 23) return fail("hour value is outside expected range of 0-23");
        if (m > 59) return fail("minute value is outside expected range of 0-59");
        if (peek() == ':') {
            ++at;
            if (!digits(2, s, "invalid character in second")) return false;
            if (s > 59) return fail("second value is outside expected range of 0-59");
            if (peek() == '.' || peek() == ',') {
                ++at;
                if (!fraction(part)) return false;
            }
        }
        out = hours(h) + minutes(m) + seconds(s) + part;
        return zone(offset) && (end() || fail(extra_characters));
    }
};

std::optional<double> number_of(std::string_view text) {
    std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    bool point = false;
    if (at == text.size() || text.size() > 40) return std::nullopt;
    for (std::size_t i = at; i < text.size(); ++i) {
        if (text[i] == '.' && !point && i > at) {
            point = true;
        } else if (text[i] < '0' || text[i] > '9') {
            return std::nullopt;
        }
    }
    return std::strtod(std::string(text).c_str(), nullptr);
}

bool datetime_of_number(double number, datetime& out) {
    const double in_seconds = std::fabs(number) > milliseconds_watershed ? number / 1000 : number;
    if (!(std::fabs(in_seconds) <= largest_seconds)) return false;
    out = datetime(sys_time<microseconds>(microseconds(std::llround(in_seconds * 1e6))));
    out.offset.reset();
    return true;
}

std::optional<double> number_of(const json_source& in) {
    switch (in.kind()) {
    case json_kind::integer: return static_cast<double>(in.integer());
    case json_kind::unsigned_integer: return static_cast<double>(in.unsigned_integer());
    case json_kind::number: return in.number();
    default: return std::nullopt;
    }
}

json error_context(const char* error) { return json::object({{"error", error}}); }

void append_fraction(std::string& out, std::int64_t micro) {
    if (micro == 0) return;
    std::string digits = fmt::format("{:06}", micro);
    while (digits.back() == '0') digits.pop_back();
    out += '.';
    out += digits;
}

void append_offset(std::string& out, minutes offset) {
    const auto total = offset.count() < 0 ? -offset.count() : offset.count();
    fmt::format_to(std::back_inserter(out), "{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', total / 60, total % 60);
}

}  // namespace

std::optional<datetime> parse_datetime(std::string_view text, const char** error) {
    scanner scan{text};
    sys_days day;
    microseconds time{};
    datetime result;
    const auto read = [&] {
        if (!scan.date(day)) return false;
        if (scan.end()) return scan.fail(too_short);
        const char separator = text[scan.at++];
        if (separator != 'T' && separator != 't' && separator != '_' && separator != ' ') {
            return scan.fail("invalid datetime separator, expected `T`, `t`, `_` or space");
        }
        return scan.time(time, result.offset);
    };
    if (read()) {
        result.utc = day + time - result.offset.value_or(minutes(0));
        return result;
    }
    if (const auto number = number_of(text)) {
        if (datetime_of_number(*number, result)) return result;
    }
    if (error) *error = scan.error;
    return std::nullopt;
}

std::optional<sys_days> parse_date(std::string_view text, const char** error) {
    scanner scan{text};
    sys_days day;
    if (scan.date(day) && (scan.end() || scan.fail(extra_characters))) return day;
    if (error) *error = scan.error;
    return std::nullopt;
}

std::optional<time_of_day> parse_time(std::string_view text, const char** error) {
    scanner scan{text};
    time_of_day result;
    if (scan.time(result.since_midnight, result.offset)) return result;
    if (error) *error = scan.error;
    return std::nullopt;
}

namespace {

// Adds value × unit; false beyond about 290 years.
bool add_units(nanoseconds& total, double value, double unit_seconds) {
    const double sum = static_cast<double>(total.count()) + value * unit_seconds * 1e9;
    if (!(std::fabs(sum) < 9.2e18)) return false;
    // Whole seconds exactly, the fraction to the nanosecond.
    const double whole = std::trunc(value * unit_seconds);
    const double rest = value * unit_seconds - whole;
    total += seconds(static_cast<std::int64_t>(whole)) + nanoseconds(std::llround(rest * 1e9));
    return true;
}

bool quantity(scanner& scan, double& out) {
    const std::size_t first = scan.at;
    while (scan.is_digit()) ++scan.at;
    if (scan.at == first) return scan.fail(bad_duration_digit);
    if (scan.peek() == '.' || scan.peek() == ',') {
        ++scan.at;
        const std::size_t fraction = scan.at;
        while (scan.is_digit()) ++scan.at;
        if (scan.at == fraction) return scan.fail(bad_duration_digit);
    }
    if (scan.at - first > 40) return scan.fail("duration value is out of range");
    std::string number(scan.text.substr(first, scan.at - first));
    for (char& c : number) c = c == ',' ? '.' : c;
    out = std::strtod(number.c_str(), nullptr);
    return true;
}

bool iso_duration(scanner& scan, nanoseconds& total) {
    constexpr double day = 86400;
    bool in_time = false;
    bool any = false;
    while (!scan.end()) {
        if (scan.peek() == 'T' || scan.peek() == 't') {
            if (in_time) return scan.fail("invalid time unit in duration");
            in_time = true;
            ++scan.at;
            continue;
        }
        double value = 0;
        if (!quantity(scan, value)) return false;
        if (scan.end()) return scan.fail("invalid time unit in duration");
        double unit = 0;
        switch (scan.text[scan.at++] | 0x20) {
        case 'y': unit = in_time ? 0 : 365 * day; break;
        case 'm': unit = in_time ? 60 : 30 * day; break;
        case 'w': unit = in_time ? 0 : 7 * day; break;
        case 'd': unit = in_time ? 0 : day; break;
        case 'h': unit = in_time ? 3600 : 0; break;
        case 's': unit = in_time ? 1 : 0; break;
        default: break;
        }
        if (unit == 0) return scan.fail("invalid time unit in duration");
        if (!add_units(total, value, unit)) return scan.fail("duration value is out of range");
        any = true;
    }
    return any || scan.fail(too_short);
}

// `[D[ day[s]][,] ]HH:MM[:SS[.f]]`
bool clock_duration(scanner& scan, nanoseconds& total) {
    const std::size_t colon = scan.text.find(':', scan.at);
    const std::size_t blank = scan.text.find(' ', scan.at);
    if (blank != std::string_view::npos) {
        double days = 0;
        if (!quantity(scan, days)) return false;
        while (scan.peek() == ' ') ++scan.at;
        const std::string_view rest = scan.text.substr(scan.at);
        for (const std::string_view word : {"days", "day", "d"}) {
            if (rest.starts_with(word)) {
                scan.at += word.size();
                break;
            }
        }
        if (scan.peek() == ',') ++scan.at;
        while (scan.peek() == ' ') ++scan.at;
        if (!add_units(total, days, 86400)) return scan.fail("duration value is out of range");
        if (scan.end()) return true;
    }
    if (colon == std::string_view::npos) return scan.fail(bad_duration_digit);
    microseconds time{};
    std::optional<minutes> zone;
    if (!scan.time(time, zone)) return false;
    if (zone) return scan.fail(extra_characters);
    total += time;
    return true;
}

}  // namespace

std::optional<nanoseconds> parse_duration(std::string_view text, const char** error) {
    scanner scan{text};
    nanoseconds total{};
    const bool negative = scan.peek() == '-';
    if (negative || scan.peek() == '+') ++scan.at;
    const auto read = [&] {
        if (scan.end()) return scan.fail(too_short);
        if (scan.peek() == 'P' || scan.peek() == 'p') {
            ++scan.at;
            return iso_duration(scan, total);
        }
        if (const auto number = number_of(text.substr(scan.at))) {
            return add_units(total, *number, 1) || scan.fail("duration value is out of range");
        }
        return clock_duration(scan, total);
    };
    if (read()) return negative ? -total : total;
    if (error) *error = scan.error;
    return std::nullopt;
}

std::string format_date(sys_days day) {
    const year_month_day date{day};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::string format_time(const time_of_day& value) {
    const auto total = value.since_midnight.count();
    const auto in_seconds = total / 1'000'000;
    std::string out = fmt::format("{:02}:{:02}:{:02}", in_seconds / 3600, in_seconds / 60 % 60, in_seconds % 60);
    append_fraction(out, total % 1'000'000);
    if (value.offset) {
        if (*value.offset == minutes(0)) {
            out += 'Z';
        } else {
            append_offset(out, *value.offset);
        }
    }
    return out;
}

std::string format_datetime(const datetime& value) {
    const minutes offset = value.offset.value_or(minutes(0));
    const auto local = value.utc + offset;
    const auto day = floor<days>(local);
    return format_date(day) + 'T' + format_time(time_of_day(local - day, offset));
}

std::string format_duration(nanoseconds value) {
    const bool negative = value.count() < 0;
    const std::uint64_t total = negative ? ~static_cast<std::uint64_t>(value.count()) + 1 : static_cast<std::uint64_t>(value.count());
    std::string out = fmt::format("{}PT{}", negative ? "-" : "", total / 1'000'000'000);
    if (total % 1'000'000'000 != 0) {
        out += fmt::format(".{:09}", total % 1'000'000'000);
        while (out.back() == '0') out.pop_back();
    }
    return out + 'S';
}

namespace detail {

bool read_datetime(const json_source& in, datetime& out, read_context& context) {
    const auto wrong_type = [&] { return context.fail(in, "datetime_type", "Input should be a valid datetime"); };
    if (const auto number = number_of(in)) {
        if (context.strict) return wrong_type();
        if (datetime_of_number(*number, out)) return true;
        const char* const why = "dates after 9999 are not supported as unix timestamps";
        return context.fail(in, "datetime_parsing", fmt::format("Input should be a valid datetime, {}", why), error_context(why));
    }
    if (!in.is_string()) return wrong_type();
    if (const auto value = parse_datetime(in.string())) {
        out = *value;
        return true;
    }
    const char* error = too_short;
    if (const auto day = parse_date(in.string(), &error); day && !(context.strict && !in.is_text())) {
        out = datetime(*day, std::nullopt);
        return true;
    }
    return context.fail(in, "datetime_from_date_parsing", fmt::format("Input should be a valid datetime or date, {}", error),
                        error_context(error));
}

bool fits_nanoseconds(const json_source& in, const datetime& value, read_context& context) {
    constexpr std::int64_t bound = INT64_MAX / 1000;
    const auto count = value.utc.time_since_epoch().count();
    if (count >= -bound && count <= bound) return true;
    const char* const why = "year value is outside expected range of 1678-2261";
    return context.fail(in, "datetime_parsing", fmt::format("Input should be a valid datetime, {}", why), error_context(why));
}

bool read_date(const json_source& in, sys_days& out, read_context& context) {
    datetime value;
    if (const auto number = number_of(in); number && !context.strict) {
        if (!datetime_of_number(*number, value)) {
            const char* const why = "dates after 9999 are not supported as unix timestamps";
            return context.fail(in, "date_from_datetime_parsing", fmt::format("Input should be a valid date or datetime, {}", why),
                                error_context(why));
        }
    } else {
        if (!in.is_string()) return context.fail(in, "date_type", "Input should be a valid date");
        if (const auto day = parse_date(in.string())) {
            out = *day;
            return true;
        }
        const char* error = too_short;
        const auto read = parse_datetime(in.string(), &error);
        if (!read) {
            return context.fail(in, "date_from_datetime_parsing", fmt::format("Input should be a valid date or datetime, {}", error),
                                error_context(error));
        }
        value = *read;
    }
    const auto local = value.utc + value.offset.value_or(minutes(0));
    const auto day = floor<days>(local);
    if (local != day) {
        return context.fail(in, "date_from_datetime_inexact", "Datetimes provided to dates should have zero time - e.g. be exact dates");
    }
    out = day;
    return true;
}

bool read_time(const json_source& in, time_of_day& out, read_context& context) {
    if (const auto number = number_of(in); number && !context.strict && *number >= 0 && *number < 86400) {
        out = time_of_day(microseconds(std::llround(*number * 1e6)));
        if (out.since_midnight >= hours(24)) out.since_midnight = hours(24) - microseconds(1);
        return true;
    }
    if (!in.is_string()) return context.fail(in, "time_type", "Input should be a valid time");
    const char* error = too_short;
    const auto value = parse_time(in.string(), &error);
    if (!value)
        return context.fail(in, "time_parsing", fmt::format("Input should be in a valid time format, {}", error), error_context(error));
    out = *value;
    return true;
}

bool read_duration(const json_source& in, nanoseconds& out, read_context& context) {
    const char* error = "duration value is out of range";
    const auto parsing = [&] {
        return context.fail(in, "time_delta_parsing", fmt::format("Input should be a valid timedelta, {}", error), error_context(error));
    };
    if (const auto number = number_of(in); number && !context.strict) {
        nanoseconds total{};
        if (!add_units(total, *number, 1)) return parsing();
        out = total;
        return true;
    }
    if (!in.is_string()) return context.fail(in, "time_delta_type", "Input should be a valid timedelta");
    const auto value = parse_duration(in.string(), &error);
    if (!value) return parsing();
    out = *value;
    return true;
}

void write_datetime(json_writer& out, const datetime& value) { out.value(format_datetime(value)); }
void write_date(json_writer& out, sys_days day) { out.value(format_date(day)); }
void write_duration(json_writer& out, nanoseconds value) { out.value(format_duration(value)); }

}  // namespace detail

}  // namespace hem
