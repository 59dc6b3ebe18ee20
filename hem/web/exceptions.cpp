#include "hem/web/exceptions.hpp"

#include "hem/http/status.hpp"

#include <type_traits>
#include <utility>

namespace hem::web {

static_assert(std::is_convertible_v<http_exception*, std::exception*>);
static_assert(std::is_nothrow_copy_constructible_v<http_exception>, "thrown by copy");

namespace {

std::string describe(int status, const json& detail) {
    return std::to_string(status) + " " + (detail.is_string() ? detail.as_string() : detail.dump());
}

validation_errors one_error(std::string_view type, std::initializer_list<json> loc, std::string_view message, json input) {
    validation_errors errors;
    errors.add({std::string(type), json::array(loc), std::string(message), std::move(input)});
    return errors;
}

}  // namespace

http_exception::http_exception(int status) : http_exception(status, json(http::reason_phrase(status))) {}

http_exception::http_exception(int status, const char* detail, http::headers headers)
    : http_exception(status, json(detail), std::move(headers)) {}

http_exception::http_exception(int status, json detail, http::headers headers)
    : std::runtime_error(describe(status, detail)), status_(status),
      parts_(std::make_shared<const parts>(std::move(detail), std::move(headers))) {}

request_validation_error::request_validation_error(validation_errors errors)
    : std::runtime_error(errors.describe()), errors_(std::make_shared<const validation_errors>(std::move(errors))) {}

request_validation_error::request_validation_error(std::string_view type, std::initializer_list<json> loc, std::string_view message,
                                                   json input)
    : request_validation_error(one_error(type, loc, message, std::move(input))) {}

}  // namespace hem::web
