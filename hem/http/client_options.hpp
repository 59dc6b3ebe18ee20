// Time limits and sizes of a client, with their defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hem::http {

// How long each phase may take; a duration alone sets all four. `no_phase_timeout` means without end.
inline constexpr std::chrono::nanoseconds no_phase_timeout = std::chrono::nanoseconds::max();

struct timeout_options {
    std::chrono::nanoseconds connect = std::chrono::seconds{5};
    std::chrono::nanoseconds read = std::chrono::seconds{5};   // between bytes
    std::chrono::nanoseconds write = std::chrono::seconds{5};  // between bytes
    std::chrono::nanoseconds pool = std::chrono::seconds{5};   // waiting for a connection

    timeout_options() = default;
    timeout_options(std::chrono::nanoseconds all) : connect(all), read(all), write(all), pool(all) {}
    timeout_options(std::chrono::nanoseconds connect, std::chrono::nanoseconds read, std::chrono::nanoseconds write,
                    std::chrono::nanoseconds pool)
        : connect(connect), read(read), write(write), pool(pool) {}
};

struct pool_options {
    std::size_t max_connections = 100;  // open, opening or idle
    std::size_t max_keepalive = 20;     // idle
    std::chrono::nanoseconds keepalive_expiry = std::chrono::seconds{5};
    std::size_t max_waiting = 200;  // requests waiting for a connection; beyond: `pool_full`
};

// Requests that hold or wait for connections. At all times in_use + idle <= max_connections.
struct pool_stats {
    std::size_t in_use = 0;  // connections open or opening for a request
    std::size_t idle = 0;
    std::size_t waiting = 0;
    std::uint64_t opened = 0;
    std::uint64_t reused = 0;
    std::uint64_t retried = 0;  // silent retries of stale connections
};

}  // namespace hem::http
