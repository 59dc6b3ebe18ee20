// A request, as a server's handler receives it and as a client sends it. HTTP/1.1 and HTTP/2 give handlers the same type.
//
// It owns its bytes: every view that it gives lives as long as the request, across awaits. What must outlive it is copied.
// Tests and the in-process client make one without a socket: `request{"POST", "/search?page=2"}` and `set_body(...)`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hem/http/body.hpp"
#include "hem/http/headers.hpp"

namespace hem {
class event;
}

namespace hem::http {

class head_parser;
struct framing;

struct path_parameter {
    std::string_view name;
    std::string_view value;  // decoded
};

namespace detail {

// The address of `key` is the key of type T in a request's context.
template <class T>
struct context_key {
    static inline const char key = 0;
};

struct context_slot {
    const void* key;
    void* value;
    void (*destroy)(void*) noexcept;
};

}  // namespace detail

class request {
public:
    request();
    // `target` is a path with an optional query ("/posts?page=2"), or a whole URL, which sets scheme and host, too.
    // Throws `invalid_url` for anything else and `std::invalid_argument` for a method that is no token.
    request(std::string_view method, std::string_view target);
    request(request&&) noexcept;
    request& operator=(request&&) noexcept;
    ~request();

    // ---- the request line ----
    std::string_view method() const noexcept { return method_; }
    method_kind method_id() const noexcept { return method_id_; }
    std::string_view target() const noexcept { return target_; }  // as sent
    std::string_view path() const noexcept { return path_; }      // percent-encoded, without query; "*" of OPTIONS
    std::string_view query() const noexcept { return query_; }    // percent-encoded, without '?'
    http_version version() const noexcept { return version_; }

    void set_method(std::string_view method);
    void set_target(std::string_view target);
    void set_version(http_version version) noexcept { version_ = version; }

    // ---- fields ----
    http::headers& headers() noexcept { return headers_; }
    const http::headers& headers() const noexcept { return headers_; }
    // Null until the body has been read to its end and where it had none.
    const http::headers* trailers() const noexcept;
    void set_trailers(std::unique_ptr<http::headers> trailers) noexcept { trailers_ = std::move(trailers); }

    // ---- where it came from (server) or goes to (client) ----
    std::string_view scheme() const noexcept { return scheme_; }  // "http" or "https"
    std::string_view host() const noexcept { return host_; }      // of the target's absolute form, else of `Host`; with port if given
    std::string_view peer() const noexcept { return peer_; }      // address of the other side, without port; empty when there is none
    std::uint16_t peer_port() const noexcept { return peer_port_; }
    void set_scheme(std::string_view scheme) { scheme_ = store(scheme); }
    void set_host(std::string_view host) { host_ = store(host); }
    void set_peer(std::string_view address, std::uint16_t port) {
        peer_ = store(address);
        peer_port_ = port;
    }

    // Fires when the server begins to drain: endless streams end after their current item. Null where there is no server.
    hem::event* shutting_down() const noexcept { return shutting_down_; }
    void set_shutting_down(hem::event* event) noexcept { shutting_down_ = event; }

    // ---- body; read once, by one task ----
    // The whole body; the view lives as long as the request, and asking again gives the same. Suspends; a cancelled read can be
    // repeated. Throws `body_too_large` (answered with 413) or `bad_request_body`.
    task<std::string_view> body();
    // The body as it comes, limited as well. The source lives as long as the request. Throws `stream_consumed` after `body()` began.
    body_source& stream();
    // Reads and drops what is left.
    task<void> discard();
    // True when there is no body to read, or `body()` has already read it.
    bool body_complete() const noexcept { return source_ == nullptr || buffered_; }
    // Of this request alone, in bytes; 0 means none. A route may raise or lower the server's limit before the body is read.
    void set_body_limit(std::uint64_t bytes) noexcept { body_limit_ = bytes; }
    std::uint64_t body_limit() const noexcept { return body_limit_; }
    // Throws `body_too_large` when it is known before reading that the body is over its limit. Does not suspend.
    void check_body_limit() const;

    void set_body(std::string bytes);                             // replaces the body; readable at once
    void set_body(std::unique_ptr<body_source> source) noexcept;  // owned
    void set_body_source(body_source* source) noexcept;           // not owned: lives as long as the request
    // For a client: the body as bytes when it can be sent again; null for a stream and where there is none.
    const std::string* replayable_body() const noexcept { return buffered_ ? &buffer_ : nullptr; }
    bool has_stream() const noexcept { return source_ != nullptr && !buffered_; }
    // The size of the stream, where its source knows it.
    std::optional<std::uint64_t> stream_size() const noexcept { return has_stream() ? source_->size() : std::nullopt; }

    // ---- what the router and middleware leave here ----
    std::span<const path_parameter> path_parameters() const noexcept { return path_parameters_; }
    // Copies the list, not the bytes: those live in this request (`store`) or longer.
    void set_path_parameters(std::span<const path_parameter> parameters) { path_parameters_.assign(parameters.begin(), parameters.end()); }
    // The template of the route that matched ("/posts/{id}"); empty before. The view must outlive the request.
    std::string_view route() const noexcept { return route_; }
    void set_route(std::string_view route) noexcept { route_ = route; }

    // The T that was put here, or null. One value per type.
    template <class T>
    T* context() const noexcept {
        return static_cast<T*>(find_context(&detail::context_key<T>::key));
    }
    // Replaces the T; the request owns it.
    template <class T>
    T& set_context(T value) {
        T* owned = new T(std::move(value));
        put_context({&detail::context_key<T>::key, owned, [](void* old) noexcept { delete static_cast<T*>(old); }});
        return *owned;
    }

    // Copies text into the request; the view lives as long as it.
    std::string_view store(std::string_view text) { return bytes_.copy(text); }
    // Room for `bytes` bytes in the request.
    char* allocate(std::size_t bytes) { return bytes_.allocate(bytes); }
    void shrink_last(std::size_t bytes) noexcept { bytes_.shrink_last(bytes); }

    // ---- for servers ----
    // Takes over a head that `parser` has read from `bytes` and `decide_framing` has judged (the same bytes; copied once).
    void assign(const head_parser& parser, const char* bytes, const framing& framing);
    // Makes it empty for the next message; keeps the memory.
    void reset() noexcept;

private:
    void* find_context(const void* key) const noexcept {
        for (const auto& slot : context_)
            if (slot.key == key) return slot.value;
        return nullptr;
    }
    void put_context(detail::context_slot slot);
    [[noreturn]] void refuse_body() const;
    void drop_context() noexcept;
    void split_target() noexcept;

    std::string_view method_;
    std::string_view target_;
    std::string_view path_;
    std::string_view query_;
    std::string_view scheme_ = "http";
    std::string_view host_;
    std::string_view peer_;
    std::string_view route_;
    http::headers headers_;
    std::unique_ptr<http::headers> trailers_;
    detail::arena bytes_;
    std::vector<path_parameter> path_parameters_;
    std::vector<detail::context_slot> context_;
    hem::event* shutting_down_ = nullptr;
    body_source* source_ = nullptr;
    std::unique_ptr<body_source> owned_source_;
    std::string buffer_;
    std::uint64_t body_limit_ = 0;
    std::uint16_t peer_port_ = 0;
    method_kind method_id_ = method_kind::other;
    http_version version_ = http_version::http_1_1;
    bool buffered_ = false;
    bool consumed_ = false;
};

}  // namespace hem::http
