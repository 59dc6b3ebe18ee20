// A loop inside another event loop: Hem's loop does everything itself except to wait. When nothing is left to do it asks its host to wait,
// and the host meanwhile runs its own handlers, on the same thread. interop/asio.hpp is one.
#pragma once

#include "hem/core/clock.hpp"

namespace hem {

class loop_host {
public:
    virtual ~loop_host() = default;
    // Runs the host's handlers until `descriptor` is readable, `limit` has passed (zero: only what is ready; max: no limit), or a handler
    // has run. Called on the loop's thread, outside of any task, also now and then while tasks keep the loop busy.
    virtual void wait(int descriptor, duration limit) noexcept = 0;
};

namespace detail {

// The loop that this thread makes while the guard lives waits in `host`, which outlives it.
class [[nodiscard("the next loop has no host: keep the guard in a variable")]] hosted_loop {
public:
    explicit hosted_loop(loop_host& host) noexcept;
    hosted_loop(const hosted_loop&) = delete;
    ~hosted_loop();
    static loop_host* current() noexcept;
};

}  // namespace detail
}  // namespace hem
