// Status codes and their reason phrases (RFC 9110 15, IANA's registry).
#pragma once

#include <string_view>

namespace hem::http {

// "Not Found" for 404; "Unknown" for a code that no registry names.
std::string_view reason_phrase(int status) noexcept;

// "HTTP/1.1 404 Not Found\r\n", from a table; empty for a status without an entry (the serialiser composes those).
std::string_view status_line(int status) noexcept;

// True when a response with this status never carries a body: 1xx, 204, 304 (RFC 9112 6.3).
constexpr bool never_has_body(int status) noexcept { return status < 200 || status == 204 || status == 304; }

constexpr bool is_success(int status) noexcept { return status >= 200 && status < 300; }

}  // namespace hem::http
