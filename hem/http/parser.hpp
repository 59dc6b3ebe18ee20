// The head of an HTTP/1.x message: bytes in, offsets out. No I/O, no clock, no allocation.
//
// The scan position is kept between calls, so one byte per packet costs O(n); feeding a head whole or split at every byte gives the
// same result. Field names are lowered in place. What must be refused is in `refusal`, framing is decided once in `decide_framing`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hem/http/fields.hpp"
#include "hem/http/limits.hpp"
#include "hem/http/refusal.hpp"

namespace hem::http {

// A field by offset and length from the first byte of the message.
struct field_slice {
    std::uint16_t name_offset;
    std::uint16_t name_size;
    std::uint16_t value_offset;
    std::uint16_t value_size;
};

enum class parse_result : std::uint8_t { need_more, done, refused };

namespace detail {

// Field lines up to the empty line: of a head or of trailers.
class field_section {
public:
    field_section(field_slice* slices, field* ids, std::uint32_t capacity) noexcept : slices_(slices), ids_(ids), capacity_(capacity) {}

    struct limits {
        std::uint32_t bytes;
        std::uint32_t fields;
        std::uint32_t name;
    };

    // Begins at `offset` of the message.
    void begin(std::uint32_t offset, const limits& limits) noexcept;
    // `bytes` is the message from its first byte; `size` what has arrived of it.
    parse_result parse(char* bytes, std::uint32_t size) noexcept;

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t position() const noexcept { return position_; }  // after `done`: behind the empty line
    refusal why() const noexcept { return why_; }
    std::uint64_t present() const noexcept { return present_; }
    std::uint64_t repeated() const noexcept { return repeated_; }
    // `content_length` or `transfer_encoding` was among the names.
    bool underscore_framing() const noexcept { return underscore_framing_; }

private:
    enum class state : std::uint8_t { line, name, value_start, value, value_lf, end_lf };
    void add(const char* bytes) noexcept;
    parse_result refuse(refusal why) noexcept;

    field_slice* slices_;
    field* ids_;
    std::uint32_t capacity_;
    std::uint32_t count_ = 0;
    std::uint32_t position_ = 0;
    std::uint32_t end_limit_ = 0;
    std::uint32_t max_fields_ = 0;
    std::uint32_t max_name_ = 0;
    std::uint64_t present_ = 0;   // known fields seen
    std::uint64_t repeated_ = 0;  // known fields seen twice
    state state_ = state::line;
    refusal why_ = refusal::none;
    bool underscore_framing_ = false;
    field_slice current_{};
};

}  // namespace detail

// What the body of a message is, decided once per head.
enum class body_kind : std::uint8_t { none, length, chunked, until_close };

struct framing {
    body_kind body = body_kind::none;
    std::uint64_t length = 0;      // of `body_kind::length`
    bool keep_alive = true;        // what the peer wants and its version allows
    bool expect_continue = false;  // 100-continue is waited for
    bool absolute_target = false;  // the target's authority replaces `Host`
    bool upgrade = false;          // `Connection: upgrade` with an `Upgrade` field
    std::string_view host;         // the effective host, with port; view into the head
};

// What `decide_framing` needs to know besides the head.
struct request_rules {
    std::uint64_t body_limit = 0;                     // 0: none
    std::span<const std::string> allowed_hosts = {};  // lower case, without port; ".example.com" allows subdomains; empty: all
    bool secure = false;                              // the connection is TLS, or a trusted proxy said so
};

// The head of a request.
class head_parser {
public:
    static constexpr std::uint32_t max_fields = 128;

    explicit head_parser(const head_limits& limits = {}) noexcept;
    head_parser(const head_parser&) = delete;
    head_parser& operator=(const head_parser&) = delete;

    // For the next message.
    void reset() noexcept;

    // `bytes` is everything that has arrived of the message and what follows it, from its first byte (leading empty lines
    // included); later calls pass the same bytes and more, at the same or another address. Writes only to field names.
    parse_result parse(char* bytes, std::size_t size) noexcept;

    // False until the first byte that is no leading empty line.
    bool started() const noexcept { return state_ != state::start; }

    // ---- after `refused` (and, for `method`, whatever was read before) ----
    refusal why() const noexcept { return why_; }

