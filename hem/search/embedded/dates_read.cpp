// Reading of dates: the ISO form, epochs, and patterns piece by piece; what a text leaves out is filled by the rounding.
#include "hem/search/embedded/dates_detail.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded::detail {

namespace {

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

}  // namespace

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

}  // namespace hem::search::embedded::detail
