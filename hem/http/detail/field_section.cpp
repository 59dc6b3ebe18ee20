// Field lines (RFC 9112 5), one pass, resumable at every byte.
#include <algorithm>

#include "hem/http/detail/scan.hpp"
#include "hem/http/parser.hpp"

namespace hem::http::detail {

void field_section::begin(std::uint32_t offset, const limits& limits) noexcept {
    count_ = 0;
    position_ = offset;
    end_limit_ = std::min<std::uint32_t>(offset + std::min<std::uint32_t>(limits.bytes, 65535), 65535);
    max_fields_ = std::min(limits.fields, capacity_);
    max_name_ = limits.name;
    present_ = 0;
    repeated_ = 0;
    underscore_framing_ = false;
    state_ = state::line;
    why_ = refusal::none;
}

parse_result field_section::refuse(refusal why) noexcept {
    why_ = why;
    return parse_result::refused;
}

void field_section::add(const char* bytes) noexcept {
    const std::string_view name{bytes + current_.name_offset, current_.name_size};
    const field id = find_field(name);
    slices_[count_] = current_;
    ids_[count_] = id;
    ++count_;
    if (id == field::other) {
        if (name == "content_length" || name == "transfer_encoding") underscore_framing_ = true;
        return;
    }
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(id);
    repeated_ |= present_ & bit;
    present_ |= bit;
}

parse_result field_section::parse(char* bytes, std::uint32_t size) noexcept {
    char* at = bytes + position_;
    const std::uint32_t visible = std::min(size, end_limit_);
    char* const end = bytes + visible;
    state state = state_;
    const auto offset = [&] { return static_cast<std::uint16_t>(at - bytes); };

    while (at != end) {
        switch (state) {
        case state::line:
            switch (*at) {
            case '\r':
                ++at;
                state = state::end_lf;
                continue;
            case '\n': return refuse(refusal::bare_line_end);
            case ' ':
            case '\t': return refuse(count_ == 0 ? refusal::whitespace_in_field_name : refusal::obsolete_fold);
            case ':': return refuse(refusal::invalid_field_name);
            default: break;
            }
            if (count_ == max_fields_) return refuse(refusal::too_many_fields);
            current_.name_offset = offset();
            state = state::name;
            [[fallthrough]];

        case state::name: {
            const char* const stop = std::min<char*>(end, bytes + current_.name_offset + max_name_);
            char lowered = 0;
            while (at != stop && (lowered = lower_token[static_cast<unsigned char>(*at)]) != 0) *at++ = lowered;
            if (at == end) continue;
            if (*at != ':') {
                if (has_class(*at, token_char)) return refuse(refusal::long_field_name);
                return refuse(*at == ' ' || *at == '\t' ? refusal::whitespace_in_field_name : refusal::invalid_field_name);
            }
            current_.name_size = static_cast<std::uint16_t>(offset() - current_.name_offset);
            ++at;
            state = state::value_start;
            if (at == end) continue;
            [[fallthrough]];
        }
        case state::value_start:
            while (at != end && (*at == ' ' || *at == '\t')) ++at;
            if (at == end) continue;
            current_.value_offset = offset();
            state = state::value;
            [[fallthrough]];

        case state::value: {
            at = skip_value(at, end);
            if (at == end) continue;
            if (*at == '\t') {
                ++at;
                continue;
            }
            if (*at != '\r') return refuse(*at == '\n' ? refusal::bare_line_end : refusal::invalid_field_value);
            const char* last = at;
            while (last != bytes + current_.value_offset && (last[-1] == ' ' || last[-1] == '\t')) --last;
            current_.value_size = static_cast<std::uint16_t>(last - bytes - current_.value_offset);
            ++at;
            state = state::value_lf;
            if (at == end) continue;
            [[fallthrough]];
        }
        case state::value_lf:
            if (*at != '\n') return refuse(refusal::bare_line_end);
            ++at;
            add(bytes);
            state = state::line;
            continue;

        case state::end_lf:
            if (*at != '\n') return refuse(refusal::bare_line_end);
            position_ = static_cast<std::uint32_t>(at + 1 - bytes);
            return parse_result::done;
        }
    }
    position_ = visible;
    state_ = state;
    return visible == end_limit_ ? refuse(refusal::long_header_section) : parse_result::need_more;
}

}  // namespace hem::http::detail
