// The virtual clock of the running loop, from inside a test.
#pragma once

#include <chrono>

#include "hem/core/clock.hpp"
#include "hem/core/detail/kernel.hpp"

namespace hem::testing {

class virtual_clock {
public:
    static time_point now() { return clock::now(); }
    // Virtual time since the test began.
    static duration elapsed() { return clock::now().time_since_epoch(); }
    // Moves the clock; what is due fires in the next tick. std::invalid_argument for a negative duration, usage_error on a real clock.
    static void jump(duration d);

    // The clock does not jump by itself while the guard lives.
    class [[nodiscard("the clock goes on at once: keep the guard in a variable")]] freeze {
    public:
        freeze();
        freeze(const freeze&) = delete;
        ~freeze();

    private:
        hem::detail::kernel& loop_;
    };
};

// Resumes when every other task waits and nothing is ready, before the clock jumps. A cancel point.
class [[nodiscard("not awaited: write co_await")]] wait_all_tasks_blocked : public hem::detail::wait_node {
public:
    wait_all_tasks_blocked() noexcept : wait_node(ops) {}
    bool await_ready() { return hem::detail::begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() { hem::detail::end_wait(*this); }

private:
    static bool abort(hem::detail::wait_node& node) noexcept;
    static const hem::detail::wait_ops ops;
};

}  // namespace hem::testing