    // ---- after `done`; views into the `bytes` of the caller ----
    std::size_t size() const noexcept { return fields_.position(); }  // bytes of the head, the empty line included
    std::string_view method(const char* bytes) const noexcept { return {bytes + method_offset_, method_size_}; }
    method_kind method_id() const noexcept { return method_id_; }
    std::string_view target(const char* bytes) const noexcept { return {bytes + target_offset_, target_size_}; }
    int version_major() const noexcept { return major_; }
    int version_minor() const noexcept { return minor_; }
    http_version version() const noexcept { return minor_ == 0 ? http_version::http_1_0 : http_version::http_1_1; }
    std::uint32_t field_count() const noexcept { return fields_.count(); }
    const field_slice& slice(std::uint32_t index) const noexcept { return slices_[index]; }
    field id(std::uint32_t index) const noexcept { return ids_[index]; }
    std::string_view name(const char* bytes, std::uint32_t index) const noexcept {
        return {bytes + slices_[index].name_offset, slices_[index].name_size};
    }
    std::string_view value(const char* bytes, std::uint32_t index) const noexcept {
        return {bytes + slices_[index].value_offset, slices_[index].value_size};
    }
    std::uint64_t present() const noexcept { return fields_.present(); }
    std::uint64_t repeated() const noexcept { return fields_.repeated(); }
    // The first field with that id, or nothing.
    std::optional<std::string_view> find(const char* bytes, field id) const noexcept;

private:
    friend refusal decide_framing(const head_parser&, const char*, const request_rules&, framing&) noexcept;
    enum class state : std::uint8_t { start, start_lf, method, target, version, line_lf, fields, done, refused };
    parse_result refuse(refusal why) noexcept;

    std::array<field_slice, max_fields> slices_;
    std::array<field, max_fields> ids_;
    detail::field_section fields_;
    head_limits limits_;
    std::uint32_t position_ = 0;
    std::uint32_t line_start_ = 0;
    std::uint32_t method_offset_ = 0;
    std::uint32_t method_size_ = 0;
    std::uint32_t target_offset_ = 0;
    std::uint32_t target_size_ = 0;
    std::uint32_t version_offset_ = 0;
    state state_ = state::start;
    refusal why_ = refusal::none;
    method_kind method_id_ = method_kind::other;
    std::uint8_t empty_lines_ = 0;
    std::uint8_t major_ = 0;
    std::uint8_t minor_ = 0;
    bool odd_target_ = false;  // a byte that needs a closer look: '%', '#', control, non-ASCII
};

// Checks a whole request head in the order of the refusal table and says how its body is framed. `refusal::none` when it is good.
refusal decide_framing(const head_parser& head, const char* bytes, const request_rules& rules, framing& result) noexcept;

// The head of a response, for clients.
class response_head_parser {
public:
    static constexpr std::uint32_t max_fields = 128;

    explicit response_head_parser(const head_limits& limits = {}) noexcept;
    response_head_parser(const response_head_parser&) = delete;
    response_head_parser& operator=(const response_head_parser&) = delete;

    void reset() noexcept;
    // As `head_parser::parse`; no leading empty lines.
    parse_result parse(char* bytes, std::size_t size) noexcept;

    refusal why() const noexcept { return why_; }
    std::size_t size() const noexcept { return fields_.position(); }
    int status() const noexcept { return status_; }
    int version_minor() const noexcept { return minor_; }
    std::uint32_t field_count() const noexcept { return fields_.count(); }
    field id(std::uint32_t index) const noexcept { return ids_[index]; }
    std::string_view name(const char* bytes, std::uint32_t index) const noexcept {
        return {bytes + slices_[index].name_offset, slices_[index].name_size};
    }
    std::string_view value(const char* bytes, std::uint32_t index) const noexcept {
        return {bytes + slices_[index].value_offset, slices_[index].value_size};
    }
    std::uint64_t present() const noexcept { return fields_.present(); }
    std::uint64_t repeated() const noexcept { return fields_.repeated(); }

private:
    enum class state : std::uint8_t { line, fields, done, refused };

    std::array<field_slice, max_fields> slices_;
    std::array<field, max_fields> ids_;
    detail::field_section fields_;
    head_limits limits_;
    std::uint32_t position_ = 0;
    int status_ = 0;
    state state_ = state::line;
    refusal why_ = refusal::none;
    std::uint8_t minor_ = 0;
};

// How the body of a response to a request with `method` is framed (RFC 9112 6.3); refuses what smuggling needs.
refusal decide_response_framing(const response_head_parser& head, const char* bytes, method_kind method, framing& result) noexcept;

}  // namespace hem::http
