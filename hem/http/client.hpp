// The HTTP client: a pool of keep-alive connections behind calls such as `co_await api.get("/posts/{}", id)`.
//
//     co_await hem::with(hem::http::open({.base_url = "http://127.0.0.1:9200"}), [&](hem::http::client& api) -> hem::task<> {
//         auto found = (co_await api.get("/posts/{}", id)).raise_for_status();
//     });
// Opened once, by `with` or an app-scope provider, never per request. It promises that no connection slot leaks, whatever is cancelled
// when, and that a request that may have run is never sent twice unless its method is idempotent.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hem/core/callable.hpp"
#include "hem/http/client_options.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/handler.hpp"
#include "hem/http/transport.hpp"
#include "hem/http/url.hpp"

namespace hem::http {

struct client_options {
    std::string base_url;   // joined by path; never drops its own path
    http::headers headers;  // sent with every request unless a call sets the same name
    timeout_options timeout;
    pool_options pool;
    std::uint64_t max_body = 64 * 1024 * 1024;   // bytes of a buffered response body; 0: none
    std::unique_ptr<http::transport> transport;  // instead of the network: `mock_transport`, `in_process`
};

// A path whose `{}` have been filled, each argument percent-encoded as one segment.
class request_path {
public:
    request_path(const char* text) : text_(text) {}
    request_path(std::string_view text) : text_(text) {}
    request_path(std::string text) : text_(std::move(text)) {}
    const std::string& text() const& noexcept { return text_; }
    std::string text() && noexcept { return std::move(text_); }

private:
    std::string text_;
};

namespace detail {

class path_argument {
public:
    path_argument(std::string_view text) : text_(text) {}
    path_argument(const std::string& text) : text_(text) {}
    path_argument(const char* text) : text_(text) {}
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
    path_argument(Integer number) : text_(std::to_string(number)) {}
    const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

std::string fill_path(std::string_view pattern, const path_argument* arguments, std::size_t count);

template <class T>
std::string json_text(const T& value);  // hem/http/json.hpp

}  // namespace detail

// `path("/posts/{}/comments/{}", post, comment)`. Throws `usage_error` when the number of `{}` is another one.
template <std::convertible_to<detail::path_argument>... Arguments>
request_path path(std::string_view pattern, const Arguments&... arguments) {
    const detail::path_argument list[] = {detail::path_argument(arguments)..., detail::path_argument(std::string_view{})};
    return request_path(detail::fill_path(pattern, list, sizeof...(Arguments)));
}

// A value that is sent as JSON.
class json_content {
public:
    json_content() = default;
    template <class T>
        requires(!std::same_as<T, json_content>)
    json_content(const T& value) : text_(detail::json_text(value)) {}
    // Text that is JSON already.
    static json_content raw(std::string text) {
        json_content result;
        result.text_ = std::move(text);
        return result;
    }
    bool has_value() const noexcept { return text_.has_value(); }
    std::string take() { return std::move(*text_); }

private:
    std::optional<std::string> text_;
};

// What one call adds to or changes of the client's options. At most one of `json`, `form`, `content` and `stream`.
struct call_options {
    query_params params;  // appended to the query of the path
    http::headers headers;
    json_content json;                    // sets `content-type: application/json`
    query_params form;                    // sets `content-type: application/x-www-form-urlencoded`
    std::optional<std::string> content;   // bytes, sent as they are
    std::unique_ptr<body_source> stream;  // sent chunked unless its size is known; cannot be sent twice
    std::optional<timeout_options> timeout;
    std::optional<std::uint64_t> max_body;
};

class client {
public:
    // See `open`.
    explicit client(client_options options);
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    ~client();

    // Each gives the response with its whole body. They suspend; a cancelled call closes its connection and leaks nothing.
    // Throw the errors of `errors.hpp`; a status such as 404 is no error (see `raise_for_status`). Argument views need to live only
    // until the call returns its task.
    HEM_CORO_WRAPPER task<response> get(request_path path, call_options options = {});
    HEM_CORO_WRAPPER task<response> head(request_path path, call_options options = {});
    HEM_CORO_WRAPPER task<response> post(request_path path, call_options options = {});
    HEM_CORO_WRAPPER task<response> put(request_path path, call_options options = {});
    HEM_CORO_WRAPPER task<response> patch(request_path path, call_options options = {});
    HEM_CORO_WRAPPER task<response> del(request_path path, call_options options = {});
    task<response> call(std::string method, request_path path, call_options options = {});

    // `get("/posts/{}", id)`: each argument becomes one path segment, percent-encoded. With more options: `get(path("/posts/{}", id),
    // {...})`.
    template <std::convertible_to<detail::path_argument> First, std::convertible_to<detail::path_argument>... Rest>
    HEM_CORO_WRAPPER task<response> get(std::string_view pattern, First first, Rest... rest) {
        return get(http::path(pattern, first, rest...));
    }
    template <std::convertible_to<detail::path_argument> First, std::convertible_to<detail::path_argument>... Rest>
    HEM_CORO_WRAPPER task<response> del(std::string_view pattern, First first, Rest... rest) {
        return del(http::path(pattern, first, rest...));
    }

    // Calls `body(response&)` as soon as the head is there; `response.content().stream()` gives the bytes. The connection is bound to
    // the callback: what it leaves unread is drained up to 64 KiB or 100 ms, else the connection closes.
    task<void> stream(std::string method, request_path path, callable<task<void>(response&)> body, call_options options = {});

    // Sends a request that was built by hand, with the client's base URL and fields; the body of the response is still a stream.
    task<response> send(request& message);

    pool_stats stats() const noexcept;
    // Waits for requests in flight up to 5 s, then cancels them. Idempotent; calls after it throw `closed_resource`.
    task<void> aclose();

private:
    struct state;
    std::unique_ptr<state> state_;
};

// A client for `with`. Throws `invalid_url` for a bad base URL and `unsupported_protocol` for `https://`, which Hem has no TLS for yet.
task<client> open(client_options options = {});

}  // namespace hem::http
