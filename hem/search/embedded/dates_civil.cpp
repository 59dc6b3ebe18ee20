// Days and milliseconds to calendar dates and back.
#include "hem/search/embedded/dates_detail.hpp"

namespace hem::search::embedded::detail {

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

}  // namespace hem::search::embedded::detail
