// The plain scanner. Texts and places of its faults are those of Python's json module (3.13), so that a client sees from Hem what
// it would see from FastAPI.
#include "hem/model/detail/json_document.hpp"

#include <charconv>
#include <cstring>

namespace hem::detail {

namespace {

constexpr std::size_t npos = std::string_view::npos;

struct scan_state {
    std::string_view text;
    std::size_t at = 0;
    json_fault& fault;
    std::vector<std::uint64_t>& words;
    std::string& strings;
    std::vector<std::size_t>* places;

    bool fail(std::string_view reason, std::size_t offset) {
        fault.reason = reason;
        fault.offset = offset;
        return false;
    }
    bool end() const { return at >= text.size(); }
    bool is(char c) const { return at < text.size() && text[at] == c; }
    void skip_blanks() {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r')) ++at;
    }
    void word(char tag, std::uint64_t payload, std::size_t place) {
        words.push_back(static_cast<std::uint64_t>(static_cast<unsigned char>(tag)) << 56 | payload);
        if (places) places->push_back(place);
    }
    void second_word(std::uint64_t value) {
        words.push_back(value);
        if (places) places->push_back(0);
    }
    bool literal(std::string_view expected, char tag) {
        if (text.substr(at, expected.size()) != expected) return fail("Expecting value", at);
        word(tag, 0, at);
        at += expected.size();
        return true;
    }
    void begin_string(char tag, std::size_t place) {
        word(tag, strings.size(), place);
        strings.append(4, '\0');
    }
    void end_string() {
        const std::size_t start = words.back() & 0x00ffffffffffffffu;
        const auto length = static_cast<std::uint32_t>(strings.size() - start - 4);
        std::memcpy(strings.data() + start, &length, 4);
        strings += '\0';
    }

