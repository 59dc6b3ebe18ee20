// Errors of the search layer. `search::error` is what they share: status, type, reason and body of the answer. Each concrete class
// also carries the category of `core` that fits, so that `web` answers 404, 409, 503 or 504 without knowing this layer.
// The classes without a category are faults that the service itself has to judge; its handler decides the status.
#pragma once

#include "hem/core/errors.hpp"
#include "hem/model/json.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

// How an answer came about.
struct response_meta {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string node;                                          // scheme, host and port, or `embedded`
    std::chrono::nanoseconds duration{};
    std::string http_version;
    std::vector<std::string> warnings;  // texts of `Warning` headers

    // The first header of that lower-case name; empty when absent.
    std::string_view header(std::string_view name) const noexcept;
};

struct error_cause {
    std::string type;
    std::string reason;
};

// Mix-in of every error of this layer. It does not derive from std::exception; the concrete classes do, by one path.
class error {
public:
    virtual ~error() = default;
    int status() const noexcept { return meta_.status; }  // 0 when there was no answer
    const std::string& type() const noexcept { return cause_.type; }
    const std::string& reason() const noexcept { return cause_.reason; }
    const std::vector<error_cause>& root_causes() const noexcept { return root_causes_; }
    const std::string& body() const noexcept { return body_; }
    const response_meta& meta() const noexcept { return meta_; }
    bool retryable() const noexcept;  // 429, 502, 503, 504 or no answer at all

protected:
    error() = default;
    error(response_meta meta, error_cause cause) : meta_(std::move(meta)), cause_(std::move(cause)) {}
    // Reads type, reason and root causes from the body of an answer.
    error(response_meta meta, std::string body);

private:
    response_meta meta_;
    error_cause cause_;
    std::vector<error_cause> root_causes_;
    std::string body_;
};

// The server answered with an error status. Text form: `not_found(404, 'index_not_found_exception', 'no such index [x]')`.
class api_error : public std::runtime_error, public error, public classified_failure {
public:
    api_error(response_meta meta, std::string body) : api_error("api_error", std::move(meta), std::move(body)) {}
    failure_kind kind() const noexcept override;

protected:
    api_error(const char* name, response_meta meta, std::string body);
};

class not_found : public api_error, public hem::not_found {
public:
    not_found(response_meta meta, std::string body) : api_error("not_found", std::move(meta), std::move(body)) {}
};

class conflict : public api_error, public hem::conflict {
public:
    conflict(response_meta meta, std::string body) : api_error("conflict", std::move(meta), std::move(body)) {}
};

class bad_request : public api_error {
public:
    bad_request(response_meta meta, std::string body) : api_error("bad_request", std::move(meta), std::move(body)) {}

protected:
    using api_error::api_error;
};
using request_error = bad_request;

// A search that failed on its shards: refused by the server, or answered in part while `partial_results::throw_error` was asked for.
class search_phase_error : public bad_request {
public:
    search_phase_error(response_meta meta, std::string body) : bad_request("search_phase_error", std::move(meta), std::move(body)) {}
};

class unauthorized : public api_error {
public:
    unauthorized(response_meta meta, std::string body) : api_error("unauthorized", std::move(meta), std::move(body)) {}
};

class forbidden : public api_error {
public:
    forbidden(response_meta meta, std::string body) : api_error("forbidden", std::move(meta), std::move(body)) {}
};

class too_many_requests : public api_error, public hem::unavailable {
public:
    too_many_requests(response_meta meta, std::string body);
};

class unavailable_error : public api_error, public hem::unavailable {
public:
    unavailable_error(response_meta meta, std::string body);
};

// The node could not be reached or the connection failed. `sent()`: bytes of the request may have reached the server.
class connection_error : public hem::network_error, public error {
public:
    connection_error(const std::string& what, bool sent)
        : hem::network_error(what, sent ? failure_kind::transient : failure_kind::not_sent),
          error(response_meta{}, error_cause{"connection_error", what}), sent_(sent) {}
    bool sent() const noexcept { return sent_; }

private:
    bool sent_;
};

class tls_error : public connection_error {
public:
    using connection_error::connection_error;
};

// No whole answer within `request_timeout`.
class connection_timeout : public hem::timeout_error, public error, public classified_failure {
public:
    connection_timeout(const std::string& what, bool sent)
        : hem::timeout_error(what), error(response_meta{}, error_cause{"connection_timeout", what}), sent_(sent) {}
    failure_kind kind() const noexcept override { return sent_ ? failure_kind::transient : failure_kind::not_sent; }
    bool sent() const noexcept { return sent_; }

private:
    bool sent_;
};

// A body that is not what it should be: cut, not JSON, of another shape.
class serialization_error : public std::runtime_error, public error {
public:
    explicit serialization_error(const std::string& what, response_meta meta = {})
        : std::runtime_error(what), error(std::move(meta), error_cause{"serialization_error", what}) {}
};

// A stored document does not fit the C++ type: `document_id()` and the path of the member say which.
class decode_error : public std::runtime_error, public error {
public:
    decode_error(std::string document_id, std::string path, const std::string& reason);
    const std::string& document_id() const noexcept { return document_id_; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string document_id_;
    std::string path_;
};

class unsupported_product : public std::runtime_error, public error {
public:
    using std::runtime_error::runtime_error;
};

class scan_error : public std::runtime_error, public error {
public:
    using std::runtime_error::runtime_error;
};

// `ensure()` found a field whose type or analysis differs. `path()` names it; `stored()` and `wanted()` are both sides as JSON.
class mapping_conflict : public std::runtime_error, public error {
public:
    mapping_conflict(std::string index, std::string path, std::string stored, std::string wanted);
    const std::string& path() const noexcept { return path_; }
    const std::string& stored() const noexcept { return stored_; }
    const std::string& wanted() const noexcept { return wanted_; }

private:
    std::string path_;
    std::string stored_;
    std::string wanted_;
};

// A call that cannot mean anything: writing through a pattern, an update without fields, `delete_by_query` with a sort.
class illegal_operation : public std::runtime_error, public error {
public:
    using std::runtime_error::runtime_error;
};

class unknown_connection : public std::runtime_error, public error {
public:
    using std::runtime_error::runtime_error;
};

struct validation_fault {
    std::string path;
    std::string reason;
};

// A document failed its own constraints before it was sent.
class validation_error : public std::runtime_error, public error {
public:
    explicit validation_error(std::vector<validation_fault> faults);
    const std::vector<validation_fault>& faults() const noexcept { return faults_; }

private:
    std::vector<validation_fault> faults_;
};

namespace detail {
// Throws the class that belongs to the status of an answer.
[[noreturn]] void throw_api_error(response_meta meta, std::string body);
// `Retry-After` in seconds; nothing when absent or a date.
std::optional<std::chrono::nanoseconds> retry_after_of(const response_meta& meta);
}  // namespace detail

static_assert(std::is_convertible_v<not_found*, std::exception*>);
static_assert(std::is_convertible_v<search_phase_error*, std::exception*>);
static_assert(std::is_convertible_v<too_many_requests*, std::exception*>);
static_assert(std::is_convertible_v<tls_error*, std::exception*>);
static_assert(std::is_convertible_v<connection_timeout*, std::exception*>);
static_assert(std::is_convertible_v<decode_error*, std::exception*>);
static_assert(std::is_convertible_v<validation_error*, std::exception*>);

}  // namespace hem::search
