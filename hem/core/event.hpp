// A flag that tasks wait for. `set` wakes everybody who waits now, even if `clear` follows at once; who comes while it is set does not
// wait.
//
//     hem::event ready;
//     co_await ready.wait();       // in any number of tasks
//     ready.set();                 // they go on in the order in which they came
#pragma once

#include <string>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class event {
public:
    event() = default;
    explicit event(std::string name) : name_(std::move(name)) {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    // Resumes nobody inside the call. Not a checkpoint. usage_error from another loop or thread.
    void set() {
        owner_.touch("event", name_);
        set_ = true;
        waiters_.grant_all(this);
    }
    // Who was woken already goes on.
    void clear() noexcept { set_ = false; }
    bool is_set() const noexcept { return set_; }

    class [[nodiscard("not awaited: write co_await")]] wait_awaiter : public detail::wait_node {
    public:
        explicit wait_awaiter(event& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready() { return begin_wait(*this, target_.owner_, "event", target_.name_) || (target_.set_ && complete_now(*this)); }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        void await_resume() { end_wait(*this); }

    private:
        static bool abort(detail::wait_node& node) noexcept {
            static_cast<wait_awaiter&>(node).target_.waiters_.remove(node);
            return true;
        }
        static detail::wait_target target(const detail::wait_node& node) noexcept {
            const event& waited_for = static_cast<const wait_awaiter&>(node).target_;
            return {.name = waited_for.name_, .object = &waited_for};
        }
        static constexpr detail::wait_ops ops{"event", abort, nullptr, target};
        event& target_;
    };
    // Waits until the event is set; at once if it is. A cancel point.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

    using statistics_type = wait_statistics;
    statistics_type statistics() const noexcept { return waiters_.statistics(); }

private:
    detail::parking_lot waiters_;
    detail::loop_owner owner_;
    std::string name_;
    bool set_ = false;
};

}  // namespace hem
