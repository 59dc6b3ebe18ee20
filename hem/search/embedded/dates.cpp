#include "hem/search/embedded/dates.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace hem::search::embedded {

namespace {

constexpr std::int64_t ms_second = 1000;
constexpr std::int64_t ms_minute = 60 * ms_second;
constexpr std::int64_t ms_hour = 60 * ms_minute;
constexpr std::int64_t ms_day = 24 * ms_hour;

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
    const std::int64_t quotient = value / by;
    return quotient - (value % by != 0 && (value < 0) != (by < 0));
}

struct civil {
    std::int64_t year = 1970;
    int month = 1, day = 1, hour = 0, minute = 0, second = 0, milli = 0;
};

// Howard Hinnant's days_from_civil and its inverse (chrono-Compatible Low-Level Date Algorithms).
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
    year -= month <= 2;
    const std::int64_t era = floor_div(year, 400);
    const std::int64_t yoe = year - era * 400;
    const std::int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

civil civil_from_ms(std::int64_t ms) {
    std::int64_t days = floor_div(ms, ms_day);
    std::int64_t rest = ms - days * ms_day;
    days += 719468;
    const std::int64_t era = floor_div(days, 146097);
    const std::int64_t doe = days - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    civil out;
    out.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
    out.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
    out.year = yoe + era * 400 + (out.month <= 2);
    out.hour = static_cast<int>(rest / ms_hour);
    rest %= ms_hour;
    out.minute = static_cast<int>(rest / ms_minute);
    rest %= ms_minute;
    out.second = static_cast<int>(rest / ms_second);
    out.milli = static_cast<int>(rest % ms_second);
    return out;
}

int days_in_month(std::int64_t year, int month) {
    static constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))) return 29;
    return days[static_cast<std::size_t>(month - 1)];
}

