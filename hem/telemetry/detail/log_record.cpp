#include "hem/telemetry/detail/log_record.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "hem/core/report.hpp"

namespace hem::log::detail {
namespace {

constexpr std::string_view mask = "**********";

// Length of the valid UTF-8 sequence at the start of `text` and its code point; 0 if there is none.
std::size_t decode(std::string_view text, char32_t& point) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = at(0);
    if (first < 0x80) {
        point = first;
        return 1;
    }
    const std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0u) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    point = first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0u) != 0x80) return 0;
        point = (point << 6) | (at(i) & 0x3Fu);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    return overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF) ? 0 : length;
}

// Characters that move the cursor, end a line somewhere, or change the order in which a line is read.
bool is_dangerous(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x61C || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

// The longest prefix of at most `limit` bytes that does not split a character.
std::string_view prefix(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) return text;
    std::size_t end = limit;
    for (int back = 0; back < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80; ++back) --end;
    return text.substr(0, end);
}

void append_integer(std::string& out, std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); }

// Text up to the cut, and how much was left out.
void append_cut(std::string& out, std::string_view text, std::size_t limit) {
    const auto shown = prefix(text, limit);
    append_escaped(out, shown);
    if (shown.size() < text.size()) fmt::format_to(std::back_inserter(out), "...(+{} bytes)", text.size() - shown.size());
}

// URLs without their user part: whatever stands between "://" and the last "@" of the authority. The authority of a very long text
// may end after the cut, so the whole text is looked at.
std::string without_user(std::string_view text) {
    std::string out;
    while (true) {
        const auto scheme = text.find("://");
        if (scheme == text.npos) break;
        const auto begin = scheme + 3;
        const auto end = std::min(text.find_first_of("/?# \t\r\n\"<>\\", begin), text.size());
        const auto at = text.substr(begin, end - begin).rfind('@');
        out.append(text.substr(0, begin));
        text.remove_prefix(at == text.npos ? begin : begin + at + 1);
    }
    return out.append(text);
}

void append_quoted(std::string& out, std::string_view text, bool json) {
    std::string cleaned;
    if (text.find("://") != text.npos && text.find('@') != text.npos) text = cleaned = without_user(text);
    const bool plain = !json && !text.empty() && text.size() <= max_field_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
    });
    if (plain) {
        out.append(text);
        return;
    }
    out.push_back('"');
    append_cut(out, text, max_field_bytes);
    out.push_back('"');
}

void append_real(std::string& out, double value, bool json) {
    if (std::isfinite(value)) {
        char digits[32];
        out.append(digits, std::to_chars(digits, std::end(digits), value).ptr);
    } else {
        append_quoted(out, std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", json);
    }
}

// Days since 1970 to a civil date: Howard Hinnant's algorithm, as std::chrono has it.
void append_time(std::string& out, std::chrono::sys_time<std::chrono::nanoseconds> time, bool json) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - day).count();
    const auto seconds = micros / 1'000'000;
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.", static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), json ? 'T' : ' ', seconds / 3600,
                   seconds / 60 % 60, seconds % 60);
    if (json) {
        fmt::format_to(std::back_inserter(out), "{:06}Z", micros % 1'000'000);
    } else {
        fmt::format_to(std::back_inserter(out), "{:03}", micros / 1000 % 1000);
    }
}

// A field may not take the place of what the log itself says.
bool is_reserved(std::string_view name) noexcept {
    for (const std::string_view own : {"time", "level", "event", "loop", "task", "trace_id", "place", "cut_fields"}) {
        if (name == own) return true;
    }
    return false;
}

void append_name(std::string& out, std::string_view name, bool json) {
    if (json) out.push_back('"');
    if (json || std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\'; })) {
        append_cut(out, name, max_name_bytes);
        if (is_reserved(name)) out.push_back('_');
    } else {
        out.push_back('"');
        append_cut(out, name, max_name_bytes);
        out.push_back('"');
    }
    if (json) out.push_back('"');
}

const char* color_of(log::level at) noexcept {
    switch (at) {
    case level::debug: return "\x1b[2m";
    case level::info: return "\x1b[32m";
    case level::warning: return "\x1b[33m";
    default: return "\x1b[31m";
    }
}

std::string_view file_name(const char* path) noexcept {
    const std::string_view whole(path);
    const auto slash = whole.rfind('/');
    return slash == whole.npos ? whole : whole.substr(slash + 1);
}

}  // namespace

std::string_view to_string(log::level at) noexcept {
    switch (at) {
    case level::debug: return "debug";
    case level::info: return "info";
    case level::warning: return "warning";
    case level::error: return "error";
    default: return "off";
    }
}

