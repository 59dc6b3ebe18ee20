// Percent encoding, query strings and forms; URLs themselves are in url.cpp.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/url.hpp"

namespace hem::http {

void append_percent_encoded(std::string& out, std::string_view text, encode_set set) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const std::uint8_t kept = set == encode_set::segment ? detail::segment_char : detail::unreserved;
    for (const char c : text) {
        if (detail::has_class(c, kept)) {
            out += c;
        } else if (c == ' ' && set == encode_set::form) {
            out += '+';
        } else {
            const auto byte = static_cast<unsigned char>(c);
            const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
            out.append(escape, 3);
        }
    }
}

std::string percent_encode(std::string_view text, encode_set set) {
    std::string out;
    out.reserve(text.size());
    append_percent_encoded(out, text, set);
    return out;
}

std::size_t percent_decode(std::string_view text, char* out) noexcept {
    char* to = out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            *to++ = text[i];
            continue;
        }
        if (text.size() - i < 3) return std::string_view::npos;
        const int high = detail::hex_value(text[i + 1]);
        const int low = detail::hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::string_view::npos;
        *to++ = static_cast<char>(high * 16 + low);
        i += 2;
    }
    return static_cast<std::size_t>(to - out);
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out(text.size(), '\0');
    const std::size_t size = percent_decode(text, out.data());
    if (size == std::string_view::npos) return std::nullopt;
    out.resize(size);
    return out;
}

std::size_t form_decode(std::string_view text, char* out) noexcept {
    char* to = out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%' && text.size() - i >= 3) {
            const int high = detail::hex_value(text[i + 1]);
            const int low = detail::hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                *to++ = static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        *to++ = c == '+' ? ' ' : c;
    }
    return static_cast<std::size_t>(to - out);
}

std::string form_decode(std::string_view text) {
    std::string out(text.size(), '\0');
    out.resize(form_decode(text, out.data()));
    return out;
}

bool valid_percent_escapes(std::string_view text) noexcept {
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
        if (text.size() - at < 3 || detail::hex_value(text[at + 1]) < 0 || detail::hex_value(text[at + 2]) < 0) return false;
    }
    return true;
}

bool query_reader::next(std::string_view& name, std::string_view& value) noexcept {
    while (!rest_.empty()) {
        const std::size_t end = rest_.find('&');
        const std::string_view part = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        name = part.substr(0, equals);
        value = equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
        return true;
    }
    return false;
}

query_params::value::value(double number) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number);
    text_.assign(text, end.ptr);
}

query_params::query_params(std::initializer_list<std::pair<std::string_view, value>> items) {
    for (const auto& [name, value] : items) items_.emplace_back(name, value.text());
}

query_params query_params::parse(std::string_view query) {
    query_params result;
    query_reader reader(query);
    std::string_view name;
    std::string_view value;
    while (reader.next(name, value)) result.items_.emplace_back(form_decode(name), form_decode(value));
    return result;
}

std::optional<std::string_view> query_params::get(std::string_view name) const noexcept {
    const auto at = std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == name; });
    return at != items_.end() ? std::optional<std::string_view>{at->second} : std::nullopt;
}

std::vector<std::string_view> query_params::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : items_)
        if (key == name) values.push_back(value);
    return values;
}

void query_params::set(std::string_view name, value value) {
    const auto at = std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == name; });
    if (at == items_.end()) {
        items_.emplace_back(name, value.text());
        return;
    }
    at->second = value.text();
    items_.erase(std::remove_if(at + 1, items_.end(), [&](const auto& item) { return item.first == name; }), items_.end());
}

std::string query_params::encode() const {
    std::string out;
    for (const auto& [name, value] : items_) {
        if (!out.empty()) out += '&';
        append_percent_encoded(out, name, encode_set::form);
        out += '=';
        append_percent_encoded(out, value, encode_set::form);
    }
    return out;
}

}  // namespace hem::http
