#include "hem/http/status.hpp"

#include <algorithm>
#include <array>

namespace hem::http {
namespace {

struct row {
    int status;
    std::string_view line;
};

// Sorted by status; the phrase is the part of the line behind the code.
constexpr std::array rows = {
    row{100, "HTTP/1.1 100 Continue\r\n"},
    row{101, "HTTP/1.1 101 Switching Protocols\r\n"},
    row{102, "HTTP/1.1 102 Processing\r\n"},
    row{103, "HTTP/1.1 103 Early Hints\r\n"},
    row{200, "HTTP/1.1 200 OK\r\n"},
    row{201, "HTTP/1.1 201 Created\r\n"},
    row{202, "HTTP/1.1 202 Accepted\r\n"},
    row{203, "HTTP/1.1 203 Non-Authoritative Information\r\n"},
    row{204, "HTTP/1.1 204 No Content\r\n"},
    row{205, "HTTP/1.1 205 Reset Content\r\n"},
    row{206, "HTTP/1.1 206 Partial Content\r\n"},
    row{207, "HTTP/1.1 207 Multi-Status\r\n"},
    row{208, "HTTP/1.1 208 Already Reported\r\n"},
    row{226, "HTTP/1.1 226 IM Used\r\n"},
    row{300, "HTTP/1.1 300 Multiple Choices\r\n"},
    row{301, "HTTP/1.1 301 Moved Permanently\r\n"},
    row{302, "HTTP/1.1 302 Found\r\n"},
    row{303, "HTTP/1.1 303 See Other\r\n"},
    row{304, "HTTP/1.1 304 Not Modified\r\n"},
    row{305, "HTTP/1.1 305 Use Proxy\r\n"},
    row{307, "HTTP/1.1 307 Temporary Redirect\r\n"},
    row{308, "HTTP/1.1 308 Permanent Redirect\r\n"},
    row{400, "HTTP/1.1 400 Bad Request\r\n"},
    row{401, "HTTP/1.1 401 Unauthorized\r\n"},
    row{402, "HTTP/1.1 402 Payment Required\r\n"},
    row{403, "HTTP/1.1 403 Forbidden\r\n"},
    row{404, "HTTP/1.1 404 Not Found\r\n"},
    row{405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    row{406, "HTTP/1.1 406 Not Acceptable\r\n"},
    row{407, "HTTP/1.1 407 Proxy Authentication Required\r\n"},
    row{408, "HTTP/1.1 408 Request Timeout\r\n"},
    row{409, "HTTP/1.1 409 Conflict\r\n"},
    row{410, "HTTP/1.1 410 Gone\r\n"},
    row{411, "HTTP/1.1 411 Length Required\r\n"},
    row{412, "HTTP/1.1 412 Precondition Failed\r\n"},
    row{413, "HTTP/1.1 413 Content Too Large\r\n"},
    row{414, "HTTP/1.1 414 URI Too Long\r\n"},
    row{415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    row{416, "HTTP/1.1 416 Range Not Satisfiable\r\n"},
    row{417, "HTTP/1.1 417 Expectation Failed\r\n"},
    row{418, "HTTP/1.1 418 I'm a Teapot\r\n"},
    row{421, "HTTP/1.1 421 Misdirected Request\r\n"},
    row{422, "HTTP/1.1 422 Unprocessable Content\r\n"},
    row{423, "HTTP/1.1 423 Locked\r\n"},
    row{424, "HTTP/1.1 424 Failed Dependency\r\n"},
    row{425, "HTTP/1.1 425 Too Early\r\n"},
    row{426, "HTTP/1.1 426 Upgrade Required\r\n"},
    row{428, "HTTP/1.1 428 Precondition Required\r\n"},
    row{429, "HTTP/1.1 429 Too Many Requests\r\n"},
    row{431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    row{451, "HTTP/1.1 451 Unavailable For Legal Reasons\r\n"},
    row{500, "HTTP/1.1 500 Internal Server Error\r\n"},
    row{501, "HTTP/1.1 501 Not Implemented\r\n"},
    row{502, "HTTP/1.1 502 Bad Gateway\r\n"},
    row{503, "HTTP/1.1 503 Service Unavailable\r\n"},
    row{504, "HTTP/1.1 504 Gateway Timeout\r\n"},
    row{505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    row{506, "HTTP/1.1 506 Variant Also Negotiates\r\n"},
    row{507, "HTTP/1.1 507 Insufficient Storage\r\n"},
    row{508, "HTTP/1.1 508 Loop Detected\r\n"},
    row{511, "HTTP/1.1 511 Network Authentication Required\r\n"},
};
static_assert(std::is_sorted(rows.begin(), rows.end(), [](const row& a, const row& b) { return a.status < b.status; }));

}  // namespace

std::string_view status_line(int status) noexcept {
    static constexpr std::string_view ok = "HTTP/1.1 200 OK\r\n";
    if (status == 200) return ok;
    const auto at = std::lower_bound(rows.begin(), rows.end(), status, [](const row& left, int wanted) { return left.status < wanted; });
    return at != rows.end() && at->status == status ? at->line : std::string_view{};
}

std::string_view reason_phrase(int status) noexcept {
    std::string_view line = status_line(status);
    if (line.empty()) return "Unknown";
    constexpr std::size_t code_end = 13;  // "HTTP/1.1 404 "
    return line.substr(code_end, line.size() - code_end - 2);
}

}  // namespace hem::http
