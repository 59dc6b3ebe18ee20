// A connected stream socket: TCP or Unix. Non-blocking calls that say "would block", and awaits on top of them. Closes itself; `close` and
// `reset` do it earlier. One reader and one writer may wait at once.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hem/core/detail/reactor.hpp"
#include "hem/core/task.hpp"
#include "hem/net/detail/network.hpp"

namespace hem::net {

// Of a call that does not wait.
struct io_result {
    std::size_t bytes = 0;
    int error = 0;             // errno, 0 for success
    bool would_block = false;  // nothing happened: wait and try again
    bool end = false;          // a read met the end of the stream
};

struct peer_address {
    std::string host;  // "unix" for a Unix socket
    std::uint16_t port = 0;
};

class socket_stream {
public:
    socket_stream() noexcept = default;
    // Takes over a connected, non-blocking descriptor; registers it with the running loop.
    explicit socket_stream(int fd) : descriptor_(fd) {}
    // An end of a simulated connection; `descriptor` is a simulated one.
    socket_stream(hem::detail::io_descriptor descriptor, std::unique_ptr<detail::stream_device> device) noexcept
        : descriptor_(std::move(descriptor)), device_(std::move(device)) {}

    // Reads what is there, up to `into.size()` bytes. Never suspends.
    io_result try_read(std::span<char> into) noexcept;
    // Writes as much as the kernel takes of the pieces. Never suspends, never raises SIGPIPE.
    io_result try_write(std::span<const iovec> pieces) noexcept;

    // Waits until a read or write may make progress, or the descriptor was interrupted. Cancel points.
    // Cancelling either had no effect.
    auto wait_readable() noexcept { return descriptor_.wait_readable(); }
    auto wait_writable() noexcept { return descriptor_.wait_writable(); }

    // At least one byte, 0 at the end of the stream. A cancelled read took nothing. Throws network_error, closed_resource
    // if it was closed here.
    task<std::size_t> read_some(std::span<char> into);
    // All pieces in order; the memory must live until the call ends. A cancelled write may have sent a part. Throws network_error.
    task<> write_all(std::span<const std::string_view> pieces);
    task<> write_all(std::string_view bytes);

    // Sends the end of the stream; reading goes on.
    void shutdown_write() noexcept;
    // Ends both directions: whoever waits for this socket goes on and finds the end. It stays open until close().
    void shutdown() noexcept;
    void close() noexcept {
        descriptor_.close();
        device_.reset();
    }
    // Closes so that the peer sees a reset and unsent bytes are dropped.
    void reset() noexcept;
    // A connect is under way: writing waits until the kernel says how it went.
    void mark_unwritable() noexcept { descriptor_.force_clear_writable(); }
    // Lets a waiting reader and writer go on as if the socket were ready.
    void interrupt() noexcept {
        if (descriptor_) descriptor_.interrupt();
    }
    // Calls `f(data, what)` on the loop, outside of any task, for what happens while nobody waits for it, and for every hang-up.
    void watch(void (*f)(void* data, hem::detail::io_happening what) noexcept, void* data) noexcept {
        if (descriptor_) descriptor_.watch(f, data);
    }
    // False when the last read has emptied the socket and nothing came since.
    bool maybe_readable() const noexcept { return descriptor_ && descriptor_.readable(); }
    // What lies there stays unread: waiting for input waits for what comes after it.
    void leave_input() noexcept {
        if (descriptor_) descriptor_.force_clear_readable();
    }
    // The peer has shut down its side.
    bool hung_up() const noexcept { return descriptor_ && descriptor_.hung_up(); }

    bool is_open() const noexcept { return static_cast<bool>(descriptor_); }
    int fd() const noexcept { return descriptor_.fd(); }
    // The other side's address, asked of the kernel.
    peer_address peer() const;
    // Bytes that the kernel took and the peer has not acknowledged.
    std::size_t unsent_bytes() const noexcept;
    // True when bytes or the end of the stream wait to be read; asks the kernel, does not suspend.
    bool has_input() const noexcept;
    std::uint64_t bytes_written() const noexcept { return written_; }

private:
    hem::detail::io_descriptor descriptor_;
    std::unique_ptr<detail::stream_device> device_;  // instead of a socket
    std::uint64_t written_ = 0;
};

}  // namespace hem::net
