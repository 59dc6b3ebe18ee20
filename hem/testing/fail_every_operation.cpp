#include "hem/testing/fail_every_operation.hpp"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <mutex>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/testing/detail/fault_runner.hpp"

namespace hem::testing {
namespace {

// The run that counts. Files and look-ups are also asked for by workers, hence the mutex; everybody else reads one flag.
constinit std::atomic<hem::detail::kernel*> counted_loop{nullptr};
detail::fault_plan* plan = nullptr;
std::mutex plan_mutex;

bool strikes(const char* name) {
    const std::lock_guard guard(plan_mutex);
    if (!plan || !plan->strikes()) return false;
    const auto* loop = hem::detail::running.loop;
    plan->place = name + (loop && loop->current ? ", after " + detail::place_of(*loop->current) : std::string(" on a worker"));
    return true;
}

bool is_expected(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const network_error&) {
        return true;
    } catch (const std::system_error&) {
        return true;
    } catch (const std::bad_alloc&) {
        return true;
    } catch (const exception_group& group) {
        for (const auto& each : group.errors()) {
            if (!is_expected(each)) return false;
        }
        return true;
    } catch (const std::exception& outer) {
        try {
            std::rethrow_if_nested(outer);
        } catch (...) {
            return is_expected(std::current_exception());
        }
        return false;
    } catch (...) {
        return false;
    }
}

class operation_failure final : public detail::fault_kind {
public:
    operation_failure() : fault_kind("with an error", "operation") {}

    void arm(detail::fault_plan& counting) override {
        const std::lock_guard guard(plan_mutex);
        plan = &counting;
        counted_loop = &hem::detail::current_kernel();
    }
    void disarm() noexcept override {
        const std::lock_guard guard(plan_mutex);
        counted_loop = nullptr;
        plan = nullptr;
    }
    bool expects(const std::exception_ptr& error) const override { return is_expected(error); }
    bool expects(report_kind reported) const override { return reported == report_kind::suppressed_error; }
};

// The loop's own descriptors are its machinery, not an operation of the program.
bool is_sockets_or_file(int descriptor) {
    struct stat info{};
    return ::fstat(descriptor, &info) == 0 && (info.st_mode & S_IFMT) != 0;
}

// What workers do for the loop counts as well.
bool fails_here_or_on_a_worker(const char* name, int error) {
    auto* loop = counted_loop.load(std::memory_order_relaxed);
    if (!loop || (hem::detail::running.loop != loop && hem::detail::running.loop) || !strikes(name)) return false;
    errno = error;
    return true;
}

bool fails(const char* name, int error) {
    const int chosen = detail::operation_error(name, error);
    if (chosen != 0) errno = chosen;
    return chosen != 0;
}

}  // namespace

int detail::operation_error(const char* name, int error) noexcept {
    auto* loop = counted_loop.load(std::memory_order_relaxed);
    if (!loop || hem::detail::running.loop != loop) return 0;
    return strikes(name) ? error : 0;
}

std::size_t fail_every_operation(callable<task<>()> f, callable<task<>()> check) {
    operation_failure kind;
    return detail::run_with_faults(kind, f, check);
}

}  // namespace hem::testing

extern "C" {

using hem::testing::fails;
using hem::testing::fails_here_or_on_a_worker;

int __real_socket(int, int, int);
int __wrap_socket(int domain, int type, int protocol) { return fails("socket", EMFILE) ? -1 : __real_socket(domain, type, protocol); }

int __real_connect(int, const sockaddr*, socklen_t);
int __wrap_connect(int fd, const sockaddr* to, socklen_t size) {
    return fails("connect", ECONNREFUSED) ? -1 : __real_connect(fd, to, size);
}

int __real_bind(int, const sockaddr*, socklen_t);
int __wrap_bind(int fd, const sockaddr* to, socklen_t size) { return fails("bind", EADDRINUSE) ? -1 : __real_bind(fd, to, size); }

int __real_listen(int, int);
int __wrap_listen(int fd, int backlog) { return fails("listen", EADDRINUSE) ? -1 : __real_listen(fd, backlog); }

int __real_accept4(int, sockaddr*, socklen_t*, int);
int __wrap_accept4(int fd, sockaddr* from, socklen_t* size, int flags) {
    return fails("accept", EMFILE) ? -1 : __real_accept4(fd, from, size, flags);
}

ssize_t __real_recv(int, void*, size_t, int);
ssize_t __wrap_recv(int fd, void* into, size_t bytes, int flags) {
    return fails("recv", ECONNRESET) ? -1 : __real_recv(fd, into, bytes, flags);
}

ssize_t __real_send(int, const void*, size_t, int);
ssize_t __wrap_send(int fd, const void* from, size_t bytes, int flags) {
    return fails("send", EPIPE) ? -1 : __real_send(fd, from, bytes, flags);
}

ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
    return fails("sendmsg", EPIPE) ? -1 : __real_sendmsg(fd, message, flags);
}

ssize_t __real_recvmsg(int, msghdr*, int);
ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
    return fails("recvmsg", ECONNRESET) ? -1 : __real_recvmsg(fd, message, flags);
}

int __real_epoll_ctl(int, int, int, epoll_event*);
int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
    return operation == EPOLL_CTL_ADD && fails("epoll_ctl", ENOSPC) ? -1 : __real_epoll_ctl(epoll, operation, fd, event);
}

int __real_open(const char*, int, ...);
int __wrap_open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    return fails_here_or_on_a_worker("open", EMFILE) ? -1 : __real_open(path, flags, mode);
}

ssize_t __real_read(int, void*, size_t);
ssize_t __wrap_read(int fd, void* into, size_t bytes) {
    return hem::testing::counted_loop.load(std::memory_order_relaxed) && hem::testing::is_sockets_or_file(fd) && fails("read", EIO)
               ? -1
               : __real_read(fd, into, bytes);
}

ssize_t __real_write(int, const void*, size_t);
ssize_t __wrap_write(int fd, const void* from, size_t bytes) {
    return fd > STDERR_FILENO && hem::testing::counted_loop.load(std::memory_order_relaxed) && hem::testing::is_sockets_or_file(fd) &&
                   fails("write", ENOSPC)
               ? -1
               : __real_write(fd, from, bytes);
}

ssize_t __real_pread(int, void*, size_t, off_t);
ssize_t __wrap_pread(int fd, void* into, size_t bytes, off_t at) {
    return fails_here_or_on_a_worker("pread", EIO) ? -1 : __real_pread(fd, into, bytes, at);
}

ssize_t __real_pwrite(int, const void*, size_t, off_t);
ssize_t __wrap_pwrite(int fd, const void* from, size_t bytes, off_t at) {
    return fails_here_or_on_a_worker("pwrite", ENOSPC) ? -1 : __real_pwrite(fd, from, bytes, at);
}

int __real_fsync(int);
int __wrap_fsync(int fd) { return fails_here_or_on_a_worker("fsync", EIO) ? -1 : __real_fsync(fd); }

int __real_fdatasync(int);
int __wrap_fdatasync(int fd) { return fails_here_or_on_a_worker("fdatasync", EIO) ? -1 : __real_fdatasync(fd); }

int __real_getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**);
int __wrap_getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
    const bool counts = hem::testing::counted_loop.load(std::memory_order_relaxed) != nullptr;
    return counts && hem::testing::strikes("getaddrinfo") ? EAI_AGAIN : __real_getaddrinfo(host, service, hints, found);
}

}  // extern "C"
