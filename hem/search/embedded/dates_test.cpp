#include "hem/search/embedded/dates.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace hem::search::embedded {
namespace {

constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t nov_20 = 1763596800000;  // 2025-11-20T00:00:00Z

TEST(DateFormat, DefaultReadsIsoAndEpochMillis) {
    const date_format format;
    EXPECT_EQ(format.parse("2025-11-20"), nov_20);
    EXPECT_EQ(format.parse("2025-11-20T06:30:00.123456Z"), nov_20 + 6 * 3'600'000 + 30 * 60'000 + 123);
    EXPECT_EQ(format.parse("2025-11-20T06:30:00+01:00"), nov_20 + 5 * 3'600'000 + 30 * 60'000);
    EXPECT_EQ(format.parse("2025-11-20T06:30-0530"), nov_20 + 12 * 3'600'000);
    EXPECT_EQ(format.parse("1763596800000"), nov_20);
    EXPECT_EQ(format.parse("-1"), -1);
    EXPECT_EQ(format.parse("1969-12-31T23:59:59.999Z"), -1);
    for (const char* bad : {"2025-13-01", "2025-02-29", "2025-1-1", "20251120T", "2025-11-20T25:00:00Z", "x", "", "2025-11-20 06:30"})
        EXPECT_EQ(format.parse(bad), std::nullopt) << bad;
}

TEST(DateFormat, RoundingUpFillsWhatIsMissing) {
    const date_format format;
    EXPECT_EQ(format.parse("2024-02", date_rounding::up), *format.parse("2024-02-01T23:59:59.999Z"));
    EXPECT_EQ(format.parse("2024-02-03T04:05", date_rounding::up), *format.parse("2024-02-03T04:05:59.999Z"));
    EXPECT_EQ(format.parse("1763596800000", date_rounding::up), nov_20);
}

TEST(DateFormat, PatternsReadAndPrint) {
    const date_format slashed("yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis");
    EXPECT_EQ(slashed.parse("2025/11/20"), nov_20);
    EXPECT_EQ(slashed.parse("2025/11/20 01:02:03"), nov_20 + 3'723'000);
    EXPECT_EQ(slashed.print(nov_20 + 3'723'004), "2025/11/20 01:02:03");
    EXPECT_EQ(date_format("basic_date").parse("20251120"), nov_20);
    EXPECT_EQ(date_format("epoch_second").parse("1763596800"), nov_20);
    EXPECT_EQ(date_format("epoch_second").print(nov_20), "1763596800");
    EXPECT_EQ(date_format("d MMM yyyy").parse("20 Nov 2025"), nov_20);
    EXPECT_EQ(date_format("EEE, dd MMMM yyyy").print(nov_20), "Thu, 20 November 2025");
    EXPECT_EQ(date_format("yyyy-MM").print(nov_20), "2025-11");
    EXPECT_EQ(date_format("yyyy-MM-dd'T'HH:mmXXX").print(nov_20, time_zone::fixed(3'600'000)), "2025-11-20T01:00+01:00");
    EXPECT_EQ(date_format().print(nov_20), "2025-11-20T00:00:00.000Z");
    EXPECT_EQ(date_format().print(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_THROW(date_format("yyyy-QQ-f"), std::invalid_argument);
    EXPECT_THROW(date_format("yyyy'open"), std::invalid_argument);
}

TEST(DateMath, MovesAndRounds) {
    const date_format format;
    const std::int64_t now = nov_20 + 10 * 3'600'000 + 5;
    const auto at = [&](std::string_view text, date_rounding rounding = date_rounding::down) {
        return parse_date_math(text, format, now, rounding);
    };
    EXPECT_EQ(at("now"), now);
    EXPECT_EQ(at("now-1d/d"), nov_20 - day);
    EXPECT_EQ(at("now/d", date_rounding::up), nov_20 + day - 1);
    EXPECT_EQ(at("2025-01-31||+1M"), *format.parse("2025-02-28"));
    EXPECT_EQ(at("2025-01-01||+1M/d"), *format.parse("2025-02-01"));
    EXPECT_EQ(at("2025-11-20||/w"), *format.parse("2025-11-17"));
    EXPECT_EQ(at("2025-11-20||-2y+3h"), *format.parse("2023-11-20T03:00:00Z"));
    for (const char* bad : {"now*1d", "now-1", "now-1x", "now/2d", "2025-99", "now-"}) EXPECT_THROW(at(bad), date_math_fault) << bad;
}

TEST(TimeZone, OffsetsAndNames) {
    EXPECT_TRUE(time_zone::find("UTC")->is_utc());
    EXPECT_EQ(time_zone::find("+05:30")->offset_at(0), 19'800'000);
    EXPECT_EQ(time_zone::find("-08")->offset_at(0), -28'800'000);
    EXPECT_EQ(time_zone::find("Nowhere/Land"), std::nullopt);
    EXPECT_EQ(time_zone::find("../../etc/passwd"), std::nullopt);
    const auto oslo = time_zone::find("Europe/Oslo");
    if (!oslo) GTEST_SKIP() << "no zone files on this machine";
    EXPECT_EQ(oslo->offset_at(nov_20), 3'600'000);
    EXPECT_EQ(oslo->offset_at(*date_format().parse("2025-07-01")), 7'200'000);
    EXPECT_EQ(oslo->offset_at(*date_format().parse("2150-07-01")), 7'200'000);
    EXPECT_EQ(oslo->to_utc(*date_format().parse("2025-03-30T02:30:00")), *date_format().parse("2025-03-30T01:30:00"));  // skipped hour
    EXPECT_EQ(oslo->to_utc(*date_format().parse("2025-10-26T02:30:00")), *date_format().parse("2025-10-26T00:30:00"));  // twice: earlier
}

TEST(DateInterval, CalendarBucketsStartAtLocalBoundaries) {
    const date_format format;
    const time_zone utc;
    const auto floor = [&](std::string_view interval, std::string_view text, const time_zone& zone) {
        return date_format().print(date_interval::parse_calendar(interval)->floor(*format.parse(text), zone));
    };
    EXPECT_EQ(floor("month", "2025-11-20T06:30:00Z", utc), "2025-11-01T00:00:00.000Z");
    EXPECT_EQ(floor("1w", "2025-11-20T06:30:00Z", utc), "2025-11-17T00:00:00.000Z");
    EXPECT_EQ(floor("quarter", "2025-11-20", utc), "2025-10-01T00:00:00.000Z");
    EXPECT_EQ(floor("1y", "1969-05-05", utc), "1969-01-01T00:00:00.000Z");
    EXPECT_EQ(floor("day", "2025-11-20T23:30:00Z", time_zone::fixed(3'600'000)), "2025-11-20T23:00:00.000Z");
    const auto month = *date_interval::parse_calendar("month");
    EXPECT_EQ(month.next(*format.parse("2025-12-01"), utc), *format.parse("2026-01-01"));
    EXPECT_EQ(date_interval::parse_fixed("90m")->floor(nov_20 + 100 * 60'000, utc), nov_20 + 90 * 60'000);
    EXPECT_FALSE(date_interval::parse_calendar("2d").has_value());
    EXPECT_FALSE(date_interval::parse_fixed("1M").has_value());
    if (const auto oslo = time_zone::find("Europe/Oslo")) {
        const auto one_day = *date_interval::parse_calendar("day");
        const std::int64_t start = one_day.floor(*format.parse("2025-03-30T12:00:00Z"), *oslo);
        EXPECT_EQ(one_day.next(start, *oslo) - start, 23 * 3'600'000);
    }
}

TEST(DateDetection, OnlyIsoAndSlashes) {
    EXPECT_EQ(detect_date_format("2024-01"), "strict_date_optional_time||epoch_millis");
    EXPECT_EQ(detect_date_format("2024-01-02T03:04:05Z"), "strict_date_optional_time||epoch_millis");
    EXPECT_EQ(detect_date_format("2024/01/01"), "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis");
    for (const char* text : {"2024", "20240101", "1763596800000", "2024-1-1", "hello there", "2024-99-01"})
        EXPECT_EQ(detect_date_format(text), "") << text;
}

}  // namespace
}  // namespace hem::search::embedded
