#include "hem/http/parser.hpp"

#include <algorithm>
#include <cstring>

#include "hem/http/detail/scan.hpp"

namespace hem::http {
namespace {

// Offsets have 16 bits: a line may take at most half of them.
constexpr std::size_t max_line = 32 * 1024;

detail::field_section::limits section_limits(const head_limits& limits) noexcept {
    const auto narrow = [](std::size_t value) {
        return static_cast<std::uint32_t>(value == 0 ? 65535 : std::min<std::size_t>(value, 65535));
    };
    return {narrow(limits.header_section), narrow(limits.fields), narrow(limits.field_name)};
}

}  // namespace

head_parser::head_parser(const head_limits& limits) noexcept : fields_(slices_.data(), ids_.data(), max_fields), limits_(limits) {
    if (limits_.request_line == 0 || limits_.request_line > max_line) limits_.request_line = max_line;
    if (limits_.method == 0) limits_.method = max_line;
}

void head_parser::reset() noexcept {
    position_ = 0;
    state_ = state::start;
    why_ = refusal::none;
    empty_lines_ = 0;
    odd_target_ = false;
}

parse_result head_parser::refuse(refusal why) noexcept {
    why_ = why;
    state_ = state::refused;
    return parse_result::refused;
}

// The request line (RFC 9112 3): method SP target SP HTTP-version CRLF, nothing else.
parse_result head_parser::parse(char* bytes, std::size_t size) noexcept {
    const auto known = static_cast<std::uint32_t>(std::min<std::size_t>(size, 65535));
    if (state_ == state::refused) return parse_result::refused;
    if (state_ == state::done) return parse_result::done;
    char* at = bytes + position_;
    char* end = bytes + known;
    const auto offset = [&] { return static_cast<std::uint32_t>(at - bytes); };

    if (state_ <= state::start_lf) {
        while (at != end) {
            if (state_ == state::start_lf) {
                if (*at != '\n') return refuse(refusal::bare_line_end);
                state_ = state::start;
            } else if (*at == '\r') {
                if (++empty_lines_ > 2) return refuse(refusal::empty_lines);
                state_ = state::start_lf;
            } else {
                break;
            }
            ++at;
        }
        if (at == end) {
            position_ = offset();
            return parse_result::need_more;
        }
        if (*at == '\n') return refuse(refusal::bare_line_end);
        if (*at == ' ' || *at == '\t') return refuse(refusal::invalid_request_line);
        line_start_ = method_offset_ = offset();
        state_ = state::method;
    }

    if (state_ < state::fields) {
        const std::uint32_t line_limit = line_start_ + static_cast<std::uint32_t>(limits_.request_line);
        const bool at_limit = known >= line_limit;
        if (at_limit) end = bytes + line_limit;
        const auto out_of_bytes = [&] {
            position_ = offset();
            return at_limit ? refuse(refusal::long_request_line) : parse_result::need_more;
        };

        switch (state_) {
        case state::method:
            while (at != end && detail::has_class(*at, detail::token_char)) ++at;
            if (at == end) return out_of_bytes();
            if (*at != ' ') {
                if (*at == '\n') return refuse(refusal::bare_line_end);
                return refuse(*at == '\r' || *at == '\t' ? refusal::invalid_request_line : refusal::invalid_method);
            }
            method_size_ = offset() - method_offset_;
            method_id_ = find_method({bytes + method_offset_, method_size_});
            ++at;
            target_offset_ = offset();
            state_ = state::target;
            [[fallthrough]];

        case state::target:
            while (true) {
                at = detail::skip_target(at, end);
                if (at == end) return out_of_bytes();
                if (*at == ' ') break;
                if (*at == '\n') return refuse(refusal::bare_line_end);
                if (*at == '\r') return refuse(refusal::invalid_request_line);
                odd_target_ = true;
                ++at;
            }
            target_size_ = offset() - target_offset_;
            if (target_size_ == 0) return refuse(refusal::invalid_request_line);
            ++at;
            version_offset_ = offset();
            state_ = state::version;
            [[fallthrough]];

        case state::version:
            if (end - at >= 10 && offset() == version_offset_ && std::memcmp(at, "HTTP/1.1\r\n", 10) == 0) {
                major_ = 1;
                minor_ = 1;
                at += 10;
            } else {
                while (true) {
                    if (at == end) return out_of_bytes();
                    const std::uint32_t index = offset() - version_offset_;
                    const char c = *at++;
                    if (index < 5 || index == 6) {
                        if (c != "HTTP/ ."[index]) return refuse(refusal::invalid_request_line);
                    } else if (index == 5 || index == 7) {
                        if (!detail::is_digit(static_cast<unsigned char>(c))) return refuse(refusal::invalid_request_line);
                        (index == 5 ? major_ : minor_) = static_cast<std::uint8_t>(c - '0');
                    } else if (index == 8) {
                        if (c != '\r') return refuse(c == '\n' ? refusal::bare_line_end : refusal::invalid_request_line);
                    } else {
                        if (c != '\n') return refuse(refusal::bare_line_end);
                        break;
                    }
                }
            }
            fields_.begin(offset(), section_limits(limits_));
            state_ = state::fields;
            break;
        default: break;
        }
    }

    const parse_result result = fields_.parse(bytes, known);
    if (result == parse_result::refused) return refuse(fields_.why());
    if (result == parse_result::done) state_ = state::done;
    return result;
}

std::optional<std::string_view> head_parser::find(const char* bytes, field id) const noexcept {
    if ((present() >> static_cast<unsigned>(id) & 1) == 0) return std::nullopt;
    for (std::uint32_t i = 0; i < field_count(); ++i)
        if (ids_[i] == id) return value(bytes, i);
    return std::nullopt;
}

response_head_parser::response_head_parser(const head_limits& limits) noexcept
    : fields_(slices_.data(), ids_.data(), max_fields), limits_(limits) {
    if (limits_.request_line == 0 || limits_.request_line > max_line) limits_.request_line = max_line;
}

void response_head_parser::reset() noexcept {
    position_ = 0;
    status_ = 0;
    state_ = state::line;
    why_ = refusal::none;
}

// The status line (RFC 9112 4): "HTTP/1." DIGIT SP 3DIGIT [SP reason] CRLF.
parse_result response_head_parser::parse(char* bytes, std::size_t size) noexcept {
    const auto known = static_cast<std::uint32_t>(std::min<std::size_t>(size, 65535));
    const auto refuse = [&](refusal why) {
        why_ = why;
        state_ = state::refused;
        return parse_result::refused;
    };
    if (state_ == state::refused) return parse_result::refused;
    if (state_ == state::done) return parse_result::done;
    if (state_ == state::line) {
        const std::uint32_t end = std::min(known, static_cast<std::uint32_t>(limits_.request_line));
        for (; state_ == state::line; ++position_) {
            if (position_ == end)
                return end < known || end == limits_.request_line ? refuse(refusal::invalid_status_line) : parse_result::need_more;
            const char c = bytes[position_];
            const auto byte = static_cast<unsigned char>(c);
            if (position_ < 7) {
                if (c != "HTTP/1."[position_]) return refuse(refusal::invalid_status_line);
            } else if (position_ == 7) {
                if (!detail::is_digit(byte)) return refuse(refusal::invalid_status_line);
                minor_ = static_cast<std::uint8_t>(c - '0');
            } else if (position_ == 8) {
                if (c != ' ') return refuse(refusal::invalid_status_line);
            } else if (position_ < 12) {
                if (!detail::is_digit(byte)) return refuse(refusal::invalid_status_line);
                status_ = status_ * 10 + (c - '0');
            } else if (bytes[position_ - 1] == '\r') {
                if (c != '\n') return refuse(refusal::bare_line_end);
                state_ = state::fields;
            } else if (position_ == 12 ? c != ' ' && c != '\r' : c != '\r' && !detail::has_class(c, detail::value_char)) {
                return refuse(c == '\n' ? refusal::bare_line_end : refusal::invalid_status_line);
            }
        }
        if (status_ < 100) return refuse(refusal::invalid_status_line);
        fields_.begin(position_, section_limits(limits_));
    }
    const parse_result result = fields_.parse(bytes, known);
    if (result == parse_result::refused) return refuse(fields_.why());
    if (result == parse_result::done) state_ = state::done;
    return result;
}

}  // namespace hem::http
