// Answers that are not a model. A handler may return any of them, or an `http::response` of its own.
//
// What a handler returns as a value needs nothing of this: models, lists, maps, numbers and strings become JSON with status 200 (or the
// route's), `task<>` becomes 204. `web::with(value, {.status = 202, .headers = {{"x-total-count", "7"}}})` sets more.
#pragma once

#include "hem/http/request.hpp"
#include "hem/http/response.hpp"
#include "hem/model/json.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::web {

using header_list = std::vector<std::pair<std::string, std::string>>;

struct response_init {
    int status = 0;  // 0: the route's, else 200
    header_list headers;
};

// Status and fields of the answer, for handlers that return a plain value: ask for a `web::response_options&` parameter.
class response_options {
public:
    int status = 0;
    header_list headers;

    void set_header(std::string_view name, std::string_view value);
};

template <class T>
struct with_value {
    using value_type = T;
    T value;
    response_init init;
};

// A value with status and fields of its own.
template <class T>
with_value<T> with(T value, response_init init) {
    return {std::move(value), std::move(init)};
}

http::response text_response(std::string text, int status = 200);
http::response html_response(std::string html, int status = 200);
http::response json_response(const json& value, int status = 200);
http::response redirect_response(std::string_view url, int status = 307);

// Bytes that live as long as the program, such as a page that was built into it. Sent with a strong entity tag and answered with 304
// when the client has them already.
struct embedded_file {
    std::string_view bytes;
    std::string_view content_type;  // a literal, or a constant of `http::content_type`
    std::string_view cache_control = "no-cache";
    std::string_view content_security_policy = {};
};

namespace detail {

http::response json_bytes(int status, std::string bytes);
void append_headers(http::response& answer, const header_list& headers);
// `{"detail": …}`
http::response detail_response(int status, const json& detail);
http::response detail_response(int status);
// An embedded file's answer to this request; `etag` is its entity tag.
http::response embedded_response(const embedded_file& file, std::string_view etag, const http::request& request);
// True if `If-None-Match` lists the tag or "*" (RFC 9110 13.1.2, weak comparison).
bool none_match_hits(std::string_view if_none_match, std::string_view etag) noexcept;

}  // namespace detail
}  // namespace hem::web
