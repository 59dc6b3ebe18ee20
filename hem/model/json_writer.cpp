#include "hem/model/json_writer.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/compile.h>
#include <fmt/format.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace hem {

namespace {

constexpr std::array<bool, 256> make_escaped() {
    std::array<bool, 256> table{};
    for (int c = 0; c < 0x20; ++c) table[static_cast<std::size_t>(c)] = true;
    table['"'] = true;
    table['\\'] = true;
    return table;
}
constexpr auto escaped = make_escaped();

// The first byte from `c` on that must be escaped, or `end`.
const char* find_escaped(const char* c, const char* end) noexcept {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    for (; end - c >= 16; c += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(c));
        const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, last_control), last_control);
        const __m128i found = _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
        if (const int mask = _mm_movemask_epi8(found)) return c + std::countr_zero(static_cast<unsigned>(mask));
    }
#endif
    while (c != end && !escaped[static_cast<unsigned char>(*c)]) ++c;
    return c;
}

char* write_escape(char* out, unsigned char c) noexcept {
    constexpr char digits[] = "0123456789abcdef";
    *out++ = '\\';
    switch (c) {
    case '"': *out++ = '"'; break;
    case '\\': *out++ = '\\'; break;
    case '\b': *out++ = 'b'; break;
    case '\f': *out++ = 'f'; break;
    case '\n': *out++ = 'n'; break;
    case '\r': *out++ = 'r'; break;
    case '\t': *out++ = 't'; break;
    default:
        *out++ = 'u';
        *out++ = '0';
        *out++ = '0';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    return out;
}

template <class T>
void append_floating(std::string& out, T value) {
    if (!std::isfinite(value)) throw json_type_error("cannot write NaN or infinity as JSON (allow_inf_nan writes null)");
    char buffer[40];
    char* end = fmt::format_to(buffer, FMT_COMPILE("{}"), value);
    bool whole = true;
    for (const char* c = buffer; c != end; ++c) whole = whole && ((*c >= '0' && *c <= '9') || *c == '-');
    if (whole) {
        *end++ = '.';
        *end++ = '0';
    }
    out.append(buffer, end);
}

template <class T>
void append_whole(std::string& out, T value) {
    char buffer[24];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    const char* c = text.data();
    const char* const end = c + text.size();
    const char* clean = c;
    c = find_escaped(c, end);
    if (c == end) {
        const std::size_t before = out.size();
        const std::size_t after = before + text.size() + 2;
        out.resize_and_overwrite(after, [&](char* at, std::size_t) {  // libstdc++ 12 passes the capacity
            at[before] = '"';
            if (!text.empty()) std::memcpy(at + before + 1, text.data(), text.size());
            at[after - 1] = '"';
            return after;
        });
        return;
    }
    out += '"';
    while (c != end) {
        c = find_escaped(c, end);
        if (c == end) break;
        char buffer[8];
        out.append(clean, c);
        out.append(buffer, write_escape(buffer, static_cast<unsigned char>(*c)));
        clean = ++c;
    }
    out.append(clean, end);
    out += '"';
}

void append_json_number(std::string& out, double value) { append_floating(out, value); }
void append_json_number(std::string& out, float value) { append_floating(out, value); }
void append_json_integer(std::string& out, std::int64_t value) { append_whole(out, value); }
void append_json_integer(std::string& out, std::uint64_t value) { append_whole(out, value); }

json_writer& json_writer::value(const json& any) {
    write_tree(any);
    return *this;
}

void json_writer::write_tree(const json& any) {
    const auto& stored = any.value_;
    switch (any.kind()) {
    case json_kind::null: value(nullptr); break;
    case json_kind::boolean: value(*std::get_if<1>(&stored)); break;
    case json_kind::integer: value(*std::get_if<2>(&stored)); break;
    case json_kind::unsigned_integer: value(*std::get_if<3>(&stored)); break;
    case json_kind::number: value(*std::get_if<4>(&stored)); break;
    case json_kind::big_number: raw(std::get_if<5>(&stored)->text); break;
    case json_kind::string: value(*std::get_if<6>(&stored)); break;
    case json_kind::array:
        begin_array();
        for (const auto& element : *std::get_if<7>(&stored)) write_tree(element);
        end_array();
        break;
    case json_kind::object:
        begin_object();
        for (const auto& [name, member] : *std::get_if<8>(&stored)) {
            key(name);
            write_tree(member);
        }
        end_object();
        break;
    }
}

std::string json::dump() const {
    std::string out;
    dump_to(out);
    return out;
}

void json::dump_to(std::string& out) const { json_writer(out).value(*this); }

namespace {

void dump_indented(const json& value, std::string& out, int indent, int level) {
    const bool array = value.is_array();
    if ((!array && !value.is_object()) || value.empty()) return value.dump_to(out);
    const auto line = [&](int at) {
        out += '\n';
        out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(at), ' ');
    };
    out += array ? '[' : '{';
    bool first = true;
    const auto next = [&] {
        if (!first) out += ',';
        first = false;
        line(level + 1);
    };
    if (array) {
        for (const auto& element : value.elements()) {
            next();
            dump_indented(element, out, indent, level + 1);
        }
    } else {
        for (const auto& [name, member] : value.items()) {
            next();
            append_json_string(out, name);
            out += ": ";
            dump_indented(member, out, indent, level + 1);
        }
    }
    line(level);
    out += array ? ']' : '}';
}

}  // namespace

std::string json::dump_pretty(int indent) const {
    std::string out;
    dump_indented(*this, out, indent, 0);
    return out;
}

}  // namespace hem
