// The embedded engine's REST API over HTTP: for curl, for foreign clients and for tests. The same bytes as through the transport.
#pragma once

#include "hem/core/callable.hpp"
#include "hem/http/handler.hpp"

#include <memory>

namespace hem::search {

namespace embedded {
class engine;
}

// A handler for `http::server`. It keeps the engine; requests are answered on workers. There is no access control: bind it to loopback.
http::handler http_front(std::shared_ptr<embedded::engine> engine);

}  // namespace hem::search
