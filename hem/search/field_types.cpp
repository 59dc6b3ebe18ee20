#include "hem/search/field_types.hpp"

#include "hem/core/clock.hpp"

#include <charconv>
#include <stdexcept>

namespace hem::search {
namespace {

using std::chrono::nanoseconds;

// Takes exactly `digits` digits off the front; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return -1;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

[[noreturn]] void bad_date(std::string_view whole, const char* why) {
    throw std::invalid_argument("cannot read '" + std::string(whole) + "' as a date: " + why +
                                " (write it as 2025-11-20T06:30:00Z, 2025-11-20, or epoch milliseconds)");
}

void append_padded(std::string& out, int value, int digits) {
    char buffer[12];
    for (int i = digits - 1; i >= 0; --i) {
        buffer[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    out.append(buffer, static_cast<std::size_t>(digits));
}

void append_day(std::string& out, std::chrono::year_month_day day) {
    int year = static_cast<int>(day.year());
    if (year < 0) {
        out += '-';
        year = -year;
    }
    append_padded(out, year, 4);
    out += '-';
    append_padded(out, static_cast<int>(static_cast<unsigned>(day.month())), 2);
    out += '-';
    append_padded(out, static_cast<int>(static_cast<unsigned>(day.day())), 2);
}

}  // namespace

date date::now() { return date(system_now()); }

date date::from_milliseconds(std::int64_t since_epoch) {
    constexpr std::int64_t limit = INT64_MAX / 1'000'000;
    if (since_epoch > limit || since_epoch < -limit) {
        throw std::invalid_argument("cannot read " + std::to_string(since_epoch) + " as a date: outside of the years 1678 to 2262");
    }
    return date(time_type(std::chrono::milliseconds(since_epoch)));
}

date date::parse(std::string_view whole) {
    std::string_view text = whole;
    std::int64_t epoch = 0;
    if (const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), epoch);
        fault == std::errc() && end == text.data() + text.size() && text.size() > 4) {
        return from_milliseconds(epoch);
    }
    const int year = take_digits(text, 4);
    if (year < 0) bad_date(whole, "it does not begin with a year of four digits");
    int month = 1, day = 1;
    if (take(text, '-')) {
        month = take_digits(text, 2);
        if (month < 1 || month > 12) bad_date(whole, "its month is not 01 to 12");
        if (take(text, '-')) {
            day = take_digits(text, 2);
            if (day < 1) bad_date(whole, "its day is not two digits");
        }
    }
    const std::chrono::year_month_day calendar{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                               std::chrono::day(static_cast<unsigned>(day))};
    if (!calendar.ok()) bad_date(whole, "there is no such day");
    if (year < 1678 || year > 2261) bad_date(whole, "the year is outside of 1678 to 2261");
    time_type time{std::chrono::sys_days(calendar)};
    if (text.empty()) return date(time);
    if (text.front() != 'T' && text.front() != 't' && text.front() != ' ') bad_date(whole, "unexpected characters after the day");
    text.remove_prefix(1);
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23) bad_date(whole, "its hour is not 00 to 23");
    int minute = 0, second = 0;
    std::int64_t fraction = 0;
    if (take(text, ':')) {
        minute = take_digits(text, 2);
        if (minute < 0 || minute > 59) bad_date(whole, "its minute is not 00 to 59");
        if (take(text, ':')) {
            second = take_digits(text, 2);
            if (second < 0 || second > 59) bad_date(whole, "its second is not 00 to 59");
            if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
                text.remove_prefix(1);
                std::int64_t scale = 100'000'000;
                std::size_t digits = 0;
                for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, scale /= 10) {
                    fraction += scale * (text[digits] - '0');
                }
                if (digits == 0) bad_date(whole, "its fraction has no digits");
                text.remove_prefix(digits);
            }
        }
    }
    time += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) + nanoseconds(fraction);
    if (text.empty() || text == "Z" || text == "z") return date(time);
    const char sign = text.front();
    if (sign != '+' && sign != '-') bad_date(whole, "unexpected characters after the time");
    text.remove_prefix(1);
    const int offset_hours = take_digits(text, 2);
    take(text, ':');
    const int offset_minutes = text.empty() ? 0 : take_digits(text, 2);
    if (offset_hours < 0 || offset_hours > 18 || offset_minutes < 0 || offset_minutes > 59 || !text.empty()) {
        bad_date(whole, "its offset is not of the form +01:00");
    }
    const auto offset = std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes);
    return date(sign == '+' ? time - offset : time + offset);
}

std::string date::to_string() const {
    const auto day = std::chrono::floor<std::chrono::days>(time_);
    const auto clock = std::chrono::hh_mm_ss(time_ - day);
    std::string out;
    out.reserve(32);
    append_day(out, std::chrono::year_month_day(day));
    out += 'T';
    append_padded(out, static_cast<int>(clock.hours().count()), 2);
    out += ':';
    append_padded(out, static_cast<int>(clock.minutes().count()), 2);
    out += ':';
    append_padded(out, static_cast<int>(clock.seconds().count()), 2);
    if (const std::int64_t fraction = clock.subseconds().count(); fraction != 0) {
        out += '.';
        if (fraction % 1'000'000 == 0) {
            append_padded(out, static_cast<int>(fraction / 1'000'000), 3);
        } else if (fraction % 1'000 == 0) {
            append_padded(out, static_cast<int>(fraction / 1'000), 6);
        } else {
            append_padded(out, static_cast<int>(fraction), 9);
        }
    }
    out += 'Z';
    return out;
}

std::int64_t date::milliseconds() const noexcept { return std::chrono::floor<std::chrono::milliseconds>(time_).time_since_epoch().count(); }

namespace detail {

std::string format_day(std::chrono::sys_days day) {
    std::string out;
    append_day(out, std::chrono::year_month_day(day));
    return out;
}

std::chrono::sys_days parse_day(std::string_view text) { return std::chrono::floor<std::chrono::days>(date::parse(text).time()); }

}  // namespace detail
}  // namespace hem::search
