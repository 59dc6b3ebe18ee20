// The transport of a client that talks HTTP/1.1 over connections: pool, phases with their time limits, the stale connection rule.
#pragma once

#include <memory>

#include "hem/http/client_options.hpp"
#include "hem/http/detail/connection_pool.hpp"
#include "hem/http/transport.hpp"

namespace hem::http {

class network_transport final : public transport {
public:
    network_transport(const pool_options& pool, const timeout_options& timeouts, detail::connect_function connect);
    ~network_transport() override;

    // A request may carry its own `timeout_options` in its context. A response's body holds its connection until it is read to the end,
    // closed or destroyed.
    task<response> send(request& message) override;
    task<void> aclose() override;
    pool_stats stats() const noexcept { return pool_->stats(); }

private:
    detail::connection_pool::handle pool_;
    timeout_options timeouts_;
    detail::connect_function connect_;
    bool closed_ = false;
};

}  // namespace hem::http
