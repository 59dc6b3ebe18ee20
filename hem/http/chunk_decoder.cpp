#include "hem/http/chunk_decoder.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http {

// Trailer fields are rare: their bytes are kept together only when one arrives.
struct chunk_decoder::trailer_state {
    explicit trailer_state(const body_limits& limits) : section(slices.data(), ids.data(), static_cast<std::uint32_t>(slices.size())) {
        const auto bytes =
            static_cast<std::uint32_t>(std::min<std::size_t>(limits.trailer_section == 0 ? 65535 : limits.trailer_section, 65535));
        const auto fields = static_cast<std::uint32_t>(limits.trailer_fields == 0 ? slices.size() : limits.trailer_fields);
        section.begin(0, {.bytes = bytes, .fields = fields, .name = 256});
    }

    std::array<field_slice, 32> slices;
    std::array<field, 32> ids;
    detail::field_section section;
    std::string bytes;
};

chunk_decoder::chunk_decoder(const body_limits& limits) noexcept : limits_(limits) {}
chunk_decoder::~chunk_decoder() = default;
chunk_decoder::chunk_decoder(chunk_decoder&&) noexcept = default;
chunk_decoder& chunk_decoder::operator=(chunk_decoder&&) noexcept = default;

chunk_decoder::step chunk_decoder::refuse(refusal why, std::size_t consumed) noexcept {
    why_ = why;
    state_ = state::refused;
    return {event::refused, consumed, {}};
}

chunk_decoder::step chunk_decoder::next(std::string_view input) {
    std::size_t at = 0;
    while (at != input.size()) {
        if (state_ == state::data) {
            const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
            left_ -= piece;
            total_ += piece;
            if (left_ == 0) state_ = state::data_cr;
            return {event::data, at + piece, input.substr(at, piece)};
        }
        if (state_ == state::trailers) return feed_trailers(input, at);
        if (state_ == state::done) return {event::end, at, {}};
        if (state_ == state::refused) return {event::refused, at, {}};

        const char c = input[at];
        if (state_ >= state::extension_start && state_ <= state::extension_after_quoted && c != '\r') {
            if (++extension_bytes_ > limits_.chunk_extension && limits_.chunk_extension != 0)
                return refuse(refusal::invalid_chunk_extension, at);
            if (++extension_total_ > limits_.chunk_extensions_total && limits_.chunk_extensions_total != 0)
                return refuse(refusal::invalid_chunk_extension, at);
        }
        switch (state_) {
        case state::size_start:
            left_ = 0;
            digits_ = 0;
            extension_bytes_ = 0;
            if (detail::hex_value(c) < 0) return refuse(refusal::invalid_chunk_size, at);
            state_ = state::size;
            [[fallthrough]];
        case state::size:
            if (const int digit = detail::hex_value(c); digit >= 0) {
                if (++digits_ > 16) return refuse(refusal::invalid_chunk_size, at);
                left_ = left_ * 16 + static_cast<unsigned>(digit);
            } else if (c == '\r') {
                state_ = state::size_lf;
            } else if (c == ';') {
                state_ = state::extension_start;
            } else {
                return refuse(c == '\n' ? refusal::invalid_chunk_end : refusal::invalid_chunk_size, at);
            }
            break;

        // RFC 9112 7.1.1, without the blanks that its grammar calls bad.
        case state::extension_start:
            if (!detail::has_class(c, detail::token_char)) return refuse(refusal::invalid_chunk_extension, at);
            state_ = state::extension_name;
            break;
        case state::extension_name:
        case state::extension_token:
        case state::extension_after_quoted:
            if (c == ';')
                state_ = state::extension_start;
            else if (c == '\r')
                state_ = state::size_lf;
            else if (c == '=' && state_ == state::extension_name)
                state_ = state::extension_value_start;
            else if (state_ == state::extension_after_quoted || !detail::has_class(c, detail::token_char))
                return refuse(refusal::invalid_chunk_extension, at);
            break;
        case state::extension_value_start:
            if (c == '"')
                state_ = state::extension_quoted;
            else if (detail::has_class(c, detail::token_char))
                state_ = state::extension_token;
            else
                return refuse(refusal::invalid_chunk_extension, at);
            break;
        case state::extension_quoted:
            if (c == '"')
                state_ = state::extension_after_quoted;
            else if (c == '\\')
                state_ = state::extension_escape;
            else if (!detail::has_class(c, detail::value_char))
                return refuse(refusal::invalid_chunk_extension, at);
            break;
        case state::extension_escape:
            if (!detail::has_class(c, detail::value_char)) return refuse(refusal::invalid_chunk_extension, at);
            state_ = state::extension_quoted;
            break;

        case state::size_lf:
            if (c != '\n') return refuse(refusal::invalid_chunk_end, at);
            if (left_ == 0) {
                state_ = state::trailers;
                break;
            }
            if (limits_.body != 0 && (left_ > limits_.body || total_ > limits_.body - left_)) return refuse(refusal::body_too_large, at);
            if (left_ > std::numeric_limits<std::uint64_t>::max() - total_) return refuse(refusal::body_too_large, at);
            state_ = state::data;
            break;
        case state::data_cr:
            if (c != '\r') return refuse(refusal::invalid_chunk_end, at);
            state_ = state::data_lf;
            break;
        case state::data_lf:
            if (c != '\n') return refuse(refusal::invalid_chunk_end, at);
            state_ = state::size_start;
            break;
        default: break;
        }
        ++at;
    }
    if (state_ == state::done) return {event::end, at, {}};
    if (state_ == state::refused) return {event::refused, at, {}};
    return {event::need_more, at, {}};
}

// RFC 9112 7.1.2; which fields may come here: RFC 9110 6.5.1.
chunk_decoder::step chunk_decoder::feed_trailers(std::string_view input, std::size_t consumed) {
    const std::string_view rest = input.substr(consumed);
    if (trailers_ == nullptr && rest.starts_with("\r\n")) {
        state_ = state::done;
        return {event::end, consumed + 2, {}};
    }
    if (trailers_ == nullptr) trailers_ = std::make_unique<trailer_state>(limits_);
    auto& [slices, ids, section, bytes] = *trailers_;
    const std::size_t limit = limits_.trailer_section == 0 ? 65535 : std::min<std::size_t>(limits_.trailer_section, 65535);
    const std::size_t before = bytes.size();
    bytes.append(rest.substr(0, limit - before));
    switch (section.parse(bytes.data(), static_cast<std::uint32_t>(bytes.size()))) {
    case parse_result::need_more: return {event::need_more, input.size(), {}};
    case parse_result::refused: return refuse(refusal::invalid_trailer, consumed);
    case parse_result::done: break;
    }
    for (std::uint32_t i = 0; i < section.count(); ++i)
        if (forbidden_in_trailers(ids[i])) return refuse(refusal::invalid_trailer, consumed);
    if (section.underscore_framing()) return refuse(refusal::invalid_trailer, consumed);
    state_ = state::done;
    if (section.count() == 0) {
        const std::size_t end = consumed + section.position() - before;
        trailers_.reset();
        return {event::end, end, {}};
    }
    return {event::end, consumed + section.position() - before, {}};
}

void chunk_decoder::append_trailers_to(headers& out) const {
    if (trailers_ == nullptr || state_ != state::done) return;
    for (std::uint32_t i = 0; i < trailers_->section.count(); ++i) {
        const field_slice& slice = trailers_->slices[i];
        const std::string_view bytes = trailers_->bytes;
        out.append(bytes.substr(slice.name_offset, slice.name_size), bytes.substr(slice.value_offset, slice.value_size));
    }
}

}  // namespace hem::http