    bool number();
    bool string();
    bool escape();
    bool code_unit(std::uint32_t& unit);
};

bool digit(char c) { return c >= '0' && c <= '9'; }

bool scan_state::number() {
    const std::size_t start = at;
    std::size_t next = at;
    const auto digit_at = [&](std::size_t i) { return i < text.size() && digit(text[i]); };
    if (text[next] == '-') ++next;
    if (!digit_at(next)) return fail("Expecting value", start);
    if (text[next] == '0') {
        ++next;
    } else {
        while (digit_at(next)) ++next;
    }
    bool floating = false;
    if (next < text.size() && text[next] == '.' && digit_at(next + 1)) {
        floating = true;
        ++next;
        while (digit_at(next)) ++next;
    }
    if (next < text.size() && (text[next] == 'e' || text[next] == 'E')) {
        std::size_t exponent = next + 1;
        if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
        if (digit_at(exponent)) {
            floating = true;
            while (digit_at(exponent)) ++exponent;
            next = exponent;
        }
    }
    at = next;
    const char* const first = text.data() + start;
    const char* const last = text.data() + next;
    if (!floating) {
        std::int64_t whole = 0;
        if (std::from_chars(first, last, whole).ec == std::errc()) {
            word('l', 0, start);
            second_word(static_cast<std::uint64_t>(whole));
            return true;
        }
        std::uint64_t natural = 0;
        if (*first != '-' && std::from_chars(first, last, natural).ec == std::errc()) {
            word('u', 0, start);
            second_word(natural);
            return true;
        }
    } else {
        double value = 0;
        const auto result = std::from_chars(first, last, value);
        bool finite = result.ec == std::errc();
        if (!finite) {  // out of range: too small counts as zero
            const char* exponent = last;
            for (const char* c = first; c != last; ++c) {
                if (*c == 'e' || *c == 'E') exponent = c;
            }
            const bool tiny = exponent != last ? exponent[1] == '-' : *first == '0' || (*first == '-' && first[1] == '0');
            finite = tiny;
            value = *first == '-' ? -0.0 : 0.0;
        }
        if (finite) {
            std::uint64_t bits;
            std::memcpy(&bits, &value, sizeof bits);
            word('d', 0, start);
            second_word(bits);
            return true;
        }
    }
    begin_string('b', start);
    strings.append(first, last);
    end_string();
    return true;
}

// Reads XXXX behind `\u`; `at` stands on the u.
bool scan_state::code_unit(std::uint32_t& unit) {
    const std::size_t place = at;
    if (at + 5 >= text.size()) return fail("Invalid \\uXXXX escape", place);
    unit = 0;
    for (std::size_t i = at + 1; i < at + 5; ++i) {
        const char c = text[i];
        std::uint32_t value;
        if (digit(c)) {
            value = static_cast<std::uint32_t>(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            value = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
        } else {
            return fail("Invalid \\uXXXX escape", place);
        }
        unit = unit << 4 | value;
    }
    at += 5;
    return true;
}

void append_code_point(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

// `at` stands behind the backslash.
bool scan_state::escape() {
    switch (text[at]) {
    case '"': strings += '"'; break;
    case '\\': strings += '\\'; break;
    case '/': strings += '/'; break;
    case 'b': strings += '\b'; break;
    case 'f': strings += '\f'; break;
    case 'n': strings += '\n'; break;
    case 'r': strings += '\r'; break;
    case 't': strings += '\t'; break;
    case 'u': {
        const std::size_t place = at;
        std::uint32_t code = 0;
        if (!code_unit(code)) return false;
        if (code >= 0xdc00 && code < 0xe000) return fail("Invalid \\uXXXX escape", place);
        if (code >= 0xd800 && code < 0xdc00) {
            if (!is('\\') || at + 1 >= text.size() || text[at + 1] != 'u') return fail("Invalid \\uXXXX escape", place);
            ++at;
            std::uint32_t low = 0;
            if (!code_unit(low)) return false;
            if (low < 0xdc00 || low >= 0xe000) return fail("Invalid \\uXXXX escape", place);
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_code_point(strings, code);
        return true;
    }
    default: return fail("Invalid \\escape", at - 1);
    }
    ++at;
    return true;
}

bool scan_state::string() {
    const std::size_t quote = at++;
    begin_string('"', quote);
    for (;;) {
        const std::size_t clean = at;
        while (at < text.size() && text[at] != '"' && text[at] != '\\' && static_cast<unsigned char>(text[at]) >= 0x20) ++at;
        strings.append(text.data() + clean, at - clean);
        if (end()) return fail("Unterminated string starting at", quote);
        const char c = text[at];
        if (c == '"') {
            ++at;
            end_string();
            return true;
        }
        if (c != '\\') return fail("Invalid control character at", at);
        if (++at; end()) return fail("Unterminated string starting at", quote);
        if (!escape()) return false;
    }
}

}  // namespace

struct json_scanner::frame {
    std::size_t word;
    std::uint64_t count;
    bool object;
};

bool json_scanner::scan(std::string_view text, std::size_t max_depth, std::vector<std::size_t>* places) {
    fault = {};
    words.clear();
    strings.clear();
    if (places) places->clear();
    scan_state state{text, 0, fault, words, strings, places};
    if (const std::size_t bad = find_invalid_utf8(text); bad != npos) return state.fail("Invalid UTF-8", bad);

    std::vector<frame> open;
    state.word('r', 0, 0);
    state.skip_blanks();
    bool want_value = true;
    for (;;) {
        if (want_value) {
            if (state.end()) return state.fail("Expecting value", state.at);
            const std::size_t start = state.at;
            const char c = text[start];
            want_value = false;
            if (c == '{' || c == '[') {
                if (open.size() >= max_depth) return state.fail("Nesting too deep", start);
                open.push_back({words.size(), 0, c == '{'});
                state.word(c, 0, start);
                ++state.at;
                state.skip_blanks();
                if (c == '[') {
                    want_value = !state.is(']');
                    continue;
                }
                if (state.is('}')) continue;
                if (!state.is('"')) return state.fail("Expecting property name enclosed in double quotes", state.at);
                want_value = true;  // behind the key, which is read below
            } else {
                const bool read = c == '"'                 ? state.string()
                                  : c == 't'               ? state.literal("true", 't')
                                  : c == 'f'               ? state.literal("false", 'f')
                                  : c == 'n'               ? state.literal("null", 'n')
                                  : (c == '-' || digit(c)) ? state.number()
                                                           : state.fail("Expecting value", start);
                if (!read) return false;
                if (!open.empty()) ++open.back().count;
            }
        } else {
            if (open.empty()) break;
            frame& top = open.back();
            state.skip_blanks();
            if (state.is(top.object ? '}' : ']')) {
                const std::uint64_t count = top.count < 0xffffff ? top.count : 0xffffff;
                words[top.word] |= count << 32 | (words.size() + 1);
                state.word(top.object ? '}' : ']', top.word, state.at);
                ++state.at;
                open.pop_back();
                if (!open.empty()) ++open.back().count;
                continue;
            }
            if (!state.is(',')) return state.fail("Expecting ',' delimiter", state.at);
            const std::size_t comma = state.at++;
            state.skip_blanks();
            if (state.is(top.object ? '}' : ']')) {
                return state.fail(top.object ? "Illegal trailing comma before end of object" : "Illegal trailing comma before end of array",
                                  comma);
            }
            if (top.object && !state.is('"')) return state.fail("Expecting property name enclosed in double quotes", state.at);
            want_value = true;
        }
        if (want_value && !open.empty() && open.back().object) {
            if (!state.string()) return false;
            state.skip_blanks();
            if (!state.is(':')) return state.fail("Expecting ':' delimiter", state.at);
            ++state.at;
            state.skip_blanks();
        }
    }
    state.skip_blanks();
    if (!state.end()) return state.fail("Extra data", state.at);
    words[0] |= words.size();
    state.word('r', 0, text.size());
    return true;
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t size = text.size();
    const auto tail = [&](std::size_t i) { return i < size && (bytes[i] & 0xc0) == 0x80; };
    std::size_t i = 0;
    while (i < size) {
        if (i + 8 <= size) {
            std::uint64_t block;
            std::memcpy(&block, bytes + i, 8);
            if ((block & 0x8080808080808080u) == 0) {
                i += 8;
                continue;
            }
        }
        const unsigned char c = bytes[i];
        if (c < 0x80) {
            ++i;
        } else if (c >= 0xc2 && c < 0xe0) {
            if (!tail(i + 1)) return i;
            i += 2;
        } else if (c >= 0xe0 && c < 0xf0) {
            if (!tail(i + 1) || !tail(i + 2) || (c == 0xe0 && bytes[i + 1] < 0xa0) || (c == 0xed && bytes[i + 1] >= 0xa0)) return i;
            i += 3;
        } else if (c >= 0xf0 && c < 0xf5) {
            if (!tail(i + 1) || !tail(i + 2) || !tail(i + 3) || (c == 0xf0 && bytes[i + 1] < 0x90) || (c == 0xf4 && bytes[i + 1] >= 0x90)) {
                return i;
            }
            i += 4;
        } else {
            return i;
        }
    }
    return npos;
}

text_position position_of(std::string_view text, std::size_t offset) noexcept {
    text_position position;
    for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
        ++position.character;
        ++position.column;
        if (text[i] == '\n') {
            ++position.line;
            position.column = 1;
        }
    }
    return position;
}

}  // namespace hem::detail
