#include "hem/telemetry/trace.hpp"

#include "hem/core/loop.hpp"

namespace hem::trace {
namespace {

constexpr std::size_t longest_state = 512;

void append_hex(std::string& out, std::uint64_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

// False unless all of `text` are lower-case hexadecimal digits.
bool read_hex(std::string_view text, std::uint64_t& value) noexcept {
    value = 0;
    for (const char c : text) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return false;
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return true;
}

std::uint64_t fresh_id() {
    auto& random = loop::current().random();
    while (true) {
        if (const auto id = random()) return id;
    }
}

}  // namespace

std::string position::trace_id() const {
    std::string out;
    append_hex(out, trace_high, 16);
    append_hex(out, trace_low, 16);
    return out;
}

std::string position::span_id() const {
    std::string out;
    append_hex(out, span, 16);
    return out;
}

std::string position::traceparent() const {
    if (!*this) return {};
    std::string out = "00-";
    append_hex(out, trace_high, 16);
    append_hex(out, trace_low, 16);
    out += '-';
    append_hex(out, span, 16);
    out += '-';
    append_hex(out, flags, 2);
    return out;
}

std::optional<position> parse_traceparent(std::string_view text) noexcept {
    constexpr std::size_t whole = 55;
    if (text.size() < whole || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    std::uint64_t version = 0, flags = 0;
    position found;
    if (!read_hex(text.substr(0, 2), version) || version == 0xff) return std::nullopt;
    // A later version may have more behind a dash; version 00 has not.
    if (text.size() > whole && (version == 0 || text[whole] != '-')) return std::nullopt;
    if (!read_hex(text.substr(3, 16), found.trace_high) || !read_hex(text.substr(19, 16), found.trace_low) ||
        !read_hex(text.substr(36, 16), found.span) || !read_hex(text.substr(53, 2), flags)) {
        return std::nullopt;
    }
    found.flags = static_cast<std::uint8_t>(flags & sampled);  // the only flag that we know; others must not be passed on
    if (!found) return std::nullopt;
    return found;
}

position begin() {
    position made;
    made.trace_high = fresh_id();
    made.trace_low = fresh_id();
    made.span = fresh_id();
    made.flags = sampled;
    return made;
}

position child_of(const position& parent) {
    position made = parent;
    made.span = fresh_id();
    return made;
}

position continued(std::optional<std::string_view> traceparent, std::optional<std::string_view> tracestate) {
    auto parent = traceparent ? parse_traceparent(*traceparent) : std::nullopt;
    if (!parent) return begin();
    if (tracestate && tracestate->size() <= longest_state) parent->state = *tracestate;
    parent->span = fresh_id();
    return *std::move(parent);
}

}  // namespace hem::trace