bool is_secret_name(std::string_view name) noexcept {
    constexpr std::string_view secrets[] = {"authorization", "cookie", "password", "token", "api_key", "secret"};
    const auto same = [](char a, char b) {
        if (a >= 'A' && a <= 'Z') a = static_cast<char>(a + 32);
        return (a == '-' ? '_' : a) == b;
    };
    for (const auto secret : secrets) {
        if (name.size() < secret.size()) continue;
        const auto tail = name.substr(name.size() - secret.size());
        if (!std::equal(tail.begin(), tail.end(), secret.begin(), same)) continue;
        if (tail.size() == name.size()) return true;
        const char before = name[name.size() - tail.size() - 1];
        if (before == '_' || before == '-' || before == '.') return true;
    }
    return false;
}

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        // Plain ASCII is most of what comes: one copy for each run of it.
        std::size_t run = 0;
        while (run < text.size() && text[run] >= ' ' && text[run] < 0x7F && text[run] != '"' && text[run] != '\\') ++run;
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) return;
        char32_t point = 0;
        const auto length = decode(text, point);
        if (length == 0) {
            out.append("\xEF\xBF\xBD");
            text.remove_prefix(1);
            continue;
        }
        switch (point) {
        case '"': out.append("\\\""); break;
        case '\\': out.append("\\\\"); break;
        case '\n': out.append("\\n"); break;
        case '\r': out.append("\\r"); break;
        case '\t': out.append("\\t"); break;
        default:
            if (is_dangerous(point)) {
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(point));
            } else {
                out.append(text.substr(0, length));
            }
        }
        text.remove_prefix(length);
    }
}

void append_value(std::string& out, const field& value, bool json) {
    if (is_secret_name(value.name())) {
        append_quoted(out, mask, json);
        return;
    }
    switch (value.type()) {
    case field::kind::text: append_quoted(out, value.text(), json); break;
    case field::kind::boolean: out.append(value.integer() != 0 ? "true" : "false"); break;
    case field::kind::integer: append_integer(out, value.integer()); break;
    case field::kind::natural: fmt::format_to(std::back_inserter(out), "{}", static_cast<std::uint64_t>(value.integer())); break;
    case field::kind::real: append_real(out, value.real(), json); break;
    case field::kind::nanoseconds: append_real(out, static_cast<double>(value.integer()) / 1e9, json); break;
    case field::kind::failure:
        if (value.failure()) {
            append_quoted(out, hem::detail::describe(value.failure()), json);
        } else {
            append_quoted(out, "none", json);
        }
        break;
    }
}

std::shared_ptr<const bound_fields> with_more(fields more) {
    auto made = bound.get() ? std::make_shared<bound_fields>(*bound.get()) : std::make_shared<bound_fields>();
    for (const field& value : more) {
        bound_field fresh{.name = std::string(value.name()), .console = {}, .json = {}};
        append_value(fresh.console, value, false);
        append_value(fresh.json, value, true);
        const auto old = std::find_if(made->values.begin(), made->values.end(), [&](const auto& b) { return b.name == fresh.name; });
        if (old == made->values.end()) {
            made->values.push_back(std::move(fresh));
        } else {
            *old = std::move(fresh);
        }
    }
    return made;
}

void append_record(std::string& out, const record_head& head, const bound_fields* bound, fields values, bool json, bool color) {
    const auto begin = out.size();
    const auto place_file = file_name(head.where.file_name());
    if (json) {
        out.append("{\"time\":\"");
        append_time(out, head.time, true);
        fmt::format_to(std::back_inserter(out), "\",\"level\":\"{}\",\"event\":\"", to_string(head.level));
        append_cut(out, head.event, max_name_bytes);
        out.push_back('"');
        if (head.loop) fmt::format_to(std::back_inserter(out), ",\"loop\":{}", *head.loop);
        if (!head.task.empty()) {
            out.append(",\"task\":\"");
            append_cut(out, head.task, max_name_bytes);
            out.push_back('"');
        }
        if (!head.trace_id.empty()) fmt::format_to(std::back_inserter(out), ",\"trace_id\":\"{}\"", head.trace_id);
        out.append(",\"place\":\"");
        append_escaped(out, place_file);
        fmt::format_to(std::back_inserter(out), ":{}\"", head.where.line());
    } else {
        append_time(out, head.time, false);
        fmt::format_to(std::back_inserter(out), " {}{:<7}{} ", color ? color_of(head.level) : "", to_string(head.level),
                       color ? "\x1b[0m" : "");
        append_cut(out, head.event, max_name_bytes);
    }
    // What follows the fields, and the count of those that were cut, always fits.
    const std::size_t limit = begin + max_record_bytes - 1024;
    std::size_t cut = 0;
    const auto add = [&](std::string_view name, auto&& append) {
        const auto before = out.size();
        out.push_back(json ? ',' : ' ');
        append_name(out, name, json);
        out.push_back(json ? ':' : '=');
        append();
        if (out.size() > limit) {
            out.resize(before);
            ++cut;
        }
    };
    if (bound) {
        for (const auto& value : bound->values) {
            if (std::any_of(values.begin(), values.end(), [&](const field& f) { return f.name() == value.name; })) continue;
            add(value.name, [&] { out.append(json ? value.json : value.console); });
        }
    }
    for (const field& value : values) add(value.name(), [&] { append_value(out, value, json); });
    if (cut != 0) {
        out.append(json ? ",\"cut_fields\":" : " cut_fields=");
        append_integer(out, static_cast<std::int64_t>(cut));
    }
    if (json) {
        out.append("}\n");
        return;
    }
    out.append(color ? "  \x1b[2m(" : "  (");
    if (head.loop) fmt::format_to(std::back_inserter(out), "loop {}, ", *head.loop);
    if (!head.task.empty()) {
        append_cut(out, head.task, max_name_bytes);
        out.append(" at ");
    }
    append_escaped(out, place_file);
    fmt::format_to(std::back_inserter(out), ":{}", head.where.line());
    if (!head.trace_id.empty()) fmt::format_to(std::back_inserter(out), ", trace {}", head.trace_id);
    fmt::format_to(std::back_inserter(out), "){}\n", color ? "\x1b[0m" : "");
}

}  // namespace hem::log::detail
