#include "hem/net/listener.hpp"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "hem/core/errors.hpp"
#include "hem/core/sleep.hpp"

namespace hem::net {
namespace {

[[noreturn]] void refuse(const endpoint& where, int error) {
    std::string text = "cannot listen on " + where.to_string() + ": " + std::system_category().message(error);
    if (error == EADDRINUSE) text += " (another process listens there: stop it, or choose another port)";
    if (error == EACCES) text += " (ports below 1024 need privileges)";
    throw network_error(text, failure_kind::permanent);
}

struct descriptor_guard {
    int fd;
    ~descriptor_guard() {
        if (fd >= 0) ::close(fd);
    }
    int release() { return std::exchange(fd, -1); }
};

sockaddr_un unix_address(const endpoint& where, socklen_t& size) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, where.host.data(), std::min(where.host.size(), sizeof address.sun_path - 1));
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.host.size() + 1);
    if (where.host.front() == '@') {
        address.sun_path[0] = '\0';
        --size;
    }
    return address;
}

int open_unix(const endpoint& where) {
    socklen_t size = 0;
    const auto address = unix_address(where, size);
    descriptor_guard socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.fd < 0) refuse(where, errno);
    if (::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        if (errno != EADDRINUSE || where.host.front() == '@') refuse(where, errno);
        // A file is there. Only one that nobody answers on is a leftover.
        descriptor_guard probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (::connect(probe.fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno != ECONNREFUSED) refuse(where, EADDRINUSE);
        if (::unlink(where.host.c_str()) != 0 || ::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0)
            refuse(where, errno);
    }
    if (where.host.front() != '@') ::chmod(where.host.c_str(), 0660);
    return socket.release();
}

int open_tcp(const endpoint& where, const listen_options& options) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    // Addresses to listen on are this machine's: numeric, or in its hosts file. This does not wait for the network.
    if (const int error = ::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &raw); error != 0) {
        throw network_error("cannot listen on " + where.to_string() + ": " + ::gai_strerror(error), failure_kind::permanent);
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(raw, ::freeaddrinfo);
    int error = EADDRNOTAVAIL;
    for (const addrinfo* at = found.get(); at; at = at->ai_next) {
        descriptor_guard socket{::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        const int on = 1;
        if (socket.fd >= 0) {
            ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (options.reuse_port) ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
            if (at->ai_family == AF_INET6) ::setsockopt(socket.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
            if (::bind(socket.fd, at->ai_addr, at->ai_addrlen) == 0) return socket.release();
        }
        error = errno;
    }
    refuse(where, error);
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    return 0;
}

}  // namespace

listener::listener(int fd, endpoint local)
    : descriptor_(fd), local_(std::move(local)), reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

listener::listener(hem::detail::io_descriptor descriptor, std::unique_ptr<detail::listener_device> device, endpoint local)
    : descriptor_(std::move(descriptor)), device_(std::move(device)), local_(std::move(local)) {}

listener::listener(listener&& other) noexcept
    : descriptor_(std::move(other.descriptor_)), device_(std::move(other.device_)), local_(std::move(other.local_)),
      reserve_(std::exchange(other.reserve_, -1)), unlink_(std::exchange(other.unlink_, false)), exhausted_(other.exhausted_) {}

listener::~listener() { close(); }

void listener::close() noexcept {
    descriptor_.close();
    device_.reset();
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
    if (std::exchange(unlink_, false)) ::unlink(local_.host.c_str());
}

listener listener::open(const endpoint& where, const listen_options& options) {
    if (auto* simulated = detail::installed_network()) return simulated->listen(where);
    descriptor_guard socket{where.is_unix ? open_unix(where) : open_tcp(where, options)};
    if (::listen(socket.fd, options.backlog) != 0) refuse(where, errno);
    endpoint local = where;
    if (!where.is_unix) local.port = bound_port(socket.fd);
    listener result(socket.release(), std::move(local));
    result.unlink_ = where.is_unix && where.host.front() != '@';
    return result;
}

listener listener::adopt(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return listener(fd, {.host = "inherited", .port = bound_port(fd)});
}

int listener::accept_descriptor() {
    exhausted_ = false;
    for (;;) {
        const int fd = ::accept4(descriptor_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) return fd;
        switch (errno) {
        case EAGAIN: descriptor_.force_clear_readable(); return -1;
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case EPERM: continue;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: exhausted_ = true; return -1;
        default: throw network_error("cannot accept on " + local_.to_string() + ": " + std::system_category().message(errno));
        }
    }
}

// Without a free descriptor a queued connection can be neither served nor refused: the reserve makes room to close it.
void listener::shed_one() {
    if (reserve_ < 0) return;
    ::close(reserve_);
    const int fd = ::accept4(descriptor_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

socket_stream listener::try_accept() {
    if (device_) [[unlikely]] {
        auto accepted = device_->accept();
        if (!accepted.is_open()) descriptor_.force_clear_readable();
        return accepted;
    }
    const int fd = accept_descriptor();
    if (fd < 0) return {};
    if (!local_.is_unix) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return socket_stream(fd);
}

task<socket_stream> listener::accept() {
    const auto check = [this] {
        if (!descriptor_) throw closed_resource("the listener on " + local_.to_string() + " was closed");
    };
    for (;;) {
        check();
        co_await descriptor_.wait_readable();
        check();  // also closed between the end of the wait and now
        auto accepted = try_accept();
        if (accepted.is_open()) co_return accepted;
        if (exhausted_) {
            shed_one();
            co_await sleep_for(std::chrono::milliseconds(100));
        }
    }
}

}  // namespace hem::net
