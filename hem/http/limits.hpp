// Every limit and timeout of the HTTP server, with its default; zero means none where the comment does not say otherwise.
//
// The parser uses `head` and `body`, the connection the rest. What happens beyond each limit: the table in README.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hem::http {

// Limits that the parsers check. Heads are held in 16-bit offsets, so line and section together stay below 64 KiB.
struct head_limits {
    std::size_t request_line = 8 * 1024;     // bytes, line end included; beyond: 414
    std::size_t method = 32;                 // bytes; beyond: 501
    std::size_t header_section = 16 * 1024;  // bytes, from the first field to the empty line included; beyond: 431
    std::size_t fields = 100;                // at most 128; beyond: 431
    std::size_t field_name = 256;            // bytes; beyond: 431
};

struct body_limits {
    std::uint64_t body = 2 * 1024 * 1024;           // bytes after de-chunking; beyond: 413
    std::size_t chunk_extension = 256;              // bytes per chunk; beyond: 400
    std::size_t chunk_extensions_total = 4 * 1024;  // bytes per message; beyond: 400
    std::size_t trailer_section = 4 * 1024;         // bytes; beyond: 400
    std::size_t trailer_fields = 32;                // at most 32; beyond: 400
};

struct server_limits {
    head_limits head;
    body_limits body;

    std::size_t connections = 10'000;        // per worker; 64 more get 503 and are closed, then accepting pauses
    std::size_t connections_per_peer = 0;    // per worker; beyond: closed without an answer
    std::size_t requests_in_flight = 4'096;  // per worker; beyond: 503, connection kept
    std::size_t pipelined = 16;              // requests of one connection that run side by side; 1: one after the other
    std::size_t max_requests = 0;            // per connection; then it closes
    std::size_t drain_unread = 64 * 1024;    // bytes of an unread request body that are read and dropped to keep the connection

    std::chrono::nanoseconds first_byte = std::chrono::seconds{10};     // after accept; beyond: silent close
    std::chrono::nanoseconds head_complete = std::chrono::seconds{10};  // after the first byte; beyond: 408, close
    std::chrono::nanoseconds body_gap = std::chrono::seconds{30};       // between bytes of a request body; beyond: 408, close
    std::uint64_t body_rate = 1024;  // bytes per second over any 10 s after the first 5 s; beyond: 408, close
    std::chrono::nanoseconds write_stall = std::chrono::seconds{30};  // no byte taken by the peer; beyond: reset
    std::uint64_t write_rate = 1024;                                  // bytes per second over 30 s while bytes are queued; beyond: reset
    std::chrono::nanoseconds keep_alive_idle = std::chrono::seconds{75};  // beyond: close
    std::chrono::nanoseconds connection_age = std::chrono::nanoseconds{0};
    std::chrono::nanoseconds handler = std::chrono::seconds{60};          // until the response head; beyond: cancelled, 504
    std::chrono::nanoseconds half_close_grace = std::chrono::seconds{1};  // from end of file of the peer until its handlers are cancelled
    std::chrono::nanoseconds linger = std::chrono::seconds{1};            // of a close after an error answer
    std::chrono::nanoseconds drain_grace = std::chrono::seconds{30};      // from the start of a drain until handlers are cancelled
    std::chrono::nanoseconds drain_cleanup = std::chrono::seconds{5};     // after it, for cleanup
};

}  // namespace hem::http
