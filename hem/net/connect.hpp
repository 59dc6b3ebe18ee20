// Name resolution and connecting.
#pragma once

#include <string>
#include <vector>

#include "hem/core/task.hpp"
#include "hem/net/endpoint.hpp"
#include "hem/net/socket_stream.hpp"

namespace hem::net {

// Connects to an endpoint: names are resolved on the worker pool (kept 5 s, failures 1 s, per loop); addresses are tried 250 ms apart, the
// first that answers wins and the others are closed (RFC 8305). TCP_NODELAY is on. A cancel point; cancelled, nothing stays open. Throws
// network_error, kind `not_sent`, naming the endpoint and what went wrong with each address.
task<socket_stream> connect(endpoint to);

// Numeric addresses of a name, as text, in the order in which to try them. Throws network_error.
task<std::vector<std::string>> resolve(std::string host);

}  // namespace hem::net
