// Heads and chunks to bytes, into a buffer of the caller. No allocation, no clock: the cached `Date` is passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "hem/http/fields.hpp"
#include "hem/http/headers.hpp"
#include "hem/http/parser.hpp"

namespace hem::http {

class request;
class response;

// How a response goes out: decided once, before its head is written.
struct response_plan {
    body_kind body = body_kind::none;     // what is sent after the head; `none` also for HEAD
    std::optional<std::uint64_t> length;  // of the `Content-Length` field, where one is written
    bool close = false;                   // the connection closes after this response
    bool dropped_body = false;            // a body on 204, 205 or 304 is left out: worth a warning
    bool trailers = false;                // trailers may be sent
    http_version version = http_version::http_1_1;
};

// What a response may say depends on its request. `keep_alive` is what request, limits and drain allow.
response_plan plan_response(const response& answer, method_kind method, http_version version, bool keep_alive,
                            bool accepts_trailers) noexcept;

struct head_context {
    std::string_view date;    // IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"); empty: no field
    std::string_view server;  // value of `Server`; empty: no field
    std::string_view tail;    // both as lines, with the empty line that ends the head; for responses that set neither. Empty: not at hand
};

// Writes status line, fields and empty line. Returns the size; when it is larger than `out.size()`, nothing useful was written and
// the caller tries again with that much room. A `Date` that the handler set is kept; its `Content-Length` is replaced by the plan's.
std::size_t write_response_head(std::span<char> out, const response& answer, const response_plan& plan,
                                const head_context& context) noexcept;

// "HTTP/1.1 103 Early Hints" with fields. `status` is 100 to 199.
std::size_t write_informational(std::span<char> out, int status, const headers& fields) noexcept;
inline constexpr std::string_view continue_answer = "HTTP/1.1 100 Continue\r\n\r\n";

// Request line, `Host`, fields and empty line, same rules. Framing: `length` writes `Content-Length`, `chunked` the coding.
std::size_t write_request_head(std::span<char> out, const request& message, body_kind body, std::uint64_t length) noexcept;

// "1f4\r\n" into `out` (room for 18 bytes); returns its size. The data and "\r\n" follow. `size` is not 0.
std::size_t write_chunk_head(char* out, std::uint64_t size) noexcept;
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
// The last chunk with trailers; fields that must not be trailers are left out. Same size rule as above.
std::size_t write_last_chunk(std::span<char> out, const headers& trailers) noexcept;

// Writes the 29 bytes of an IMF-fixdate (RFC 9110 5.6.7) for seconds since 1970.
void write_date(char* out, std::int64_t unix_seconds) noexcept;
// Seconds since 1970 of an IMF-fixdate, RFC 850 or asctime date; nothing when it is none of them.
std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

// True for a name that must not be sent as a trailer (RFC 9110 6.5.1).
bool forbidden_in_trailers(field id) noexcept;

}  // namespace hem::http