std::int64_t ms_from_civil(const civil& at) {
    return days_from_civil(at.year, at.month, at.day) * ms_day + at.hour * ms_hour + at.minute * ms_minute + at.second * ms_second +
           at.milli;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Up to `most` digits from `at`; returns how many were read.
int read_digits(std::string_view text, std::size_t& at, int most, std::int64_t& value) {
    int read = 0;
    value = 0;
    while (read < most && at < text.size() && is_digit(text[at])) {
        value = value * 10 + (text[at++] - '0');
        ++read;
    }
    return read;
}

// Fields as they are read; what is missing is filled at the end, by the rounding.
struct parsed_date {
    std::optional<std::int64_t> year;
    std::optional<int> month, day, hour, minute, second, milli, hour12, day_of_year;
    std::optional<bool> afternoon;
    std::optional<std::int64_t> offset_ms;
    std::optional<time_zone> zone;
};

std::optional<std::int64_t> finish(const parsed_date& in, date_rounding rounding, const time_zone& zone) {
    const bool up = rounding == date_rounding::up;
    civil at;
    at.year = in.year.value_or(1970);
    at.month = in.month.value_or(1);
    if (at.month < 1 || at.month > 12) return std::nullopt;
    at.day = in.day.value_or(1);
    if (at.day < 1 || at.day > days_in_month(at.year, at.month)) return std::nullopt;
    if (in.day_of_year) {
        const std::int64_t start = days_from_civil(at.year, 1, 1) + *in.day_of_year - 1;
        const civil day = civil_from_ms(start * ms_day);
        if (*in.day_of_year < 1 || day.year != at.year) return std::nullopt;
        at.month = day.month;
        at.day = day.day;
    }
    std::optional<int> hour = in.hour;
    if (in.hour12) hour = *in.hour12 % 12 + (in.afternoon.value_or(false) ? 12 : 0);
    at.hour = hour.value_or(up ? 23 : 0);
    at.minute = in.minute.value_or(up ? 59 : 0);
    at.second = in.second.value_or(up ? 59 : 0);
    at.milli = in.milli.value_or(up ? 999 : 0);
    if (at.hour > 23 || at.minute > 59 || at.second > 59) return std::nullopt;
    const std::int64_t local = ms_from_civil(at);
    if (in.offset_ms) return local - *in.offset_ms;
    if (in.zone) return in.zone->to_utc(local);
    return zone.to_utc(local);
}

// Z, +hh, +hhmm, +hh:mm, at the end of an ISO text.
bool read_offset(std::string_view text, std::size_t& at, parsed_date& out) {
    if (at >= text.size()) return false;
    if (text[at] == 'Z' || text[at] == 'z') {
        ++at;
        out.offset_ms = 0;
        return true;
    }
    if (text[at] != '+' && text[at] != '-') return false;
    const int sign = text[at] == '-' ? -1 : 1;
    std::size_t next = at + 1;
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (read_digits(text, next, 2, hours) != 2 || hours > 18) return false;
    if (next < text.size() && text[next] == ':') {
        ++next;
        if (read_digits(text, next, 2, minutes) != 2) return false;
    } else if (next < text.size() && is_digit(text[next])) {
        if (read_digits(text, next, 2, minutes) != 2) return false;
    }
    if (minutes > 59) return false;
    at = next;
    out.offset_ms = sign * (hours * ms_hour + minutes * ms_minute);
    return true;
}

// date_optional_time: yyyy[-MM[-dd['T'HH[:mm[:ss[.fraction]]][zone]]]]; strict wants 4 and 2 digits.
bool read_optional_time(std::string_view text, bool strict, parsed_date& out) {
    std::size_t at = 0;
    std::int64_t value = 0;
    bool negative = false;
    int year_digits = strict ? 4 : 9;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        at = 1;
        year_digits = 9;
    }
    const int read = read_digits(text, at, year_digits, value);
    if (strict ? read < 4 : read < 1) return false;
    out.year = negative ? -value : value;
    const auto two = [&](std::optional<int>& field, int most) {
        const int digits = read_digits(text, at, 2, value);
        if (strict ? digits != 2 : digits < 1) return false;
        if (value > most) return false;
        field = static_cast<int>(value);
        return true;
    };
    if (at < text.size() && text[at] == '-') {
        ++at;
        if (!two(out.month, 12)) return false;
        if (at < text.size() && text[at] == '-') {
            ++at;
            if (!two(out.day, 31)) return false;
        }
    }
    if (at == text.size()) return true;
    if (text[at] != 'T') return false;
    ++at;
    if (!out.day) return false;
    if (at == text.size()) return !strict || true;
    if (!two(out.hour, 23)) return false;
    if (at < text.size() && text[at] == ':') {
        ++at;
        if (!two(out.minute, 59)) return false;
        if (at < text.size() && text[at] == ':') {
            ++at;
            if (!two(out.second, 59)) return false;
            if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
                ++at;
                const std::size_t start = at;
                const int digits = read_digits(text, at, 9, value);
                if (digits < 1) return false;
                std::int64_t scaled = 0;
                for (std::size_t i = 0; i < 3; ++i) scaled = scaled * 10 + (static_cast<int>(i) < digits ? text[start + i] - '0' : 0);
                out.milli = static_cast<int>(scaled);
            }
        }
    }
    if (at == text.size()) return true;
    if (read_offset(text, at, out)) return at == text.size();
    if (text[at] == '[' && text.back() == ']') {
        out.zone = time_zone::find(text.substr(at + 1, text.size() - at - 2));
        return out.zone.has_value();
    }
    return false;
}

