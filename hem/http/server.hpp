// An HTTP/1.1 server: connections in, requests to one handler, responses out. It knows nothing of routes or models.
//
//     hem::http::server server{handler, {.bind = {"127.0.0.1:8000"}}};
//     co_await server.serve();              // until stop(), or until its scope is cancelled; both drain first
//
// Every limit of `server_limits` holds; what breaks the protocol is refused before the handler runs. The handler runs in a scope that is
// cancelled when the client goes away. Draining: the listeners close after taking what the kernel had queued, idle connections close, every
// answer says `Connection: close`, `request.shutting_down()` fires; after the grace time what is left is cancelled.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"
#include "hem/http/handler.hpp"
#include "hem/http/limits.hpp"
#include "hem/http/refusal.hpp"
#include "hem/net/endpoint.hpp"

namespace hem::http {

// What a server tells about itself while it runs. Called on the loop; must not throw. The default writes to nothing.
class server_observer {
public:
    virtual ~server_observer() = default;
    // A request was refused before any handler.
    virtual void refused(refusal, const std::string& peer) noexcept { (void)peer; }
    // An error left the handler; the client got a 500.
    virtual void handler_failed(const request&, const std::exception_ptr&) noexcept {}
    // A response was cut after its head had left: the transfer was broken off visibly.
    virtual void response_cut(const request&, const std::string& why) noexcept { (void)why; }
};

struct server_options {
    std::vector<std::string> bind = {"127.0.0.1:8000"};  // endpoints: host:port, [v6]:port, unix:/path, unix:@name
    std::vector<int> inherited;                          // listening descriptors to adopt
    bool reuse_port = false;                             // several workers, each with its own listener
    server_limits limits;
    std::vector<std::string> allowed_hosts;  // lower case, without port; ".example.com" allows subdomains; empty: all
    std::string server_name = "hem";         // the `Server` field; empty: none
    server_observer* observer = nullptr;     // not owned
};

struct server_statistics {
    std::size_t connections = 0;  // open now
    std::size_t idle = 0;         // of them between requests
    std::size_t in_flight = 0;    // handlers that run
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;
    // Of a drain:
    std::uint64_t drain_finished = 0;
    std::uint64_t drain_cancelled = 0;
    std::uint64_t drain_abandoned = 0;
};

class server {
public:
    server(http::handler handler, server_options options = {});
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    // Binds the listeners. Throws network_error. `serve` does it where this was not called.
    void listen();
    // Where it listens, after listen(); with the port that the kernel chose for port 0.
    std::vector<net::endpoint> local_endpoints() const;

    // Serves until stopped and drained. Cancelling drains as well, then `cancelled` leaves.
    task<> serve();
    // Begins to drain; may be repeated. Plain call on the loop.
    void stop() noexcept;
    // A second stop: ends the grace time at once.
    void stop_now() noexcept;

    server_statistics statistics() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace hem::http
