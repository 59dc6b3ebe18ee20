#include "hem/net/socket_stream.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "hem/core/errors.hpp"
#include "hem/net/detail/system_calls.hpp"

namespace hem::net {
namespace {

[[noreturn]] void throw_network(const char* what, int error) {
    throw network_error(std::string(what) + ": " + std::system_category().message(error));
}

ssize_t send_pieces(int fd, std::span<const iovec> pieces) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

detail::network*& detail::installed_network() noexcept {
    thread_local network* installed = nullptr;
    return installed;
}

io_result socket_stream::try_read(std::span<char> into) noexcept {
    if (!descriptor_) return {.error = EBADF};
    if (device_) [[unlikely]] {
        const auto result = device_->read(into);
        if (result.would_block) descriptor_.force_clear_readable();
        return result;
    }
    for (;;) {
        const auto got = detail::receive(descriptor_.fd(), into.data(), into.size());
        if (got > 0) {
            // A short read has emptied the socket: the next one need not ask (epoll(7) on edge-triggered streams).
            if (static_cast<std::size_t>(got) < into.size()) descriptor_.clear_readable();
            return {.bytes = static_cast<std::size_t>(got)};
        }
        if (got == 0) return {.end = true};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            descriptor_.force_clear_readable();
            return {.would_block = true};
        }
        return {.error = errno};
    }
}

io_result socket_stream::try_write(std::span<const iovec> pieces) noexcept {
    if (!descriptor_) return {.error = EBADF};
    if (device_) [[unlikely]] {
        const auto result = device_->write(pieces);
        written_ += result.bytes;
        if (result.would_block) descriptor_.force_clear_writable();
        return result;
    }
    for (;;) {
        const auto sent = pieces.size() == 1 ? detail::send(descriptor_.fd(), pieces[0].iov_base, pieces[0].iov_len)
                                             : send_pieces(descriptor_.fd(), pieces);
        if (sent >= 0) {
            written_ += static_cast<std::uint64_t>(sent);
            return {.bytes = static_cast<std::size_t>(sent)};
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            descriptor_.force_clear_writable();
            return {.would_block = true};
        }
        return {.error = errno};
    }
}

task<std::size_t> socket_stream::read_some(std::span<char> into) {
    for (;;) {
        if (!descriptor_) throw closed_resource("reading from a connection that was closed here");
        co_await wait_readable();
        const auto result = try_read(into);
        if (result.error) throw_network("reading from a connection", result.error);
        if (!result.would_block) co_return result.bytes;
    }
}

task<> socket_stream::write_all(std::string_view bytes) { co_await write_all(std::span<const std::string_view>(&bytes, 1)); }

task<> socket_stream::write_all(std::span<const std::string_view> pieces) {
    std::vector<iovec> left;
    left.reserve(pieces.size());
    for (const auto piece : pieces) {
        if (!piece.empty()) left.push_back({const_cast<char*>(piece.data()), piece.size()});
    }
    std::size_t first = 0;
    while (first < left.size()) {
        if (!descriptor_) throw closed_resource("writing to a connection that was closed here");
        co_await wait_writable();
        const auto count = std::min<std::size_t>(left.size() - first, 64);
        auto result = try_write(std::span<const iovec>(left).subspan(first, count));
        if (result.error) throw_network("writing to a connection", result.error);
        while (result.bytes > 0) {
            auto& piece = left[first];
            const auto taken = std::min(result.bytes, piece.iov_len);
            piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
            piece.iov_len -= taken;
            result.bytes -= taken;
            if (piece.iov_len == 0) ++first;
        }
    }
}

void socket_stream::shutdown_write() noexcept {
    if (device_) return device_->shutdown_write();
    if (descriptor_) ::shutdown(descriptor_.fd(), SHUT_WR);
}

void socket_stream::shutdown() noexcept {
    if (device_) return device_->shutdown();
    if (descriptor_) ::shutdown(descriptor_.fd(), SHUT_RDWR);
}

void socket_stream::reset() noexcept {
    if (!descriptor_) return;
    if (device_) {
        device_->reset();
        return close();
    }
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    descriptor_.close();
}

peer_address socket_stream::peer() const {
    if (device_) return device_->peer();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(descriptor_.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    char text[INET6_ADDRSTRLEN];
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        return {text, ntohs(v4.sin_port)};
    }
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        return {text, ntohs(v6.sin6_port)};
    }
    return {"unix", 0};
}

std::size_t socket_stream::unsent_bytes() const noexcept {
    if (device_) return device_->unsent_bytes();
    int bytes = 0;
    return descriptor_ && ::ioctl(descriptor_.fd(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

bool socket_stream::has_input() const noexcept {
    if (!descriptor_) return true;
    if (device_) return device_->has_input();
    pollfd state{.fd = descriptor_.fd(), .events = POLLIN | POLLRDHUP, .revents = 0};
    return ::poll(&state, 1, 0) > 0;
}

}  // namespace hem::net
