// One request and its response on one HTTP/1.1 connection, client side.
#pragma once

#include <chrono>
#include <string>

#include "hem/core/clock.hpp"
#include "hem/http/client_options.hpp"
#include "hem/http/detail/connection_pool.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/handler.hpp"

namespace hem::http::detail {

// A reused connection failed before any byte of the response and the request may be sent again.
struct stale_connection {};

struct exchange_context {
    timeout_options timeouts;
    time_point started;
    int tries = 1;
    bool reused = false;  // the connection has served a request before

    // For an error of this exchange.
    exchange_info info(const request& message, phase phase) const;
};

// True if running it twice does no harm (RFC 9110 9.2.2, or it has an Idempotency-Key) and its body can be sent again.
bool is_repeatable(const request& message) noexcept;

// The URL for messages and logs: without userinfo.
std::string shown_url(const request& message);

// Writes the request and reads the head of the response. The slot holds an open connection; it goes into the body of the response, or back
// to the pool when there is none. Throws the errors of `errors.hpp`, or `stale_connection`.
task<response> exchange(request& message, connection_pool::slot slot, exchange_context context);

}  // namespace hem::http::detail
