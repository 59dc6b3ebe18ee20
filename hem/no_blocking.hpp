// Makes calls that would hold the event loop a compile error. To be included before anything else: link hem::no_blocking, which passes
// `-include hem/no_blocking.hpp`. A file that runs on worker threads only defines HEM_ALLOW_BLOCKING before including anything.
//
// Nothing is defined here; system functions are declared once more, with a sentence. Functions that the standard library itself calls
// are marked deprecated and the warning is an error, because an unavailable one would break the library's own headers.
#pragma once

#if defined(__clang__) && !defined(HEM_ALLOW_BLOCKING)

#define HEM_BLOCKS(instead) __attribute__((unavailable("blocks the event loop, use " instead)))

// Before anything is included: <cstdlib> makes std::system of what it finds.
extern "C" HEM_BLOCKS("co_await hem::to_thread(..)") int system(const char* command);

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>

#pragma clang diagnostic error "-Wdeprecated-declarations"

extern "C" {
HEM_BLOCKS("co_await hem::sleep_for(..)") unsigned sleep(unsigned seconds);
HEM_BLOCKS("co_await hem::sleep_for(..)") int usleep(useconds_t microseconds);
HEM_BLOCKS("co_await hem::to_thread(..)") FILE* popen(const char* command, const char* type);
HEM_BLOCKS("co_await hem::to_thread(..)")
int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result);
HEM_BLOCKS("co_await hem::to_thread(..)") struct hostent* gethostbyname(const char* name);
HEM_BLOCKS("co_await hem::to_thread(..)") pid_t waitpid(pid_t pid, int* status, int options);
HEM_BLOCKS("co_await hem::to_thread(..)") int flock(int descriptor, int operation);
[[deprecated("blocks the event loop, use co_await hem::sleep_for(..)")]]
int nanosleep(const struct timespec* requested, struct timespec* remaining);
}

#undef HEM_BLOCKS

namespace std::this_thread {
template <class Rep, class Period>
[[deprecated("blocks the event loop, use co_await hem::sleep_for(..)")]]
void sleep_for(const chrono::duration<Rep, Period>& time);
template <class Clock, class Duration>
[[deprecated("blocks the event loop, use co_await hem::sleep_until(..)")]]
void sleep_until(const chrono::time_point<Clock, Duration>& time);
}  // namespace std::this_thread

#endif
