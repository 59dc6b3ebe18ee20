// One name per request, from the client or new: `app.use(web::request_ids());`
//
// An incoming `X-Request-ID` of `[A-Za-z0-9._-]{1,128}` is kept, anything else is replaced by a UUIDv7. The answer carries it, errors
// included, log records carry it as `request_id`, calls that the request makes send it on, and `current_request_id()` gives it.
#pragma once

#include "hem/core/context.hpp"
#include "hem/web/next.hpp"

#include <string>

namespace hem::web {

class request_ids {
public:
    task<http::response> operator()(http::request& request, next& following) const;
};

// Empty outside of a request.
const std::string& current_request_id() noexcept;

// A UUIDv7 (RFC 9562 5.7) from the loop's clock and random source.
std::string make_request_id();

}  // namespace hem::web
