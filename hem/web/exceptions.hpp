// What a handler, provider or middleware throws to answer with a status of its own.
//
// Errors of other layers need no translation: those that carry a category of `hem/core/errors.hpp` (not_found, conflict,
// permission_denied, unavailable, rate_limited) become 404, 409, 403, 503 and 429, timeouts 504, and everything else 500.
#pragma once

#include "hem/http/headers.hpp"
#include "hem/model/json.hpp"
#include "hem/model/validation.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hem::web {

// Answered as `{"detail": <detail>}`; without detail the reason phrase stands there. 204 and 304 have no body.
class http_exception : public std::runtime_error {
public:
    explicit http_exception(int status);
    http_exception(int status, json detail, http::headers headers = {});
    http_exception(int status, const char* detail, http::headers headers = {});

    int status() const noexcept { return status_; }
    const json& detail() const noexcept { return parts_->detail; }
    const http::headers& headers() const noexcept { return parts_->headers; }

private:
    struct parts {
        json detail;
        http::headers headers;
    };
    int status_;
    std::shared_ptr<const parts> parts_;  // shared by the copies that throwing makes
};

// The request's inputs do not fit: 422 `{"detail":[…]}`. Handlers may throw it for what no single member can check:
// `throw request_validation_error("value_error", {"query", "page"}, "page × size must be at most 10000", 2000)`.
class request_validation_error : public std::runtime_error {
public:
    explicit request_validation_error(validation_errors errors);
    request_validation_error(std::string_view type, std::initializer_list<json> loc, std::string_view message, json input = {});

    const validation_errors& errors() const noexcept { return *errors_; }

private:
    std::shared_ptr<const validation_errors> errors_;
};

}  // namespace hem::web
