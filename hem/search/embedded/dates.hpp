// Dates of the embedded engine: Elasticsearch's date formats, date math (`now-1d/d`), time zones and calendar intervals.
// All points in time are epoch milliseconds (UTC, proleptic Gregorian); nothing here reads a clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

// Which end of the span a partial date stands for: `2025-01-05` is its first millisecond for
// `gte` and `lt`, its last for `gt` and `lte`. As on a server a missing month or day is the first, only the time of day rounds up.
enum class date_rounding { down, up };

// UTC, a fixed offset (`+01:00`) or a named zone read from the system's TZif files.
class time_zone {
public:
    time_zone() = default;  // UTC
    // nullopt: the name is unknown or the zone files are not installed.
    static std::optional<time_zone> find(std::string_view name);
    static time_zone fixed(std::int64_t offset_ms);

    std::int64_t offset_at(std::int64_t utc_ms) const;  // what to add to UTC to get local time
    std::int64_t to_local(std::int64_t utc_ms) const { return utc_ms + offset_at(utc_ms); }
    // A local time that a clock change skips moves forward by the gap; one that occurs twice is the earlier.
    std::int64_t to_utc(std::int64_t local_ms) const;
    bool is_utc() const { return !transitions_ && fixed_ms_ == 0; }

private:
    struct table;
    std::int64_t fixed_ms_ = 0;
    std::shared_ptr<const table> transitions_;
};

// One or several formats joined by `||`: the names of Elasticsearch (`strict_date_optional_time`, `epoch_millis`, ...) or patterns
// (`yyyy/MM/dd HH:mm:ss`). Parsing tries them in order, printing uses the first.
class date_format {
public:
    date_format();  // strict_date_optional_time||epoch_millis
    // Throws std::invalid_argument that names the format and the letter that is not understood.
    explicit date_format(std::string_view spec);

    // nullopt: no format matches. A text without a zone is read in `zone`.
    std::optional<std::int64_t> parse(std::string_view text, date_rounding rounding = date_rounding::down,
                                      const time_zone& zone = {}) const;
    std::string print(std::int64_t ms, const time_zone& zone = {}) const;
    const std::string& spec() const { return spec_; }
    bool reads_epoch_millis() const;

    // One letter group of a pattern, a literal, or a whole named format.
    struct piece {
        char letter = 0;  // 0: literal; 'o': date_optional_time; 'm': epoch_millis; 'e': epoch_second; else the pattern letter
        int count = 0;
        bool strict = false;
        std::string literal;
    };
    using pattern = std::vector<piece>;

private:
    std::string spec_;
    std::vector<pattern> patterns_;
};

struct date_math_fault {
    std::string reason;
};

// `now`, `now-1d/d`, `2025-01-01||+1M/d`, or a plain date. Throws date_math_fault with the server's words.
std::int64_t parse_date_math(std::string_view text, const date_format& format, std::int64_t now_ms, date_rounding rounding,
                             const time_zone& zone = {});

// The interval of a date_histogram: a calendar unit or a fixed number of milliseconds.
struct date_interval {
    enum class unit { second, minute, hour, day, week, month, quarter, year, fixed };
    unit calendar = unit::fixed;
    std::int64_t fixed_ms = 0;

    static std::optional<date_interval> parse_calendar(std::string_view text);  // month, 1M, ...
    static std::optional<date_interval> parse_fixed(std::string_view text);     // 30d, 90m, ...

    // The start (UTC) of the bucket that holds `utc_ms`; buckets start at local boundaries of `zone`.
    std::int64_t floor(std::int64_t utc_ms, const time_zone& zone) const;
    // The start of the bucket after the one that starts at `bucket`.
    std::int64_t next(std::int64_t bucket, const time_zone& zone) const;
};

// `10s`, `1d`, `5m` as milliseconds; nullopt when it is not a time value.
std::optional<std::int64_t> parse_time_value(std::string_view text);

// Dynamic mapping: the format under which a text is taken for a date, or empty when it is none.
std::string_view detect_date_format(std::string_view text);

}  // namespace hem::search::embedded
