#include "apps/blog/front_matter.hpp"

#include "hem/model/json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fmt/format.h>

namespace blog {

namespace {

constexpr std::size_t most_matter_bytes = 64 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// The line at the front of `rest`, without its end; `rest` moves behind it.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void add_once(std::vector<std::string>& list, std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

std::string scalar_text(const hem::json& value, std::string_view key) {
    if (value.is_string()) return std::string(trimmed(value.as_string()));
    if (value.is_null()) return {};
    if (value.is_bool() || value.is_number()) return value.dump();
    throw import_error(fmt::format("'{}' is {}, a text is expected", key, value.is_array() ? "a list" : "a table"));
}

bool is_true(const hem::json& value, std::string_view key) {
    if (value.is_bool()) return value.as_bool();
    std::string text = scalar_text(value, key);
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const std::string_view yes : {"true", "yes", "on", "y", "1"}) {
        if (text == yes) return true;
    }
    for (const std::string_view no : {"false", "no", "off", "n", "0", ""}) {
        if (text == no) return false;
    }
    throw import_error(fmt::format("'{}' is '{}', true or false is expected", key, text));
}

// Jekyll's plural keys may be one text of several words; Hugo's and Zola's are lists.
void add_terms(std::vector<std::string>& terms, const hem::json& value, std::string_view key) {
    if (value.is_array()) {
        for (const hem::json& element : value.elements()) add_once(terms, scalar_text(element, key));
        return;
    }
    const std::string text = scalar_text(value, key);
    const bool commas = text.find(',') != std::string::npos;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && (commas ? text[i] != ',' : !is_space(text[i]))) continue;
        add_once(terms, std::string_view(text).substr(begin, i - begin));
        begin = i + 1;
    }
}

// A name, a table with a name, or a list of these.
void add_authors(std::vector<std::string>& authors, const hem::json& value, std::string_view key) {
    if (value.is_array()) {
        for (const hem::json& element : value.elements()) {
            if (element.is_array()) throw import_error(fmt::format("'{}' holds a list in a list", key));
            add_authors(authors, element, key);
        }
    } else if (value.is_object()) {
        if (const hem::json* name = value.find("name")) add_once(authors, scalar_text(*name, key));
    } else {
        add_once(authors, scalar_text(value, key));
    }
}

// Zola keeps terms in [taxonomies], which may have any name.
void add_taxonomies(front_matter& matter, const hem::json& taxonomies) {
    if (!taxonomies.is_object()) throw import_error("'taxonomies' is not a table");
    for (const std::string_view name : {"tags", "categories"}) {
        if (const hem::json* terms = taxonomies.find(name)) add_terms(matter.tags, *terms, name);
    }
    for (const auto& [name, terms] : taxonomies.items()) {
        if (name == "author" || name == "authors") {
            add_authors(matter.authors, terms, name);
        } else {
            add_terms(matter.tags, terms, name);  // tags and categories again, which adds nothing
        }
    }
}

}  // namespace

split_post split_front_matter(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::string_view rest = text;
    const std::string_view fence = trimmed(take_line(rest));
    const bool yaml = fence == "---";
    if (!yaml && fence != "+++") return {matter_format::none, {}, text};
    const std::string_view inside = rest;
    while (!rest.empty()) {
        const std::size_t at = static_cast<std::size_t>(rest.data() - inside.data());
        std::string_view line = take_line(rest);
        while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
        if (line == fence || (yaml && line == "...")) {
            return {yaml ? matter_format::yaml : matter_format::toml, inside.substr(0, at), rest};
        }
    }
    throw import_error(fmt::format("the front matter is never closed: a line '{}' must follow it", fence));
}

front_matter read_front_matter(matter_format format, std::string_view matter_text) {
    if (format == matter_format::none) {
        throw import_error("has no front matter (a block between two lines '---' or '+++' at its beginning)");
    }
    if (matter_text.size() > most_matter_bytes) throw import_error("the front matter is longer than 64 KiB");
    const hem::json values = format == matter_format::yaml ? parse_yaml_matter(matter_text) : parse_toml_matter(matter_text);
    front_matter matter;
    const auto with = [&](std::string_view key, auto use) {
        const hem::json* value = values.find(key);
        if (value != nullptr && !value->is_null()) use(*value, key);
    };
    with("title", [&](const hem::json& value, std::string_view key) { matter.title = scalar_text(value, key); });
    with("slug", [&](const hem::json& value, std::string_view key) { matter.slug = scalar_text(value, key); });
    for (const std::string_view key : {"author", "authors"}) {
        with(key, [&](const hem::json& value, std::string_view name) { add_authors(matter.authors, value, name); });
    }
    for (const std::string_view key : {"tags", "categories"}) {
        with(key, [&](const hem::json& value, std::string_view name) { add_terms(matter.tags, value, name); });
    }
    for (const std::string_view key : {"tag", "category"}) {
        with(key, [&](const hem::json& value, std::string_view name) { add_once(matter.tags, scalar_text(value, name)); });
    }
    with("taxonomies", [&](const hem::json& value, std::string_view) { add_taxonomies(matter, value); });
    with("extra", [&](const hem::json& value, std::string_view) {
        if (!value.is_object() || !matter.authors.empty()) return;
        for (const std::string_view key : {"author", "authors"}) {
            if (const hem::json* names = value.find(key)) add_authors(matter.authors, *names, key);
        }
    });
    with("draft", [&](const hem::json& value, std::string_view key) { matter.draft = is_true(value, key); });
    with("published", [&](const hem::json& value, std::string_view key) { matter.draft = matter.draft || !is_true(value, key); });
    with("date", [&](const hem::json& value, std::string_view key) {
        const std::string text = scalar_text(value, key);
        if (text.empty()) return;
        matter.published_date = normalized_date(text);
        if (!matter.published_date) {
            throw import_error(fmt::format("cannot read the date '{}': write it as 2025-11-20 or 2025-11-20T06:30:00Z", text));
        }
    });
    return matter;
}

