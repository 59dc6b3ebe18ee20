// A response: status, fields, body. Cheap to make and to move; what a handler returns and what a client's call gives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hem/http/body.hpp"
#include "hem/http/headers.hpp"
#include "hem/http/status.hpp"

namespace hem::http {

// Values of `content-type`.
namespace content_type {
inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view json_lines = "application/jsonl";
inline constexpr std::string_view ndjson = "application/x-ndjson";
inline constexpr std::string_view text = "text/plain; charset=utf-8";
inline constexpr std::string_view html = "text/html; charset=utf-8";
inline constexpr std::string_view css = "text/css; charset=utf-8";
inline constexpr std::string_view javascript = "text/javascript; charset=utf-8";
inline constexpr std::string_view svg = "image/svg+xml";
inline constexpr std::string_view png = "image/png";
inline constexpr std::string_view bytes = "application/octet-stream";
inline constexpr std::string_view form = "application/x-www-form-urlencoded";
}  // namespace content_type

struct exchange_info;

namespace detail {

struct sent_hook {
    virtual ~sent_hook() = default;
    virtual task<void> run() = 0;
};

template <class F>
struct sent_hook_of final : sent_hook {
    explicit sent_hook_of(F given) : f(std::move(given)) {}
    task<void> run() override { co_await f(); }
    F f;
};

}  // namespace detail

class response {
public:
    // No body.
    response() noexcept : headers_(headers::purpose::response) {}
    explicit response(int status) noexcept : headers_(headers::purpose::response), status_(status) {}
    // `type` must outlive the response: use the constants of `content_type` or a literal; otherwise set the field.
    response(int status, std::string bytes, std::string_view type);
    response(int status, body::static_view bytes, std::string_view type);
    // A body in chunks; sent as they come.
    response(int status, std::unique_ptr<body_source> stream, std::string_view type);
    response(int status, async_generator<std::string> chunks, std::string_view type);
    response(response&&) noexcept = default;
    response& operator=(response&&) noexcept = default;
    ~response() = default;

    // Final answers are 200 to 599.
    int status() const noexcept { return status_; }
    void set_status(int status) noexcept { status_ = status; }

    http::headers& headers() noexcept { return headers_; }
    const http::headers& headers() const noexcept { return headers_; }

    http::body& content() noexcept { return body_; }
    const http::body& content() const noexcept { return body_; }
    void set_content(http::body content) noexcept { body_ = std::move(content); }

    // The bytes at hand: those a handler set, or those a client has read. Empty for a stream.
    std::string_view text() const noexcept { return body_.bytes(); }

    // Trailers, sent only after `TE: trailers` in a chunked body; received ones after the body's end.
    http::headers& trailers();
    const http::headers* find_trailers() const noexcept;

    // `hook()`, which gives a task, runs after the last byte left or after the connection was lost; several run in order. An error of
    // one is logged by the server and does not stop the next.
    template <class F>
    void after_sent(F hook) {
        add_after_sent(std::make_unique<detail::sent_hook_of<F>>(std::move(hook)));
    }
    bool has_after_sent() const noexcept;
    // Takes the first hook out, null when none is left; for servers.
    std::unique_ptr<detail::sent_hook> take_after_sent();

    // ---- on the client ----
    bool is_success() const noexcept { return http::is_success(status_); }
    // Throws `status_error` unless 2xx; else gives the response back.
    response& raise_for_status() &;
    response&& raise_for_status() &&;
    // What was asked, for error messages; null on the server.
    const exchange_info* exchange() const noexcept;
    void set_exchange(exchange_info info);

    // The body as JSON. Throws `model`'s errors; see `hem/http/json.hpp`.
    template <class T>
    T json() const;

private:
    struct extras;
    struct delete_extras {
        void operator()(extras* old) const noexcept;
    };
    extras& more();
    void add_after_sent(std::unique_ptr<detail::sent_hook> hook);

    http::headers headers_;
    http::body body_;
    std::unique_ptr<extras, delete_extras> extras_;
    int status_ = 200;
};

}  // namespace hem::http
