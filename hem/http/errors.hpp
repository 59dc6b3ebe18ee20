// What goes wrong in HTTP, as exceptions. Each is caught by its own type, by the `hem` class of its kind (`catch (const
// hem::timeout_error&)`), or as `http::error`, which tells method, masked URL, phase and tries.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "hem/core/errors.hpp"

namespace hem::http {

// A field name or value that must not be sent. Names field and offset, never the value.
class invalid_header : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

// A body that is larger than its limit. The server answers 413.
class body_too_large : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A request body that broke its framing or ended early; the server answers `status` (0: nothing, the peer is gone).
class bad_request_body : public std::runtime_error {
public:
    bad_request_body(const std::string& what, int status) : std::runtime_error(what), status_(status) {}
    int status() const noexcept { return status_; }

private:
    int status_;
};

// A one-shot body was read twice, or after the scope that bounded it.
class stream_consumed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
class stream_closed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

enum class phase : std::uint8_t { prepare, pool, connect, write, read };

struct exchange_info {
    std::string method;
    std::string url;  // userinfo and secret query values masked
    http::phase phase = http::phase::prepare;
    std::chrono::nanoseconds elapsed{0};
    int tries = 1;
    bool idempotent = false;  // by method or Idempotency-Key, and with a body that can be sent again
};

// Mix-in of every error of a client call. Does not derive from std::exception: the concrete class does, by one path.
class error {
public:
    virtual ~error() = default;
    const std::string& method() const noexcept { return info_.method; }
    const std::string& url() const noexcept { return info_.url; }
    http::phase phase() const noexcept { return info_.phase; }
    std::chrono::nanoseconds elapsed() const noexcept { return info_.elapsed; }
    int tries() const noexcept { return info_.tries; }
    // True when sending the same request again cannot run it twice, or may not harm.
    virtual bool is_retryable() const noexcept { return false; }

protected:
    explicit error(exchange_info info) : info_(std::move(info)) {}
    exchange_info info_;
};

// A phase timer fired. The deadline of a surrounding scope never becomes one of these.
class connect_timeout : public timeout_error, public error, public classified_failure {
public:
    connect_timeout(const std::string& what, exchange_info info) : timeout_error(what), error(std::move(info)) {}
    failure_kind kind() const noexcept override { return failure_kind::not_sent; }
    bool is_retryable() const noexcept override { return true; }
};
class read_timeout : public timeout_error, public error, public classified_failure {
public:
    read_timeout(const std::string& what, exchange_info info) : timeout_error(what), error(std::move(info)) {}
    failure_kind kind() const noexcept override { return failure_kind::transient; }
    bool idempotent() const noexcept override { return info_.idempotent; }
    bool is_retryable() const noexcept override { return info_.idempotent; }
};
class write_timeout : public timeout_error, public error, public classified_failure {
public:
    write_timeout(const std::string& what, exchange_info info) : timeout_error(what), error(std::move(info)) {}
    failure_kind kind() const noexcept override { return failure_kind::transient; }
    bool idempotent() const noexcept override { return info_.idempotent; }
    bool is_retryable() const noexcept override { return info_.idempotent; }
};
class pool_timeout : public timeout_error, public unavailable, public error, public classified_failure {
public:
    pool_timeout(const std::string& what, exchange_info info) : timeout_error(what), error(std::move(info)) {}
    failure_kind kind() const noexcept override { return failure_kind::not_sent; }
    bool is_retryable() const noexcept override { return true; }
};
// More requests wait for a connection than `max_waiting` allows.
class pool_full : public std::runtime_error, public unavailable, public error, public classified_failure {
public:
    pool_full(const std::string& what, exchange_info info) : std::runtime_error(what), error(std::move(info)) {}
    failure_kind kind() const noexcept override { return failure_kind::not_sent; }
    bool is_retryable() const noexcept override { return true; }
};

class connect_error : public network_error, public error {
public:
    connect_error(const std::string& what, exchange_info info) : network_error(what, failure_kind::not_sent), error(std::move(info)) {}
    bool is_retryable() const noexcept override { return true; }
};
class read_error : public network_error, public error {
public:
    read_error(const std::string& what, exchange_info info) : network_error(what), error(std::move(info)) {}
    bool idempotent() const noexcept override { return info_.idempotent; }
    bool is_retryable() const noexcept override { return info_.idempotent; }
};
class write_error : public network_error, public error {
public:
    write_error(const std::string& what, exchange_info info) : network_error(what), error(std::move(info)) {}
    bool idempotent() const noexcept override { return info_.idempotent; }
    bool is_retryable() const noexcept override { return info_.idempotent; }
};

// The peer broke HTTP.
class remote_protocol_error : public std::runtime_error, public error {
public:
    remote_protocol_error(const std::string& what, exchange_info info) : std::runtime_error(what), error(std::move(info)) {}
};
// The caller built a message that must not be sent.
class local_protocol_error : public std::runtime_error, public error {
public:
    local_protocol_error(const std::string& what, exchange_info info) : std::runtime_error(what), error(std::move(info)) {}
};
class unsupported_protocol : public std::runtime_error, public error {
public:
    unsupported_protocol(const std::string& what, exchange_info info) : std::runtime_error(what), error(std::move(info)) {}
};
// A buffered response body over the client's limit.
class response_too_large : public body_too_large, public error {
public:
    response_too_large(const std::string& what, exchange_info info) : body_too_large(what), error(std::move(info)) {}
};

// Text that is no URL, or a URL that cannot be used; names the offset.
class invalid_url : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

// `raise_for_status()` of a response whose status is not 2xx. Carries status and the first KiB of the body.
class status_error : public std::runtime_error, public error, public classified_failure {
public:
    status_error(const std::string& what, exchange_info info, int status, std::string body)
        : std::runtime_error(what), error(std::move(info)), status_(status), body_(std::move(body)) {}
    int status() const noexcept { return status_; }
    const std::string& body() const noexcept { return body_; }
    failure_kind kind() const noexcept override;
    bool idempotent() const noexcept override { return info_.idempotent; }
    bool is_fault() const noexcept override { return status_ >= 500; }
    bool is_retryable() const noexcept override;

private:
    int status_;
    std::string body_;
};
// The same for 429 and 503: the server asks for less. Carries Retry-After; where nobody catches it a server of ours answers 503, too.
class overload_error : public status_error, public unavailable {
public:
    overload_error(const std::string& what, exchange_info info, int status, std::string body,
                   std::optional<std::chrono::nanoseconds> retry_after)
        : status_error(what, std::move(info), status, std::move(body)), unavailable(retry_after) {}
};

static_assert(std::is_convertible_v<connect_timeout*, std::exception*>);
static_assert(std::is_convertible_v<read_timeout*, std::exception*>);
static_assert(std::is_convertible_v<write_timeout*, std::exception*>);
static_assert(std::is_convertible_v<pool_timeout*, std::exception*>);
static_assert(std::is_convertible_v<pool_full*, std::exception*>);
static_assert(std::is_convertible_v<connect_error*, std::exception*>);
static_assert(std::is_convertible_v<read_error*, std::exception*>);
static_assert(std::is_convertible_v<write_error*, std::exception*>);
static_assert(std::is_convertible_v<response_too_large*, std::exception*>);
static_assert(std::is_convertible_v<status_error*, std::exception*>);

}  // namespace hem::http
