// The one interface between a server and what it serves: a request in, a response out. `web` implements it; tests do, too.
#pragma once

#include "hem/core/callable.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"

namespace hem::http {

// Called once per request; the request lives until the response has been sent. An exception that leaves it becomes 500.
using handler = hem::callable<hem::task<response>(request&)>;

}  // namespace hem::http
