// Where the blog listens, and a server without an app that runs until Ctrl-C or SIGTERM and is drained then.
#pragma once

#include "hem/core/task.hpp"
#include "hem/http/server.hpp"

#include <cstdint>
#include <string>

namespace blog {

// `127.0.0.1:8000`, `[::1]:8000`.
std::string endpoint_text(const std::string& host, std::uint16_t port);

// Where a server listens that was bound to `host`, as a URL without a slash at the end.
std::string url_of(const hem::http::server& server, const std::string& host);

// Says on standard output that requests under way are answered first.
void announce_stop();

// Serves until a signal, says that it stops, answers what is under way. A second signal ends the grace time. Gives the exit code:
// 0, or 128 + the number of the second signal. The run must not handle SIGINT itself.
hem::task<int> serve_until_signal(hem::http::server& server);

}  // namespace blog
