// Time zones by offset or by name. Named zones come from the system's TZif files (RFC 8536).
#include "hem/search/embedded/dates.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

namespace hem::search::embedded {

// Transitions in UTC seconds with the offset that holds from there on; `rule` continues after the last.
struct time_zone::table {
    std::vector<std::int64_t> at;
    std::vector<std::int32_t> offset;  // seconds, aligned with `at`
    std::int32_t first = 0;            // before the first transition

    std::int32_t find(std::int64_t seconds) const {
        const auto after = std::upper_bound(at.begin(), at.end(), seconds);
        return after == at.begin() ? first : offset[static_cast<std::size_t>(after - at.begin()) - 1];
    }
};

namespace {

std::optional<std::string> read_file(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return std::nullopt;
    std::string out;
    std::array<char, 4096> part{};
    while (const std::size_t read = std::fread(part.data(), 1, part.size(), file)) {
        out.append(part.data(), read);
        if (out.size() > (1U << 20)) break;
    }
    std::fclose(file);
    return out;
}

std::int64_t big_endian(std::string_view bytes, std::size_t at, int width) {
    std::uint64_t value = 0;
    for (int i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    if (width == 4) return static_cast<std::int32_t>(value);
    return static_cast<std::int64_t>(value);
}

// One change of a POSIX TZ rule: `Mm.w.d/time`.
struct rule_date {
    int month = 0, week = 0, weekday = 0;
    std::int64_t seconds = 7200;
};

struct posix_rule {
    std::int32_t standard = 0, daylight = 0;
    bool has_daylight = false;
    rule_date start, end;
};

bool read_number(std::string_view& text, std::int64_t& out) {
    std::size_t at = 0;
    out = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') out = out * 10 + (text[at++] - '0');
    text.remove_prefix(at);
    return at > 0;
}

bool read_hms(std::string_view& text, std::int64_t& seconds) {
    int sign = 1;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        sign = text[0] == '-' ? -1 : 1;
        text.remove_prefix(1);
    }
    std::int64_t part = 0;
    if (!read_number(text, part)) return false;
    seconds = part * 3600;
    for (std::int64_t unit : {60, 1}) {
        if (text.empty() || text[0] != ':') break;
        text.remove_prefix(1);
        if (!read_number(text, part)) return false;
        seconds += part * unit;
    }
    seconds *= sign;
    return true;
}

bool skip_name(std::string_view& text) {
    if (!text.empty() && text[0] == '<') {
        const std::size_t end = text.find('>');
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
        return true;
    }
    std::size_t at = 0;
    while (at < text.size() && ((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z')) ++at;
    text.remove_prefix(at);
    return at >= 3;
}

bool read_rule_date(std::string_view& text, rule_date& out) {
    if (!text.starts_with(",M")) return false;
    text.remove_prefix(2);
    std::int64_t month = 0;
    std::int64_t week = 0;
    std::int64_t day = 0;
    const auto dot = [&] {
        if (text.empty() || text[0] != '.') return false;
        text.remove_prefix(1);
        return true;
    };
    if (!read_number(text, month) || !dot() || !read_number(text, week) || !dot() || !read_number(text, day)) return false;
    out.month = static_cast<int>(month);
    out.week = static_cast<int>(week);
    out.weekday = static_cast<int>(day);
    if (!text.empty() && text[0] == '/') {
        text.remove_prefix(1);
        if (!read_hms(text, out.seconds)) return false;
    }
    return month >= 1 && month <= 12 && week >= 1 && week <= 5 && day <= 6;
}

std::optional<posix_rule> read_posix(std::string_view text) {
    posix_rule out;
    std::int64_t offset = 0;
    if (!skip_name(text) || !read_hms(text, offset)) return std::nullopt;
    out.standard = static_cast<std::int32_t>(-offset);
    if (text.empty()) return out;
    if (!skip_name(text)) return std::nullopt;
    out.daylight = out.standard + 3600;
    if (!text.empty() && text[0] != ',') {
        if (!read_hms(text, offset)) return std::nullopt;
        out.daylight = static_cast<std::int32_t>(-offset);
    }
    if (!read_rule_date(text, out.start) || !read_rule_date(text, out.end)) return std::nullopt;
    out.has_daylight = true;
    return out;
}

std::int64_t days_of(int year, int month) {
    static const date_format format("yyyy-MM");
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d", year, month);
    return *format.parse(text.data()) / 86'400'000;
}

// Local wall seconds since the epoch at which a rule applies in `year`.
std::int64_t rule_seconds(const rule_date& rule, int year) {
    const std::int64_t first = days_of(year, rule.month);
    const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    std::int64_t day = first + (rule.weekday - weekday + 7) % 7 + (rule.week - 1) * 7;
    const std::int64_t end = rule.month == 12 ? first + 31 : days_of(year, rule.month + 1);
    if (day >= end) day -= 7;
    return day * 86400 + rule.seconds;
}

std::optional<time_zone> offset_zone(std::string_view name) {
    for (const std::string_view prefix : {"UTC", "GMT", "UT"})
        if (name.starts_with(prefix) && name.size() > prefix.size() && (name[prefix.size()] == '+' || name[prefix.size()] == '-')) {
            name.remove_prefix(prefix.size());
            break;
        }
    if (name == "Z" || name == "z" || name == "UTC" || name == "GMT" || name == "UT" || name == "Etc/UTC") return time_zone();
    if (name.empty() || (name[0] != '+' && name[0] != '-')) return std::nullopt;
    const std::int64_t sign = name[0] == '-' ? -1 : 1;
    name.remove_prefix(1);
    std::string digits;
    for (const char c : name) {
        if (c == ':') continue;
        if (c < '0' || c > '9') return std::nullopt;
        digits += c;
    }
    if (digits.size() == 1) digits.insert(digits.begin(), '0');
    if (digits.size() != 2 && digits.size() != 4) return std::nullopt;
    const std::int64_t hours = (digits[0] - '0') * 10 + digits[1] - '0';
    const std::int64_t minutes = digits.size() == 4 ? (digits[2] - '0') * 10 + digits[3] - '0' : 0;
    if (hours > 18 || minutes > 59) return std::nullopt;
    return time_zone::fixed(sign * (hours * 60 + minutes) * 60'000);
}

}  // namespace

time_zone time_zone::fixed(std::int64_t offset_ms) {
    time_zone out;
    out.fixed_ms_ = offset_ms;
    return out;
}

std::optional<time_zone> time_zone::find(std::string_view name) {
    if (auto fixed = offset_zone(name)) return fixed;
    static std::mutex guard;
    static std::map<std::string, std::shared_ptr<const table>, std::less<>> known;
    const std::lock_guard hold(guard);
    time_zone out;
    if (const auto found = known.find(name); found != known.end()) {
        out.transitions_ = found->second;
        return out;
    }
    if (name.empty() || name.size() > 64 || name[0] == '/' || name.find("..") != std::string_view::npos) return std::nullopt;
    for (const char c : name)
        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '/' && c != '_' && c != '-' && c != '+')
            return std::nullopt;
    const auto bytes = read_file("/usr/share/zoneinfo/" + std::string(name));
    if (!bytes || bytes->size() < 44 || !bytes->starts_with("TZif")) return std::nullopt;
    // The second block holds 64-bit times; version 1 files have only the first.
    std::size_t header = 0;
    int width = 4;
    std::array<std::size_t, 6> counts{};  // isut, isstd, leap, time, type, char
    const auto read_counts = [&] {
        for (std::size_t i = 0; i < 6; ++i) counts[i] = static_cast<std::size_t>(big_endian(*bytes, header + 20 + 4 * i, 4));
    };
    const auto block_bytes = [&] {
        return counts[3] * static_cast<std::size_t>(width) + counts[3] + counts[4] * 6 + counts[5] +
               counts[2] * static_cast<std::size_t>(width + 4) + counts[1] + counts[0];
    };
    read_counts();
    if ((*bytes)[4] >= '2') {
        header = 44 + block_bytes();
        width = 8;
        if (bytes->size() < header + 44) return std::nullopt;
        read_counts();
    }
    const std::size_t body = header + 44;
    if (bytes->size() < body + block_bytes() || counts[4] == 0) return std::nullopt;
    auto loaded = std::make_shared<table>();
    const std::size_t types = body + counts[3] * static_cast<std::size_t>(width) + counts[3];
    const auto type_offset = [&](std::size_t type) { return static_cast<std::int32_t>(big_endian(*bytes, types + 6 * type, 4)); };
    loaded->first = type_offset(0);
    for (std::size_t i = 0; i < counts[3]; ++i) {
        const std::size_t type = static_cast<unsigned char>((*bytes)[body + counts[3] * static_cast<std::size_t>(width) + i]);
        if (type >= counts[4]) return std::nullopt;
        loaded->at.push_back(big_endian(*bytes, body + i * static_cast<std::size_t>(width), width));
        loaded->offset.push_back(type_offset(type));
    }
    if (width == 8) {
        const std::string_view footer = std::string_view(*bytes).substr(body + block_bytes());
        const std::size_t end = footer.find('\n', 1);
        if (footer.size() > 2 && footer[0] == '\n' && end != std::string_view::npos) {
            if (const auto rule = read_posix(footer.substr(1, end - 1)); rule && rule->has_daylight) {
                const std::int64_t last = loaded->at.empty() ? 0 : loaded->at.back();
                for (int year = 1970; year < 2200; ++year) {
                    std::array<std::pair<std::int64_t, std::int32_t>, 2> changes{
                        std::pair{rule_seconds(rule->start, year) - rule->standard, rule->daylight},
                        std::pair{rule_seconds(rule->end, year) - rule->daylight, rule->standard}};
                    std::sort(changes.begin(), changes.end());
                    for (const auto& [when, offset] : changes) {
                        if (when <= last) continue;
                        loaded->at.push_back(when);
                        loaded->offset.push_back(offset);
                    }
                }
            }
        }
    }
    known.emplace(std::string(name), loaded);
    out.transitions_ = std::move(loaded);
    return out;
}

std::int64_t time_zone::offset_at(std::int64_t utc_ms) const {
    if (!transitions_) return fixed_ms_;
    const std::int64_t seconds = utc_ms >= 0 ? utc_ms / 1000 : -((-utc_ms + 999) / 1000);
    return std::int64_t{transitions_->find(seconds)} * 1000;
}

std::int64_t time_zone::to_utc(std::int64_t local_ms) const {
    if (!transitions_) return local_ms - fixed_ms_;
    // The offset in force a day before and a day after bracket any single change.
    const std::int64_t before = offset_at(local_ms - 86'400'000);
    const std::int64_t after = offset_at(local_ms + 86'400'000);
    const std::int64_t early = local_ms - before;
    if (offset_at(early) == before) return early;
    const std::int64_t late = local_ms - after;
    if (offset_at(late) == after) return late;
    return early;  // in a gap: move forward by its length
}

}  // namespace hem::search::embedded
