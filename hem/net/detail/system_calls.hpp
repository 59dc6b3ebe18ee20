// recv and send as plain system calls. The C library's are cancellation points of POSIX threads, which costs two atomic operations each as
// soon as a second thread exists. Sanitizers know only the library's.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEM_PLAIN_SYSTEM_CALLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HEM_PLAIN_SYSTEM_CALLS 0
#endif
#endif
#if !defined(HEM_PLAIN_SYSTEM_CALLS) && defined(SYS_recvfrom) && defined(SYS_sendto)
#define HEM_PLAIN_SYSTEM_CALLS 1
#endif

namespace hem::net::detail {

inline ssize_t receive(int fd, void* into, std::size_t size) noexcept {
#if HEM_PLAIN_SYSTEM_CALLS
    return ::syscall(SYS_recvfrom, fd, into, size, 0, nullptr, nullptr);
#else
    return ::recv(fd, into, size, 0);
#endif
}

// Without SIGPIPE.
inline ssize_t send(int fd, const void* bytes, std::size_t size) noexcept {
#if HEM_PLAIN_SYSTEM_CALLS
    return ::syscall(SYS_sendto, fd, bytes, size, MSG_NOSIGNAL, nullptr, 0);
#else
    return ::send(fd, bytes, size, MSG_NOSIGNAL);
#endif
}

}  // namespace hem::net::detail
