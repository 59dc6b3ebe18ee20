// Dates of HTTP (RFC 9110 5.6.7). Calendar arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
#include <chrono>
#include <cstring>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http {
namespace {

constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view long_day_names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

void two_digits(char* out, unsigned value) noexcept {
    out[0] = static_cast<char>('0' + value / 10);
    out[1] = static_cast<char>('0' + value % 10);
}

// Reads exact pieces of a date, front to back.
class reader {
public:
    explicit reader(std::string_view text) noexcept : rest_(text) {}

    bool literal(std::string_view text) noexcept {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    bool digits(std::size_t count, int& value) noexcept {
        if (rest_.size() < count) return false;
        value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (!detail::is_digit(static_cast<unsigned char>(rest_[i]))) return false;
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return true;
    }
    bool name(std::string_view names, int& index) noexcept {
        if (rest_.size() < 3) return false;
        for (std::size_t i = 0; i < names.size(); i += 3) {
            if (rest_.substr(0, 3) != names.substr(i, 3)) continue;
            index = static_cast<int>(i / 3);
            rest_.remove_prefix(3);
            return true;
        }
        return false;
    }
    bool time(int& hour, int& minute, int& second) noexcept {
        return digits(2, hour) && literal(":") && digits(2, minute) && literal(":") && digits(2, second);
    }
    bool end() const noexcept { return rest_.empty(); }

private:
    std::string_view rest_;
};

std::optional<std::int64_t> seconds_of(int year, int month, int day, int hour, int minute, int second) noexcept {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month + 1)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace

void write_date(char* out, std::int64_t unix_seconds) noexcept {
    const auto days = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{unix_seconds}});
    const std::chrono::year_month_day date{days};
    const std::chrono::weekday weekday{days};
    const auto second = static_cast<unsigned>(unix_seconds - days.time_since_epoch().count() * 86400);
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    std::memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", 29);
    std::memcpy(out, day_names.data() + weekday.c_encoding() * 3, 3);
    two_digits(out + 5, static_cast<unsigned>(date.day()));
    std::memcpy(out + 8, month_names.data() + (static_cast<unsigned>(date.month()) - 1) * 3, 3);
    two_digits(out + 12, year / 100 % 100);
    two_digits(out + 14, year % 100);
    two_digits(out + 17, second / 3600);
    two_digits(out + 20, second / 60 % 60);
    two_digits(out + 23, second % 60);
}

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
    int weekday = 0;
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (reader at(text); at.name(day_names, weekday) && at.literal(", ") && at.digits(2, day) && at.literal(" ") &&
                         at.name(month_names, month) && at.literal(" ") && at.digits(4, year) && at.literal(" ") &&
                         at.time(hour, minute, second) && at.literal(" GMT") && at.end())
        return seconds_of(year, month, day, hour, minute, second);
    for (const std::string_view name : long_day_names) {
        reader at(text);
        if (!(at.literal(name) && at.literal(", ") && at.digits(2, day) && at.literal("-") && at.name(month_names, month) &&
              at.literal("-") && at.digits(2, year) && at.literal(" ") && at.time(hour, minute, second) && at.literal(" GMT") && at.end()))
            continue;
        return seconds_of(year + (year < 70 ? 2000 : 1900), month, day, hour, minute, second);
    }
    reader at(text);
    if (at.name(day_names, weekday) && at.literal(" ") && at.name(month_names, month) && at.literal(" ") &&
        (at.literal(" ") ? at.digits(1, day) : at.digits(2, day)) && at.literal(" ") && at.time(hour, minute, second) && at.literal(" ") &&
        at.digits(4, year) && at.end())
        return seconds_of(year, month, day, hour, minute, second);
    return std::nullopt;
}

}  // namespace hem::http
