#include "hem/model/datetime.hpp"

#include "hem/model/bytes.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/to_json.hpp"
#include "hem/model/uuid.hpp"

#include "hem/testing.hpp"

#include <gtest/gtest.h>

namespace {

using namespace hem;
using namespace std::chrono;
using namespace std::chrono_literals;

template <class T>
std::string entry_of(std::string_view text, bool strict = false) {
    const auto result = read_json<T>(text, {.strict = strict});
    if (result) return to_json(*result);
    const auto& error = result.error()[0];
    return error.type + ": " + error.msg;
}

using point = sys_time<microseconds>;

TEST(Datetime, ReadsIsoForms) {
    EXPECT_EQ(entry_of<point>("\"2024-01-31T12:00:00Z\""), "\"2024-01-31T12:00:00Z\"");
    EXPECT_EQ(entry_of<point>("\"2024-01-31 12:00:00.123456789\""), "\"2024-01-31T12:00:00.123456Z\"");
    EXPECT_EQ(entry_of<point>("\"2024-01-31t12:00+02:00\""), "\"2024-01-31T10:00:00Z\"");
    EXPECT_EQ(entry_of<point>("\"2024-01-31_12:00:00-0130\""), "\"2024-01-31T13:30:00Z\"");
    EXPECT_EQ(entry_of<point>("\"2024-02-29\""), "\"2024-02-29T00:00:00Z\"");
    EXPECT_EQ(entry_of<point>("\"9999-12-31T23:59:59.5Z\""), "\"9999-12-31T23:59:59.5Z\"");
    EXPECT_EQ(entry_of<point>("1700000000"), "\"2023-11-14T22:13:20Z\"");
    EXPECT_EQ(entry_of<point>("1700000000000"), "\"2023-11-14T22:13:20Z\"");
    EXPECT_EQ(entry_of<point>("1700000000.5"), "\"2023-11-14T22:13:20.5Z\"");
    EXPECT_EQ(entry_of<point>("\"1700000000\""), "\"2023-11-14T22:13:20Z\"");
    EXPECT_EQ(entry_of<datetime>("\"2024-01-31T12:00:00-01:30\""), "\"2024-01-31T12:00:00-01:30\"");
    EXPECT_EQ(entry_of<sys_seconds>("\"1969-12-31T23:59:59.5Z\""), "\"1969-12-31T23:59:59Z\"");
}

TEST(Datetime, RefusesInSpeedatesWords) {
    const std::string prefix = "datetime_from_date_parsing: Input should be a valid datetime or date, ";
    EXPECT_EQ(entry_of<point>("\"x\""), prefix + "input is too short");
    EXPECT_EQ(entry_of<point>("\"not a datetime\""), prefix + "invalid character in year");
    EXPECT_EQ(entry_of<point>("\"2024/01/01\""), prefix + "invalid date separator, expected `-`");
    EXPECT_EQ(entry_of<point>("\"2024-13-01\""), prefix + "month value is outside expected range of 1-12");
    EXPECT_EQ(entry_of<point>("\"2023-02-29\""), prefix + "day value is outside expected range");
    EXPECT_EQ(entry_of<point>("\"2024-01-01T25:00:00\""), prefix + "unexpected extra characters at the end of the input");
    EXPECT_EQ(entry_of<point>("true"), "datetime_type: Input should be a valid datetime");
    EXPECT_EQ(entry_of<point>("1700000000", true), "datetime_type: Input should be a valid datetime");
    EXPECT_EQ(entry_of<sys_time<nanoseconds>>("\"9999-12-31T00:00:00Z\""),
              "datetime_parsing: Input should be a valid datetime, year value is outside expected range of 1678-2261");
}

TEST(Datetime, Dates) {
    EXPECT_EQ(entry_of<year_month_day>("\"2024-02-29\""), "\"2024-02-29\"");
    EXPECT_EQ(entry_of<sys_days>("\"2024-02-29T00:00:00\""), "\"2024-02-29\"");
    EXPECT_EQ(entry_of<year_month_day>("\"2024-02-29T00:00:01\""),
              "date_from_datetime_inexact: Datetimes provided to dates should have zero time - e.g. be exact dates");
    EXPECT_EQ(entry_of<year_month_day>("\"202x\""),
              "date_from_datetime_parsing: Input should be a valid date or datetime, input is too short");
    EXPECT_EQ(entry_of<year_month_day>("[]"), "date_type: Input should be a valid date");
}

TEST(Datetime, Times) {
    EXPECT_EQ(entry_of<time_of_day>("\"12:30\""), "\"12:30:00\"");
    EXPECT_EQ(entry_of<time_of_day>("\"12:30:01.5Z\""), "\"12:30:01.5Z\"");
    const std::string prefix = "time_parsing: Input should be in a valid time format, ";
    EXPECT_EQ(entry_of<time_of_day>("\"24:00\""), prefix + "hour value is outside expected range of 0-23");
    EXPECT_EQ(entry_of<time_of_day>("\"12:60\""), prefix + "minute value is outside expected range of 0-59");
    EXPECT_EQ(entry_of<time_of_day>("\"12:00:60\""), prefix + "second value is outside expected range of 0-59");
    EXPECT_EQ(entry_of<time_of_day>("\"12:0x\""), prefix + "invalid character in minute");
    EXPECT_EQ(entry_of<time_of_day>("\"1:00:00\""), prefix + "invalid character in hour");
    EXPECT_EQ(entry_of<time_of_day>("{}"), "time_type: Input should be a valid time");
}

TEST(Datetime, Durations) {
    EXPECT_EQ(entry_of<seconds>("\"PT1H30M\""), "\"PT5400S\"");
    EXPECT_EQ(entry_of<milliseconds>("\"P1DT0.5S\""), "\"PT86400.5S\"");
    EXPECT_EQ(entry_of<seconds>("\"1 01:00:05\""), "\"PT90005S\"");
    EXPECT_EQ(entry_of<seconds>("\"2 days, 00:00:01\""), "\"PT172801S\"");
    EXPECT_EQ(entry_of<milliseconds>("-1.5"), "\"-PT1.5S\"");
    EXPECT_EQ(entry_of<milliseconds>("\"90\""), "\"PT90S\"");
    EXPECT_EQ(entry_of<seconds>("\"x\""), "time_delta_parsing: Input should be a valid timedelta, invalid digit in duration");
    EXPECT_EQ(entry_of<seconds>("\"P\""), "time_delta_parsing: Input should be a valid timedelta, input is too short");
    EXPECT_EQ(entry_of<seconds>("1e30"), "time_delta_parsing: Input should be a valid timedelta, duration value is out of range");
    EXPECT_EQ(entry_of<seconds>("null"), "time_delta_type: Input should be a valid timedelta");
    EXPECT_EQ((entry_of<field<seconds, le<60>>>("61")), "less_than_equal: Input should be less than or equal to 60");
}

// Virtual time begins at 2025-01-01T00:00:00Z.
ASYNC_TEST(Datetime, Constraints) {
    EXPECT_EQ((entry_of<field<point, in_past>>("1735689601")), "datetime_past: Input should be in the past");
    EXPECT_EQ((entry_of<field<point, in_future>>("1735689601")), "\"2025-01-01T00:00:01Z\"");
    EXPECT_EQ((entry_of<field<point, in_future>>("1")), "datetime_future: Input should be in the future");
    EXPECT_EQ((entry_of<field<year_month_day, in_past>>("\"2030-01-01\"")), "date_past: Date should be in the past");
    EXPECT_EQ((entry_of<field<datetime, aware>>("\"2024-01-01T00:00:00\"")), "timezone_aware: Input should have timezone info");
    EXPECT_EQ((entry_of<field<datetime, aware>>("\"2024-01-01T00:00:00Z\"")), "\"2024-01-01T00:00:00Z\"");
    co_return;
}

TEST(Uuid, Forms) {
    const std::string_view plain = "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"";
    for (const std::string_view text : {"\"6BA7B8109DAD11D180B400C04FD430C8\"", "\"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}\"",
                                        "\"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8\"", "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""}) {
        EXPECT_EQ(entry_of<uuid>(text), plain) << text;
    }
    EXPECT_TRUE(entry_of<uuid>("\"6ba7b810\"").starts_with("uuid_parsing: Input should be a valid UUID, "));
    EXPECT_TRUE(entry_of<uuid>("\"6ba7b810-9dad-11d1-80b4-00c04fd430cx\"").starts_with("uuid_parsing"));
    EXPECT_EQ(entry_of<uuid>("1"), "uuid_type: UUID input should be a string, bytes or UUID object");
}

TEST(Bytes, Base64) {
    for (const std::string_view text : {"\"\"", "\"Zg==\"", "\"Zm8=\"", "\"Zm9v\"", "\"Zm9vYg==\"", "\"+/+/\""})
        EXPECT_EQ(entry_of<bytes>(text), text);
    EXPECT_EQ(entry_of<bytes>("\"Zm8\""), "\"Zm8=\"");
    EXPECT_EQ(entry_of<bytes>("\"-_-_\""), "\"+/+/\"");
    EXPECT_EQ(entry_of<bytes>("\"Z!==\""), "bytes_invalid_encoding: Data should be valid base64: Invalid symbol 33, offset 1.");
    EXPECT_EQ(entry_of<bytes>("\"Zh==\""), "bytes_invalid_encoding: Data should be valid base64: Invalid last symbol 104, offset 1.");
    EXPECT_EQ((entry_of<field<bytes, min_length<2>>>("\"Zg==\"")), "bytes_too_short: Data should have at least 2 bytes");
}

}  // namespace
