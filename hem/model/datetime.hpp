// Dates, times and durations in JSON: ISO 8601 and RFC 3339 texts, in the forms and with the words of pydantic.
//
// std::chrono types take part directly: `sys_time<D>` (UTC), `year_month_day` and `sys_days` (dates), any `duration` between hours and
// nanoseconds. `hem::datetime` keeps the offset that was read, `hem::time_of_day` is a time without a date. `aware` refuses texts
// without offset; elsewhere they are taken as UTC. Nothing here reads a clock.
#pragma once

#include "hem/model/field.hpp"
#include "hem/model/json_traits.hpp"

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace hem {

// A point in time that remembers how it was written. Compares by the point alone.
struct datetime {
    using time_point = std::chrono::sys_time<std::chrono::microseconds>;  // further digits of a text are dropped
    time_point utc{};
    std::optional<std::chrono::minutes> offset{};  // of local time from UTC; none: the text had no zone

    datetime() = default;
    explicit(false) datetime(time_point point, std::optional<std::chrono::minutes> zone = std::chrono::minutes(0))
        : utc(point), offset(zone) {}
    friend bool operator==(const datetime& a, const datetime& b) { return a.utc == b.utc; }
    friend auto operator<=>(const datetime& a, const datetime& b) { return a.utc <=> b.utc; }
};

// A time of day without date; the offset, if the text had one, is kept.
struct time_of_day {
    std::chrono::microseconds since_midnight{};
    std::optional<std::chrono::minutes> offset{};

    time_of_day() = default;
    explicit time_of_day(std::chrono::microseconds time, std::optional<std::chrono::minutes> zone = std::nullopt)
        : since_midnight(time), offset(zone) {}
    friend bool operator==(const time_of_day&, const time_of_day&) = default;
};

// RFC 3339 with `Z` (or the offset of a datetime), fraction only if not zero: `2024-01-31T12:00:00.5Z`.
std::string format_datetime(const datetime& value);
std::string format_date(std::chrono::sys_days day);
std::string format_time(const time_of_day& value);
std::string format_duration(std::chrono::nanoseconds value);  // PT1.5S

// Nothing when the text is none; `error`, if given, then says what is wrong, in speedate's words.
std::optional<datetime> parse_datetime(std::string_view text, const char** error = nullptr);
std::optional<std::chrono::sys_days> parse_date(std::string_view text, const char** error = nullptr);
std::optional<time_of_day> parse_time(std::string_view text, const char** error = nullptr);
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text, const char** error = nullptr);

namespace detail {
bool read_datetime(const json_source& in, datetime& out, read_context& context);
// False after reporting a point in time that 64 bits of nanoseconds cannot hold (before 1677, after 2262).
bool fits_nanoseconds(const json_source& in, const datetime& value, read_context& context);
bool read_date(const json_source& in, std::chrono::sys_days& out, read_context& context);
bool read_time(const json_source& in, time_of_day& out, read_context& context);
bool read_duration(const json_source& in, std::chrono::nanoseconds& out, read_context& context);
void write_datetime(json_writer& out, const datetime& value);
void write_date(json_writer& out, std::chrono::sys_days day);
void write_duration(json_writer& out, std::chrono::nanoseconds value);

template <>
struct shape_of<datetime> {
    static constexpr value_shape shape = value_shape::time;
    static void look(datetime& value, checked_value& seen, bool) {
        seen.when = value.utc;
        seen.has_zone = value.offset.has_value();
    }
};
template <class D>
struct shape_of<std::chrono::sys_time<D>> {
    static constexpr value_shape shape = value_shape::time;
    static void look(std::chrono::sys_time<D>& value, checked_value& seen, bool) {
        seen.when = std::chrono::time_point_cast<std::chrono::microseconds>(value);
        seen.is_date = std::is_same_v<D, std::chrono::days>;
    }
};
template <>
struct shape_of<std::chrono::year_month_day> {
    static constexpr value_shape shape = value_shape::time;
    static void look(std::chrono::year_month_day& value, checked_value& seen, bool) {
        seen.when = std::chrono::sys_days(value);
        seen.is_date = true;
    }
};
template <class R, class P>
struct shape_of<std::chrono::duration<R, P>> {
    static constexpr value_shape shape = value_shape::number;
    static void look(std::chrono::duration<R, P>& value, checked_value& seen, bool) {
        seen.is_floating = true;
        seen.floating = std::chrono::duration<double>(value).count();
    }
};
}  // namespace detail

template <>
struct json_traits<datetime> {
    static bool read(const json_source& in, datetime& out, read_context& context) { return detail::read_datetime(in, out, context); }
    static void write(json_writer& out, const datetime& value) { detail::write_datetime(out, value); }
    static json schema(schema_builder&) { return detail::simple_schema("string", "date-time"); }
};

template <class D>
struct json_traits<std::chrono::sys_time<D>> {
    static bool read(const json_source& in, std::chrono::sys_time<D>& out, read_context& context) {
        datetime value;
        if (!detail::read_datetime(in, value, context)) return false;
        if constexpr (std::ratio_less_v<typename D::period, std::micro>) {
            if (!detail::fits_nanoseconds(in, value, context)) return false;
        }
        out = std::chrono::floor<D>(value.utc);
        return true;
    }
    static void write(json_writer& out, const std::chrono::sys_time<D>& value) {
        detail::write_datetime(out, datetime(std::chrono::time_point_cast<std::chrono::microseconds>(value)));
    }
    static json schema(schema_builder&) { return detail::simple_schema("string", "date-time"); }
};

template <>
struct json_traits<std::chrono::sys_days> {
    static bool read(const json_source& in, std::chrono::sys_days& out, read_context& context) {
        return detail::read_date(in, out, context);
    }
    static void write(json_writer& out, std::chrono::sys_days value) { detail::write_date(out, value); }
    static json schema(schema_builder&) { return detail::simple_schema("string", "date"); }
};

template <>
struct json_traits<std::chrono::year_month_day> {
    static bool read(const json_source& in, std::chrono::year_month_day& out, read_context& context) {
        std::chrono::sys_days day;
        if (!detail::read_date(in, day, context)) return false;
        out = day;
        return true;
    }
    static void write(json_writer& out, std::chrono::year_month_day value) { detail::write_date(out, std::chrono::sys_days(value)); }
    static json schema(schema_builder&) { return detail::simple_schema("string", "date"); }
    static bool has_default(const std::chrono::year_month_day& initial) { return initial.ok(); }
};

template <>
struct json_traits<time_of_day> {
    static bool read(const json_source& in, time_of_day& out, read_context& context) { return detail::read_time(in, out, context); }
    static void write(json_writer& out, const time_of_day& value) { out.value(format_time(value)); }
    static json schema(schema_builder&) { return detail::simple_schema("string", "time"); }
};

template <class R, class P>
struct json_traits<std::chrono::duration<R, P>> {
    static bool read(const json_source& in, std::chrono::duration<R, P>& out, read_context& context) {
        std::chrono::nanoseconds value{};
        if (!detail::read_duration(in, value, context)) return false;
        out = std::chrono::duration_cast<std::chrono::duration<R, P>>(value);
        return true;
    }
    static void write(json_writer& out, std::chrono::duration<R, P> value) {
        detail::write_duration(out, std::chrono::duration_cast<std::chrono::nanoseconds>(value));
    }
    static json schema(schema_builder&) { return detail::simple_schema("string", "duration"); }
};

}  // namespace hem