namespace {

// Walks over a date; every step says whether it found what it looked for.
struct date_reader {
    std::string_view rest;

    bool number(std::size_t least, std::size_t most, int& value) {
        std::size_t digits = 0;
        value = 0;
        while (digits < rest.size() && digits < most && is_digit(rest[digits])) value = value * 10 + (rest[digits++] - '0');
        rest.remove_prefix(digits);
        return digits >= least;
    }
    bool one_of(std::string_view characters) {
        if (rest.empty() || characters.find(rest.front()) == std::string_view::npos) return false;
        rest.remove_prefix(1);
        return true;
    }
    void spaces() {
        while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    }

    // `Z`, `UTC`, `GMT`, `+01:00`, `+0100`, `-5`; nothing is UTC.
    bool zone(std::chrono::minutes& offset) {
        offset = std::chrono::minutes(0);
        spaces();
        if (rest.empty() || rest == "Z" || rest == "z" || rest == "UTC" || rest == "GMT") {
            rest = {};
            return true;
        }
        const bool west = rest.front() == '-';
        int hours = 0;
        int minutes = 0;
        if (!one_of("+-") || !number(1, 2, hours)) return false;
        if (!rest.empty()) {
            one_of(":");
            if (!number(2, 2, minutes)) return false;
        }
        if (hours > 23 || minutes > 59) return false;
        offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
        if (west) offset = -offset;
        return true;
    }
};

}  // namespace

std::optional<std::string> normalized_date(std::string_view text) {
    using namespace std::chrono;
    date_reader read{trimmed(text)};
    int y = 0;
    int m = 0;
    int d = 0;
    if (!read.number(4, 4, y) || !read.one_of("-") || !read.number(1, 2, m) || !read.one_of("-") || !read.number(1, 2, d)) return {};
    const year_month_day day{year(y), month(static_cast<unsigned>(m)), std::chrono::day(static_cast<unsigned>(d))};
    if (!day.ok()) return {};
    int hour = 0;
    int minute = 0;
    int second = 0;
    std::string fraction;
    minutes offset{0};
    if (!read.rest.empty()) {
        if (!read.one_of("Tt ")) return {};
        read.spaces();
        if (!read.number(1, 2, hour) || !read.one_of(":") || !read.number(2, 2, minute)) return {};
        if (read.one_of(":") && !read.number(2, 2, second)) return {};
        if (read.one_of(".,")) {
            while (!read.rest.empty() && is_digit(read.rest.front())) {
                if (fraction.size() < 9) fraction += read.rest.front();
                read.rest.remove_prefix(1);
            }
            if (fraction.empty()) return {};
        }
        if (hour > 23 || minute > 59 || second > 60 || !read.zone(offset) || !read.rest.empty()) return {};
        second = std::min(second, 59);
    }
    const sys_seconds time = sys_days(day) + hours(hour) + minutes(minute) + seconds(second) - offset;
    const sys_days date = floor<days>(time);
    const year_month_day utc{date};
    const hh_mm_ss clock{time - date};
    if (static_cast<int>(utc.year()) < 0 || static_cast<int>(utc.year()) > 9999) return {};
    while (fraction.ends_with('0')) fraction.pop_back();
    if (!fraction.empty()) {
        fraction.append((3 - fraction.size() % 3) % 3, '0');
        fraction.insert(fraction.begin(), '.');
    }
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(utc.year()), static_cast<unsigned>(utc.month()),
                       static_cast<unsigned>(utc.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(), fraction);
}

bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = lead >= 0xC2 && lead <= 0xDF ? 1 : (lead & 0xF0) == 0xE0 ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
        if (more == 0 || text.size() - i <= more) return false;
        std::uint32_t code = lead & (0x3F >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0) != 0x80) return false;
            code = code << 6 | (next & 0x3F);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) || (more == 3 && (code < 0x10000 || code > 0x10FFFF)))
            return false;
        i += more + 1;
    }
    return true;
}

}  // namespace blog
