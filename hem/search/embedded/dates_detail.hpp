// Calendar arithmetic and the reading of single formats, shared by the files that make up dates.hpp.
#pragma once

#include "hem/search/embedded/dates.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hem::search::embedded::detail {

inline constexpr std::int64_t ms_second = 1000;
inline constexpr std::int64_t ms_minute = 60 * ms_second;
inline constexpr std::int64_t ms_hour = 60 * ms_minute;
inline constexpr std::int64_t ms_day = 24 * ms_hour;

inline std::int64_t floor_div(std::int64_t value, std::int64_t by) {
    const std::int64_t quotient = value / by;
    return quotient - (value % by != 0 && (value < 0) != (by < 0));
}

struct civil {
    std::int64_t year = 1970;
    int month = 1, day = 1, hour = 0, minute = 0, second = 0, milli = 0;
};

// The proleptic Gregorian calendar; days count from 1970-01-01.
std::int64_t days_from_civil(std::int64_t year, int month, int day);
civil civil_from_ms(std::int64_t ms);
int days_in_month(std::int64_t year, int month);
std::int64_t ms_from_civil(const civil& at);

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Up to `most` digits from `at`; returns how many were read.
inline int read_digits(std::string_view text, std::size_t& at, int most, std::int64_t& value) {
    int read = 0;
    value = 0;
    while (read < most && at < text.size() && is_digit(text[at])) {
        value = value * 10 + (text[at++] - '0');
        ++read;
    }
    return read;
}

inline constexpr std::array<std::string_view, 12> month_names{"January", "February", "March",     "April",   "May",      "June",
                                                              "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> day_names{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// One whole named format, which a pattern of the same letter is not.
inline bool is_whole(const date_format::pattern& pattern, char letter) {
    return pattern.size() == 1 && pattern[0].letter == letter && pattern[0].count == 0;
}

// Reads all of `text` under one format; nullopt when it does not match.
std::optional<std::int64_t> parse_with(const date_format::pattern& pattern, std::string_view text, date_rounding rounding,
                                       const time_zone& zone);

}  // namespace hem::search::embedded::detail
