// A flag that tasks wait for. `set` wakes everybody who waits now, even if `clear` follows at once.
#pragma once

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class event {
public:
    event() noexcept = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    // Resumes nobody inside the call. Not a checkpoint.
    void set() noexcept {
        set_ = true;
        waiters_.grant_all(this);
    }
    void clear() noexcept { set_ = false; }
    bool is_set() const noexcept { return set_; }

    class [[nodiscard("not awaited: write co_await")]] wait_awaiter : public detail::wait_node {
    public:
        explicit wait_awaiter(event& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready() { return begin_wait(*this) || (target_.set_ && complete_now(*this)); }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        void await_resume() { end_wait(*this); }

    private:
        static bool abort(detail::wait_node& node) noexcept {
            static_cast<wait_awaiter&>(node).target_.waiters_.remove(node);
            return true;
        }
        static constexpr detail::wait_ops ops{"event", abort, nullptr};
        event& target_;
    };
    // Waits until the event is set; at once if it is. A cancel point.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

    struct statistics_type {
        std::size_t waiters;
    };
    statistics_type statistics() const noexcept { return {waiters_.size()}; }

private:
    detail::parking_lot waiters_;
    bool set_ = false;
};

}  // namespace hem
