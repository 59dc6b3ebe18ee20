// How a client's request becomes a response: over a pool of connections, by a function in a test, or by a handler in this process.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hem/http/handler.hpp"

namespace hem::http {

class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    // Sends one request and gives its response as soon as the head is there; the body may still be a stream, which holds what it
    // needs (a connection) until it is read, closed or destroyed. Suspends. A cancelled call leaks nothing. Throws the errors of
    // `errors.hpp`; a status such as 404 is no error.
    virtual task<response> send(request& message) = 0;

    // Ends what is open. Idempotent.
    virtual task<void> aclose() = 0;
};

}  // namespace hem::http
