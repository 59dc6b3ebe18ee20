// Calls that make a test depend on real time or real chance: a sleep that holds the loop's thread, a random number that no seed gave. The
// linker sends every call in a test program here (`--wrap`, see cmake/hem_layers.cmake); on a thread whose loop runs on virtual time it
// fails the test, elsewhere it is passed on unseen.
#include <gtest/gtest.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "hem/core/detail/kernel.hpp"
#include "hem/testing/detail/fault_runner.hpp"

namespace {

void note(const char* what, const char* instead) {
    const auto* loop = hem::detail::running.loop;
    if (!loop || !loop->virtual_clock) return;
    ADD_FAILURE() << what << " on the thread of a loop with virtual time"
                  << (loop->current ? ", after " + hem::testing::detail::place_of(*loop->current) : std::string()) << ": " << instead;
}

constexpr const char* no_sleep = "co_await hem::sleep_for, or hem::to_thread for code that has to block";
constexpr const char* no_chance = "hem::loop::current().random() gives the test's seeded numbers";

}  // namespace

extern "C" {

int __real_nanosleep(const timespec*, timespec*);
int __wrap_nanosleep(const timespec* wanted, timespec* left) {
    note("a real sleep (nanosleep)", no_sleep);
    return __real_nanosleep(wanted, left);
}
int __real_clock_nanosleep(clockid_t, int, const timespec*, timespec*);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
    note("a real sleep (clock_nanosleep)", no_sleep);
    return __real_clock_nanosleep(clock, flags, wanted, left);
}
int __real_usleep(useconds_t);
int __wrap_usleep(useconds_t wanted) {
    note("a real sleep (usleep)", no_sleep);
    return __real_usleep(wanted);
}
unsigned __real_sleep(unsigned);
unsigned __wrap_sleep(unsigned seconds) {
    note("a real sleep (sleep)", no_sleep);
    return __real_sleep(seconds);
}
ssize_t __real_getrandom(void*, size_t, unsigned);
ssize_t __wrap_getrandom(void* into, size_t bytes, unsigned flags) {
    note("an unseeded random number (getrandom)", no_chance);
    return __real_getrandom(into, bytes, flags);
}
int __real_getentropy(void*, size_t);
int __wrap_getentropy(void* into, size_t bytes) {
    note("an unseeded random number (getentropy)", no_chance);
    return __real_getentropy(into, bytes);
}
int __real_rand();
int __wrap_rand() {
    note("a random number that is not the test's (rand)", no_chance);
    return __real_rand();
}
long __real_random();
long __wrap_random() {
    note("a random number that is not the test's (random)", no_chance);
    return __real_random();
}
// std::random_device::_M_getval()
unsigned __real__ZNSt13random_device9_M_getvalEv(void*);
unsigned __wrap__ZNSt13random_device9_M_getvalEv(void* device) {
    note("an unseeded random number (std::random_device)", no_chance);
    return __real__ZNSt13random_device9_M_getvalEv(device);
}

}  // extern "C"
