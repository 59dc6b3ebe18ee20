#include "hem/search/detail/json_cursor.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

namespace hem::search::detail {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_number_part(char c) noexcept { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

// First quote or backslash in [at, end), eight bytes at a time (the zero-byte test of Mycroft and Lamport).
const char* find_string_stop(const char* at, const char* end) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101ULL, highs = 0x8080808080808080ULL;
    while (end - at >= 8) {
        std::uint64_t block;
        std::memcpy(&block, at, 8);
        const std::uint64_t quotes = block ^ (ones * '"');
        const std::uint64_t slashes = block ^ (ones * '\\');
        const std::uint64_t found = (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes)) & highs;
        if (found != 0) return at + std::countr_zero(found) / 8;
        at += 8;
    }
    while (at != end && *at != '"' && *at != '\\') ++at;
    return at;
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

}  // namespace

char json_cursor::peek() noexcept {
    while (at_ != end_ && is_space(*at_)) ++at_;
    return at_ == end_ ? '\0' : *at_;
}

void json_cursor::begin_object() {
    if (peek() != '{') fail_expected("an object");
    ++at_;
}

bool json_cursor::next_key(std::string_view& key) {
    char c = peek();
    if (c == ',') {
        ++at_;
        c = peek();
    }
    if (c == '}') {
        ++at_;
        return false;
    }
    if (c != '"') fail_expected("a member's name");
    const char* first = at_ + 1;
    const char* stop = find_string_stop(first, end_);
    if (stop != end_ && *stop == '"') {
        key = {first, static_cast<std::size_t>(stop - first)};
        at_ = stop + 1;
    } else {
        read_string(key_);
        key = key_;
    }
    if (peek() != ':') fail_expected("':'");
    ++at_;
    return true;
}

void json_cursor::begin_array() {
    if (peek() != '[') fail_expected("an array");
    ++at_;
}

bool json_cursor::next_element() {
    char c = peek();
    if (c == ',') {
        ++at_;
        c = peek();
    }
    if (c == ']') {
        ++at_;
        return false;
    }
    if (c == '\0') fail("the text ends inside an array");
    return true;
}

void json_cursor::read_string(std::string& out) {
    if (peek() != '"') fail_expected("a string");
    ++at_;
    const char* stop = find_string_stop(at_, end_);
    out.assign(at_, stop);
    at_ = stop;
    while (true) {
        if (at_ == end_) fail("the text ends inside a string");
        if (*at_ == '"') {
            ++at_;
            return;
        }
        if (end_ - at_ < 2) fail("the text ends inside a string");
        const char escape = at_[1];
        at_ += 2;
        switch (escape) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case '"':
        case '\\':
        case '/': out += escape; break;
        case 'u': {
            const auto unit = [&]() -> std::uint32_t {
                std::uint32_t code = 0;
                if (end_ - at_ < 4 || std::from_chars(at_, at_ + 4, code, 16).ptr != at_ + 4) fail("a \\u escape is cut");
                at_ += 4;
                return code;
            };
            std::uint32_t code = unit();
            if (code >= 0xD800 && code < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
                at_ += 2;
                const std::uint32_t low = unit();
                code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
            } else if (code >= 0xD800 && code < 0xE000) {
                code = 0xFFFD;  // a lone surrogate has no UTF-8 form
            }
            append_utf8(out, code);
            break;
        }
        default: fail("unknown escape in a string");
        }
        stop = find_string_stop(at_, end_);
        out.append(at_, stop);
        at_ = stop;
    }
}

std::string json_cursor::read_string() {
    std::string out;
    read_string(out);
    return out;
}

std::string_view json_cursor::number_text() {
    const bool quoted = peek() == '"';
    if (quoted) ++at_;
    const char* first = at_;
    while (at_ != end_ && is_number_part(*at_)) ++at_;
    const std::string_view text(first, static_cast<std::size_t>(at_ - first));
    if (quoted) {
        if (at_ == end_ || *at_ != '"') fail("expected a number");
        ++at_;
    }
    if (text.empty()) fail_expected("a number");
    return text;
}