constexpr std::array<std::string_view, 12> month_names{"January", "February", "March",     "April",   "May",      "June",
                                                       "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> day_names{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

template <std::size_t Size>
int read_name(std::string_view text, std::size_t& at, const std::array<std::string_view, Size>& names, bool whole) {
    for (std::size_t i = 0; i < Size; ++i) {
        const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
        if (text.substr(at).starts_with(name)) {
            at += name.size();
            return static_cast<int>(i);
        }
    }
    return -1;
}

bool read_piece(std::string_view text, std::size_t& at, const date_format::piece& piece, bool next_is_digit, parsed_date& out) {
    std::int64_t value = 0;
    const auto number = [&](int least, int most) {
        const int read = read_digits(text, at, most, value);
        return read >= least;
    };
    // A group of one letter reads as many digits as stand there; a longer one exactly its count.
    const auto two = [&](std::optional<int>& field) {
        if (!number(piece.count == 1 ? 1 : piece.count, piece.count == 1 && !next_is_digit ? 2 : std::max(piece.count, 1))) return false;
        field = static_cast<int>(value);
        return true;
    };
    switch (piece.letter) {
    case 0:
        if (!text.substr(at).starts_with(piece.literal)) return false;
        at += piece.literal.size();
        return true;
    case 'y':
    case 'u':
    case 'Y':
        if (piece.count == 2) {
            if (!number(2, 2)) return false;
            out.year = 2000 + value;
            return true;
        }
        if (!number(piece.strict ? 4 : piece.count, piece.strict || next_is_digit ? std::max(piece.count, 4) : 9)) return false;
        out.year = value;
        return true;
    case 'M':
    case 'L':
        if (piece.count >= 3) {
            const int month = read_name(text, at, month_names, piece.count >= 4);
            if (month < 0) return false;
            out.month = month + 1;
            return true;
        }
        return two(out.month);
    case 'E': return read_name(text, at, day_names, piece.count >= 4) >= 0;
    case 'd': return two(out.day);
    case 'D':
        if (!number(piece.count, 3)) return false;
        out.day_of_year = static_cast<int>(value);
        return true;
    case 'H': return two(out.hour);
    case 'h': return two(out.hour12);
    case 'm': return two(out.minute);
    case 's': return two(out.second);
    case 'S': {
        const std::size_t start = at;
        const int read = read_digits(text, at, std::max(piece.count, piece.strict ? 3 : piece.count), value);
        if (read < 1 || (piece.strict && read < piece.count)) return false;
        std::int64_t scaled = 0;
        for (int i = 0; i < 3; ++i) scaled = scaled * 10 + (i < read ? text[start + static_cast<std::size_t>(i)] - '0' : 0);
        out.milli = static_cast<int>(scaled);
        return true;
    }
    case 'a':
        if (text.substr(at).starts_with("AM") || text.substr(at).starts_with("PM")) {
            out.afternoon = text[at] == 'P';
            at += 2;
            return true;
        }
        return false;
    case 'X':
    case 'x':
    case 'Z':
    case 'z':
    case 'V': return read_offset(text, at, out);
    default: return false;
    }
}

std::optional<std::int64_t> read_epoch(std::string_view text, std::int64_t unit) {
    const bool negative = !text.empty() && text[0] == '-';
    const std::string_view digits = negative ? text.substr(1) : text;
    const std::size_t dot = digits.find('.');
    const std::string_view whole = digits.substr(0, dot);
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (fault != std::errc() || end != whole.data() + whole.size() || whole.empty() || !is_digit(whole[0])) return std::nullopt;
    if (value > 9'000'000'000'000'000 / unit) return std::nullopt;
    std::int64_t ms = value * unit;
    if (dot != std::string_view::npos) {
        std::int64_t scale = unit / 10;
        for (const char c : digits.substr(dot + 1)) {
            if (!is_digit(c)) return std::nullopt;
            ms += (c - '0') * scale;
            scale /= 10;
        }
    }
    return negative ? -ms : ms;
}

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

namespace {

bool is_whole(const date_format::pattern& pattern, char letter) {
    return pattern.size() == 1 && pattern[0].letter == letter && pattern[0].count == 0;
}

std::optional<std::int64_t> parse_with(const date_format::pattern& pattern, std::string_view text, date_rounding rounding,
                                       const time_zone& zone) {
    if (is_whole(pattern, 'm')) return read_epoch(text, 1);
    if (is_whole(pattern, 'e')) {
        auto seconds = read_epoch(text, ms_second);
        return seconds;
    }
    parsed_date fields;
    if (is_whole(pattern, 'o')) {
        if (!read_optional_time(text, pattern[0].strict, fields)) return std::nullopt;
        return finish(fields, rounding, zone);
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool next_is_digit = i + 1 < pattern.size() &&
                                   std::string_view("yuMdHhmsSD").find(pattern[i + 1].letter) != std::string_view::npos &&
                                   pattern[i + 1].letter != 0;
        if (!read_piece(text, at, pattern[i], next_is_digit, fields)) return std::nullopt;
    }
    if (at != text.size()) return std::nullopt;
    return finish(fields, rounding, zone);
}

}  // namespace

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

namespace {

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
