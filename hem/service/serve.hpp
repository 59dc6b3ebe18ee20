// Serves an app until SIGTERM or SIGINT, then shuts it down in phases, each with its own deadline:
//
//   unready            /readyz answers 503
//   delay              still accepts, so that balancers notice (`drain_delay`, HEM_DRAIN_DELAY in seconds)
//   stop accepting     takes what the kernel had queued, closes the listeners
//   finish requests    `Connection: close`, streams see shutting_down(); after `limits.drain_grace` they are cancelled
//   background         the app's background work, app-scope providers and lifespans end (inside app.run)
//   flush              the log is written out
//
// A second signal ends every grace time; a third kills the process. What the app was given (stores, clients) closes where it was opened,
// around this call.
#pragma once

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"
#include "hem/http/server.hpp"
#include "hem/service/health.hpp"
#include "hem/web/app.hpp"

namespace hem::service {

struct serve_options {
    http::server_options http;
    duration drain_delay = duration(-1);  // negative: HEM_DRAIN_DELAY, else 0
    duration flush_timeout = std::chrono::seconds(5);
    bool debug_socket = false;  // open one for `hem ps` and `hem top`; HEM_DEBUG=1 does, too
    // Called once the service accepts connections; for saying where. May suspend.
    callable<task<>(http::server&)> on_ready;
    // Called when the first signal has come.
    void (*on_stopping)() = nullptr;
};

// Exit codes (SD-6): 0 all done in time, 3 work was cut off, 128 + number after a second signal. Throws what start-up throws: network_error
// if an endpoint cannot be bound, the error of a provider or lifespan. Call it on the main thread's loop, with `run`'s own SIGINT handling
// off
// (`handle_interrupt = false`).
task<int> serve(web::app& app, health& health, serve_options options);

}  // namespace hem::service
