// What may stand in for the machine's network on one thread: a simulated one, in tests. `connect`, `resolve` and `listener::open` ask it
// instead of the kernel while it is installed, and the streams and listeners that it makes carry a device in place of a socket. Everything
// above sockets, an HTTP server included, runs on it unchanged.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hem/core/detail/reactor.hpp"
#include "hem/core/task.hpp"
#include "hem/net/endpoint.hpp"

namespace hem::net {

struct io_result;
struct peer_address;
class socket_stream;
class listener;

namespace detail {

// One end of a connection that is no socket. Destroying it closes the end. It tells of readiness through io_descriptor::signal; a read or
// write that says "would block" promises a signal.
class stream_device {
public:
    virtual ~stream_device() = default;
    virtual io_result read(std::span<char> into) noexcept = 0;
    virtual io_result write(std::span<const iovec> pieces) noexcept = 0;
    virtual void shutdown_write() noexcept = 0;
    // Both directions: what waits here goes on and finds the end.
    virtual void shutdown() noexcept = 0;
    virtual void reset() noexcept = 0;
    virtual peer_address peer() const = 0;
    virtual std::size_t unsent_bytes() const noexcept = 0;
    virtual bool has_input() const noexcept = 0;
};

class listener_device {
public:
    virtual ~listener_device() = default;
    // A connection that waits; a stream that is not open if there is none.
    virtual socket_stream accept() = 0;
};

class network {
public:
    virtual ~network() = default;
    virtual task<socket_stream> connect(endpoint to) = 0;
    virtual listener listen(const endpoint& where) = 0;
    virtual task<std::vector<std::string>> resolve(std::string host) = 0;
};

// This thread's; null for the machine's.
network*& installed_network() noexcept;

}  // namespace detail
}  // namespace hem::net
