// The little that the client needs of a connection, so that its pool and exchanges run over sockets and over scripted streams alike.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::http::detail {

class wire {
public:
    wire() = default;
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    virtual ~wire() = default;  // closes

    // At least one byte, 0 at the end of the stream. A cancelled read lost nothing. Throws `network_error`.
    virtual task<std::size_t> read_some(std::span<char> into) = 0;
    // All pieces, in order. Throws `network_error`.
    virtual task<void> write_all(std::span<const std::string_view> pieces) = 0;
    // Bytes that the kernel has taken since the connection was opened.
    virtual std::uint64_t bytes_written() const noexcept = 0;
    // True when an idle connection has bytes or its end waiting: it is dead. Does not suspend.
    virtual bool readable() const noexcept = 0;
    // Ends it at once; a read or write that waits fails with `network_error`.
    virtual void close() noexcept = 0;
};

struct origin {
    std::string host;  // lower case, brackets around an IPv6 address
    std::uint16_t port = 0;

    bool operator==(const origin&) const = default;
    std::string text() const { return host + ":" + std::to_string(port); }
};

// Opens a connection. Throws `network_error`.
using connect_function = callable<task<std::unique_ptr<wire>>(origin)>;

// Over TCP, by layer `net`.
connect_function connect_by_socket();

}  // namespace hem::http::detail
