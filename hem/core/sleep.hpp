// Waiting for time, and giving others a turn.
#pragma once

#include "hem/core/clock.hpp"
#include "hem/core/detail/kernel.hpp"

namespace hem {
namespace detail {

class [[nodiscard("not awaited: write co_await")]] sleep_awaiter : public wait_node, private timer {
public:
    explicit sleep_awaiter(time_point deadline) noexcept : wait_node(ops), timer(on_due), deadline_(deadline) {}
    bool await_ready() { return begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() { end_wait(*this); }
    static const wait_ops* operations() noexcept { return &ops; }

private:
    static void on_due(timer& t) noexcept;
    static bool abort(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    time_point deadline_;
};

class [[nodiscard("not awaited: write co_await")]] yield_awaiter : public wait_node {
public:
    yield_awaiter() noexcept : wait_node(ops) {}
    bool await_ready() {
        if (begin_wait(*this)) return true;
        state = status::granted;
        return false;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
        suspend_wait(*this, handle);
        woke_itself(*task);
    }
    void await_resume() { end_wait(*this); }

private:
    static const wait_ops ops;
};

class [[nodiscard("not awaited: write co_await")]] due_awaiter : public wait_node {
public:
    due_awaiter() noexcept : wait_node(ops) {}
    bool await_ready() {
        if (begin_wait(*this)) return true;
        state = status::granted;
        return !task->loop->resume_is_due();
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept { suspend_wait(*this, handle); }
    void await_resume() { end_wait(*this); }

private:
    static const wait_ops ops;
};

class [[nodiscard("not awaited: write co_await")]] cancel_point_awaiter : public wait_node {
public:
    cancel_point_awaiter() noexcept : wait_node(ops) {}
    bool await_ready() {
        begin_wait(*this);
        return true;
    }
    void await_suspend(std::coroutine_handle<>) noexcept {}
    void await_resume() { end_wait(*this); }

private:
    static const wait_ops ops;
};

}  // namespace detail

// Suspends for at least `d`; zero or less is yield_now(). A checkpoint; cancelled, it leaves no timer behind. NaN is std::invalid_argument.
template <class Rep, class Period>
detail::sleep_awaiter sleep_for(std::chrono::duration<Rep, Period> d) {
    return detail::sleep_awaiter(detail::saturating_add(clock::now(), detail::to_duration(d)));
}
inline detail::sleep_awaiter sleep_until(time_point t) noexcept { return detail::sleep_awaiter(t); }
template <class Duration>
void sleep_until(std::chrono::time_point<std::chrono::system_clock, Duration>) =
    delete("wall time jumps: pass a duration to sleep_for or a hem::time_point");
// Until cancelled.
inline detail::sleep_awaiter sleep_forever() noexcept { return detail::sleep_awaiter(time_point::max()); }

// Returns after every task that is ready now has run. A checkpoint.
inline detail::yield_awaiter yield_now() noexcept { return {}; }
inline detail::yield_awaiter checkpoint() noexcept { return {}; }
// For loops that compute: yields if this resume has run for 1 ms since its first call of this, else goes on. Always a cancel point.
inline detail::due_awaiter yield_if_due() noexcept { return {}; }
// Throws `cancelled` in a cancelled scope, never suspends.
inline detail::cancel_point_awaiter checkpoint_if_cancelled() noexcept { return {}; }

}  // namespace hem
