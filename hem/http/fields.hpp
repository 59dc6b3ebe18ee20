// Known header fields and methods: small ids that make look-ups and framing checks byte comparisons.
#pragma once

#include <cstdint>
#include <string_view>

namespace hem::http {

// A field name that Hem knows. `other` stands for every name not listed.
enum class field : std::uint8_t {
    other,
    accept,
    accept_encoding,
    accept_language,
    accept_ranges,
    access_control_request_headers,
    access_control_request_method,
    age,
    allow,
    authorization,
    cache_control,
    connection,
    content_disposition,
    content_encoding,
    content_language,
    content_length,
    content_range,
    content_type,
    cookie,
    date,
    etag,
    expect,
    expires,
    forwarded,
    host,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    keep_alive,
    last_modified,
    link,
    location,
    origin,
    proxy_authorization,
    range,
    referer,
    retry_after,
    sec_websocket_key,
    sec_websocket_version,
    server,
    set_cookie,
    te,
    traceparent,
    trailer,
    transfer_encoding,
    upgrade,
    user_agent,
    vary,
    via,
    www_authenticate,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_proto,
    x_request_id,
};

inline constexpr std::size_t field_count = static_cast<std::size_t>(field::x_request_id) + 1;
static_assert(field_count <= 64, "headers keeps one presence bit per known field");

// The name in lower case; empty for `other`.
std::string_view field_name(field id) noexcept;

// The id of a name in lower case.
field find_field(std::string_view lower_name) noexcept;

// A method that Hem knows; methods are case-sensitive.
enum class method_kind : std::uint8_t { other, get, head, post, put, patch, del, options, connect, trace };

method_kind find_method(std::string_view method) noexcept;
std::string_view method_name(method_kind kind) noexcept;

// GET, HEAD, OPTIONS, TRACE (RFC 9110 9.2.1).
constexpr bool is_safe(method_kind kind) noexcept {
    return kind == method_kind::get || kind == method_kind::head || kind == method_kind::options || kind == method_kind::trace;
}

// The safe ones, PUT and DELETE (RFC 9110 9.2.2).
constexpr bool is_idempotent(method_kind kind) noexcept { return is_safe(kind) || kind == method_kind::put || kind == method_kind::del; }

enum class http_version : std::uint8_t { http_1_0, http_1_1, http_2 };

}  // namespace hem::http