std::int64_t json_cursor::read_integer() {
    const std::string_view text = number_text();
    std::int64_t value = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault == std::errc() && stop == text.data() + text.size()) return value;
    double number = 0;
    const auto real = std::from_chars(text.data(), text.data() + text.size(), number);
    if (real.ec != std::errc() || real.ptr != text.data() + text.size()) fail("expected an integer");
    if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) fail("the integer is out of range");
    value = static_cast<std::int64_t>(number);
    if (static_cast<double>(value) != number) fail("expected an integer, found a fraction");
    return value;
}

std::uint64_t json_cursor::read_unsigned() {
    const char* before = at_;
    const std::string_view text = number_text();
    std::uint64_t value = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault == std::errc() && stop == text.data() + text.size()) return value;
    at_ = before;
    const std::int64_t other = read_integer();
    if (other < 0) fail("the integer is out of range");
    return static_cast<std::uint64_t>(other);
}

double json_cursor::read_number() {
    const std::string_view text = number_text();
    double value = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (stop != text.data() + text.size() || fault == std::errc::invalid_argument) fail("expected a number");
    if (fault == std::errc::result_out_of_range)
        return text.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return value;
}

bool json_cursor::read_bool() {
    const char first = peek();
    const bool quoted = first == '"';
    if (quoted) ++at_;
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    const bool yes = rest.starts_with("true");
    if (!yes && !rest.starts_with("false")) {
        if (quoted) --at_;
        fail_expected("a boolean");
    }
    at_ += yes ? 4 : 5;
    if (quoted) {
        if (at_ == end_ || *at_ != '"') fail("expected a boolean");
        ++at_;
    }
    return yes;
}

void json_cursor::read_null() {
    if (peek() != 'n' || end_ - at_ < 4 || std::string_view(at_, 4) != "null") fail_expected("null");
    at_ += 4;
}

void json_cursor::skip_string() {
    ++at_;
    while (true) {
        at_ = find_string_stop(at_, end_);
        if (at_ == end_ || (*at_ == '\\' && end_ - at_ < 2)) fail("the text ends inside a string");
        if (*at_ == '"') break;
        at_ += 2;
    }
    ++at_;
}

std::string_view json_cursor::skip() {
    peek();
    const char* first = at_;
    std::size_t open = 0;
    do {
        switch (peek()) {
        case '\0': fail("the text ends before its value does");
        case '{':
        case '[':
            ++open;
            ++at_;
            break;
        case '}':
        case ']':
            if (open == 0) fail("expected a value");
            --open;
            ++at_;
            break;
        case ',':
        case ':':
            if (open == 0) fail("expected a value");
            ++at_;
            break;
        case '"': skip_string(); break;
        default: {
            const char* start = at_;
            while (at_ != end_ && (is_number_part(*at_) || (*at_ >= 'a' && *at_ <= 'z'))) ++at_;
            if (at_ == start) fail("expected a value");
        }
        }
    } while (open != 0);
    return {first, static_cast<std::size_t>(at_ - first)};
}

void json_cursor::enter(std::string_view member) noexcept {
    if (depth_ < path_.size()) path_[depth_] = member;
    ++depth_;
}

void json_cursor::fail(const char* reason) const {
    std::string path;
    for (std::size_t i = 0; i < depth_ && i < path_.size(); ++i) {
        if (i != 0) path += '.';
        path += path_[i];
    }
    throw cursor_error(path, std::string(reason) + " (byte " + std::to_string(at_ - begin_) + ")");
}

void json_cursor::fail_expected(const char* what) {
    const char* found = "the end of the text";
    switch (peek()) {
    case '\0': break;
    case '{': found = "an object"; break;
    case '[': found = "an array"; break;
    case '"': found = "a string"; break;
    case 't':
    case 'f': found = "a boolean"; break;
    case 'n': found = "null"; break;
    default: found = "a number or something else"; break;
    }
    fail((std::string("expected ") + what + ", found " + found).c_str());
}

}  // namespace hem::search::detail
