// A counter that goes down once: who waits goes on when it has reached zero, and it stays there. For "all of n parts are done".
//
//     hem::latch ready(3);
//     ready.count_down();          // three times, by whoever is done
//     co_await ready.wait();
#pragma once

#include <cstddef>
#include <string>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class latch {
public:
    // std::invalid_argument for a negative count.
    explicit latch(std::ptrdiff_t count, std::string name = {});
    latch(const latch&) = delete;
    latch& operator=(const latch&) = delete;

    // Resumes nobody inside the call. Below zero is usage_error and changes nothing; a negative step is std::invalid_argument.
    void count_down(std::ptrdiff_t by = 1);
    std::size_t count() const noexcept { return count_; }
    bool done() const noexcept { return count_ == 0; }

    class [[nodiscard("not awaited: write co_await")]] wait_awaiter : public detail::wait_node {
    public:
        explicit wait_awaiter(latch& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        void await_resume() { end_wait(*this); }

    private:
        static bool abort(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        latch& target_;
    };
    // Waits until the count is zero; at once if it is. A cancel point.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

    struct statistics_type : wait_statistics {
        std::size_t count = 0;
    };
    statistics_type statistics() const noexcept { return {waiters_.statistics(), count_}; }

private:
    detail::parking_lot waiters_;
    detail::loop_owner owner_;
    std::size_t count_;
    std::string name_;
};

}  // namespace hem
