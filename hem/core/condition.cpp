#include "hem/core/condition.hpp"

#include "hem/core/errors.hpp"

namespace hem {

condition::condition(std::string name) : own_(std::make_unique<lock>(name)), lock_(*own_), name_(std::move(name)) {
    lock_.conditions_.push_back(*this);
}

condition::condition(lock& over, std::string name) : lock_(over), name_(std::move(name)) { lock_.conditions_.push_back(*this); }

condition::~condition() { unlink(); }

void condition::check_held(const char* what) const {
    auto& task = detail::current_task_header();
    lock_.loop_.check(*task.loop, "condition", name_);
    if (lock_.owner() == &task) return;
    if (lock_.broken()) lock_.throw_broken();
    throw usage_error("task '" + task.display_name() + "' " + what + " the " + detail::with_name("condition", name_) +
                      " without its lock: co_await acquire() first");
}

void condition::notify(std::size_t waiters) {
    check_held("notifies");
    while (waiters-- > 0 && !waiters_.empty()) notify_first();
}

void condition::notify_first() noexcept {
    auto& waiter = static_cast<wait_awaiter&>(waiters_.move_first(lock_.waiters_));
    waiter.at_lock_ = true;
    ++notified_;
    if (!lock_.locked()) lock_.hand_over();
}

void condition::lock_is_broken() noexcept { waiters_.grant_all(this); }

condition::statistics_type condition::statistics() const noexcept {
    auto figures = waiters_.statistics();
    figures.grants = notified_;
    return {figures, lock_.statistics().owner};
}

// ---- wait -------------------------------------------------------------------------------------------------------------------------------

const detail::wait_ops condition::wait_awaiter::ops{"condition", abort, revoke, target};

bool condition::wait_awaiter::await_ready() {
    target_.check_held("waits for");
    return begin_wait(*this);
}

void condition::wait_awaiter::await_suspend(std::coroutine_handle<> handle) {
    suspend_wait(*this, handle);
    holding_ = target_.lock_.holding_;
    target_.waiters_.park(*this);
    target_.lock_.hand_over();
}

void condition::wait_awaiter::await_resume() {
    lock& held = target_.lock_;
    const bool suspended = holding_ != 0;
    if (suspended && held.owner() == task) held.holding_ = holding_;
    if (interrupted_) throw_cancelled(*task);
    end_wait(*this);
    if (held.owner() != task) held.throw_broken();
}

// The wait may not end without the lock, so a cancellation sends the waiter to the lock's queue unless the lock is free.
bool condition::wait_awaiter::abort(detail::wait_node& node) noexcept {
    auto& self = static_cast<wait_awaiter&>(node);
    if (self.interrupted_) return false;
    self.interrupted_ = true;
    if (self.at_lock_) {
        self.pass_notification_on();
        return false;
    }
    condition& from = self.target_;
    self.at_lock_ = true;
    if (from.lock_.locked()) {
        from.waiters_.remove(node);
        from.lock_.waiters_.park(node);
        return false;
    }
    from.waiters_.remove(node);
    from.lock_.take(*node.task);
    return true;
}

// The lock is granted and stays so; only the notification goes to somebody else.
bool condition::wait_awaiter::revoke(detail::wait_node& node) noexcept {
    auto& self = static_cast<wait_awaiter&>(node);
    if (self.target_.lock_.owner() != node.task) return true;  // the lock is broken
    if (!self.interrupted_) {
        self.interrupted_ = true;
        self.pass_notification_on();
    }
    return false;
}

void condition::wait_awaiter::pass_notification_on() noexcept {
    if (!target_.waiters_.empty()) target_.notify_first();
}

detail::wait_target condition::wait_awaiter::target(const detail::wait_node& node) noexcept {
    const auto& self = static_cast<const wait_awaiter&>(node);
    const condition& waited_for = self.target_;
    if (self.at_lock_) return {.name = waited_for.lock_.name_, .owner = waited_for.lock_.owner(), .object = &waited_for.lock_};
    return {.name = waited_for.name_, .object = &waited_for};
}

}  // namespace hem
