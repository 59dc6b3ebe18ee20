#include "hem/net/connect.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <system_error>

#include "hem/core/errors.hpp"
#include "hem/core/staggered_race.hpp"
#include "hem/core/to_thread.hpp"

namespace hem::net {
namespace {

constexpr auto head_start = std::chrono::milliseconds(250);
constexpr auto keep_found = std::chrono::seconds(5);
constexpr auto keep_failed = std::chrono::seconds(1);
constexpr std::size_t most_cached_names = 1024;

struct resolved {
    std::vector<std::string> addresses;
    std::string error;
    time_point until{};
};
// One cache per thread, hence per loop.
thread_local std::map<std::string, resolved, std::less<>> names;

bool is_numeric(const std::string& host) {
    in6_addr ignored;
    return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

resolved look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* raw = nullptr;
    resolved result;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw); error != 0) {
        result.error = ::gai_strerror(error);
        return result;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(raw, ::freeaddrinfo);
    for (const addrinfo* at = found.get(); at; at = at->ai_next) {
        char text[INET6_ADDRSTRLEN];
        const void* bytes = at->ai_family == AF_INET ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(at->ai_addr)->sin_addr)
                                                     : &reinterpret_cast<sockaddr_in6*>(at->ai_addr)->sin6_addr;
        if (::inet_ntop(at->ai_family, bytes, text, sizeof text)) result.addresses.emplace_back(text);
    }
    return result;
}

[[noreturn]] void fail(const endpoint& to, const std::string& why) {
    throw network_error("cannot connect to " + to.to_string() + ": " + why, failure_kind::not_sent);
}

// The socket's address for one numeric address.
socklen_t make_address(const std::string& text, std::uint16_t port, sockaddr_storage& out) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    ::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return sizeof v6;
}

// One attempt; throws std::system_error.
task<socket_stream> attempt(sockaddr_storage address, socklen_t size) {
    auto check = [](int error) {
        if (error) throw std::system_error(error, std::system_category());
    };
    const int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) check(errno);
    if (address.ss_family != AF_UNIX) {
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    // The connect comes first: a socket that is registered before it reports a hang-up.
    const int started = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? 0 : errno;
    socket_stream candidate(fd);
    if (started == EINPROGRESS) {
        candidate.mark_unwritable();
        co_await candidate.wait_writable();
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
        check(error);
    } else {
        check(started);
    }
    co_return candidate;
}

// One of several addresses of a name.
struct address_attempt {
    std::string address;
    std::uint16_t port;

    task<socket_stream> operator()() const {
        sockaddr_storage target{};
        const auto size = make_address(address, port, target);
        try {
            co_return co_await attempt(target, size);
        } catch (const std::system_error& error) {
            throw std::system_error(error.code(), address);
        }
    }
};

task<socket_stream> only_attempt(const endpoint& to, sockaddr_storage address, socklen_t size) {
    try {
        co_return co_await attempt(address, size);
    } catch (const std::system_error& error) {
        fail(to, error.code().message());
    }
}

}  // namespace

task<std::vector<std::string>> resolve(std::string host) {
    if (auto* simulated = detail::installed_network()) co_return co_await simulated->resolve(std::move(host));
    if (is_numeric(host)) {
        std::vector<std::string> itself;
        itself.push_back(std::move(host));
        co_return itself;
    }
    const auto now = clock::now();
    if (const auto cached = names.find(host); cached != names.end() && cached->second.until > now) {
        if (!cached->second.error.empty())
            throw network_error("cannot resolve " + host + ": " + cached->second.error, failure_kind::not_sent);
        co_return cached->second.addresses;
    }
    auto found = co_await to_thread(look_up, host);
    found.until = clock::now() + (found.error.empty() ? duration(keep_found) : duration(keep_failed));
    if (names.size() >= most_cached_names) names.clear();
    names[host] = found;
    if (!found.error.empty()) throw network_error("cannot resolve " + host + ": " + found.error, failure_kind::not_sent);
    co_return std::move(found.addresses);
}

task<socket_stream> connect(endpoint to) {
    if (auto* simulated = detail::installed_network()) co_return co_await simulated->connect(std::move(to));
    if (to.is_unix) {
        sockaddr_storage address{};
        auto& local = reinterpret_cast<sockaddr_un&>(address);
        local.sun_family = AF_UNIX;
        std::memcpy(local.sun_path, to.host.data(), std::min(to.host.size(), sizeof local.sun_path - 1));
        auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + to.host.size() + 1);
        if (to.host.front() == '@') {
            local.sun_path[0] = '\0';
            --size;
        }
        co_return co_await only_attempt(to, address, size);
    }
    const auto addresses = co_await resolve(to.host);
    if (addresses.empty()) fail(to, "the name has no address");
    if (addresses.size() == 1) {
        sockaddr_storage address{};
        const auto size = make_address(addresses[0], to.port, address);
        co_return co_await only_attempt(to, address, size);
    }
    std::vector<address_attempt> attempts;
    for (const auto& address : addresses) attempts.push_back({address, to.port});
    try {
        co_return (co_await staggered_race(head_start, std::move(attempts))).value;
    } catch (const exception_group& all) {
        std::string reasons;
        all.handle<std::system_error>(
            [&](const std::system_error& error) { reasons += (reasons.empty() ? "" : "; ") + std::string(error.what()); });
        fail(to, reasons);
    }
}

}  // namespace hem::net
