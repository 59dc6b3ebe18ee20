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

    // Lets virtual time pass with real time, `virtual_seconds` in each real one, also while worker jobs run or descriptors are waited for.
    // 0, the default: time passes by jumps only. std::invalid_argument for a negative rate or NaN.
    static void rate(double virtual_seconds);
    // How much real time must pass without anything happening before the clock jumps; 0, the default: it jumps as soon as nothing can run.
    // duration::max(): never. std::invalid_argument for a negative one.
    static void autojump_threshold(duration real);

    // The clock does not move by itself while the guard lives.
    class [[nodiscard("the clock goes on at once: keep the guard in a variable")]] freeze {
    public:
        freeze();
        freeze(const freeze&) = delete;
        ~freeze();

    private:
        hem::detail::kernel& loop_;
    };
};

// Resumes when every other task waits, nothing is ready, no worker job runs, and no I/O has come for `cushion` of real time; before the
// clock jumps. Several waiters go one after the other, the smallest cushion first. A cancel point. std::invalid_argument for a negative
// cushion.
class [[nodiscard("not awaited: write co_await")]] wait_all_tasks_blocked : public hem::detail::blocked_wait {
public:
    explicit wait_all_tasks_blocked(duration cushion = {});
    bool await_ready() { return hem::detail::begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() { hem::detail::end_wait(*this); }

private:
    static bool abort(hem::detail::wait_node& node) noexcept;
    static const hem::detail::wait_ops ops;
};

}  // namespace hem::testing
