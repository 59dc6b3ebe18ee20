// A listening socket: TCP or Unix, or an inherited descriptor. Accepted sockets are non-blocking, close-on-exec, with TCP_NODELAY.
#pragma once

#include "hem/core/detail/reactor.hpp"
#include "hem/core/task.hpp"
#include "hem/net/endpoint.hpp"
#include "hem/net/socket_stream.hpp"

namespace hem::net {

struct listen_options {
    int backlog = 4096;
    bool reuse_port = false;  // several workers with a listener each
};

class listener {
public:
    // Binds and listens. Throws network_error that names the endpoint and, for a port in use, says so. A leftover Unix socket file is
    // removed only after a connect to it was refused; new ones get mode 0660.
    static listener open(const endpoint& where, const listen_options& options = {});
    // Takes over a listening descriptor.
    static listener adopt(int fd);
    // Of a simulated network; `descriptor` is a simulated one.
    listener(hem::detail::io_descriptor descriptor, std::unique_ptr<detail::listener_device> device, endpoint local);

    listener(listener&& other) noexcept;
    ~listener();

    // Waits for a connection. A cancel point; a connection that was accepted is always returned. When the process has no descriptor left, a
    // reserve is given up to accept and close one connection, then accepting pauses 100 ms.
    task<socket_stream> accept();
    // One that the kernel has queued, without waiting; not open if there is none.
    socket_stream try_accept();
    void close() noexcept;

    // Where it listens; the port that the kernel chose for port 0.
    const endpoint& local() const noexcept { return local_; }

private:
    listener(int fd, endpoint local);
    int accept_descriptor();
    void shed_one();

    hem::detail::io_descriptor descriptor_;
    std::unique_ptr<detail::listener_device> device_;  // instead of a socket
    endpoint local_;
    int reserve_ = -1;
    bool unlink_ = false;
    bool exhausted_ = false;
};

}  // namespace hem::net
