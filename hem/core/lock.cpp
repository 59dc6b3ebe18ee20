#include "hem/core/lock.hpp"

#include "hem/core/errors.hpp"

namespace hem {
namespace detail {

void loop_owner::bind(kernel* now, const char* what) {
    if (!now) throw usage_error(std::string(what) + " is used outside of a running loop");
    if (loop_) throw usage_error(std::string(what) + " belongs to another loop: primitives are not shared between threads");
    loop_ = now;
}

}  // namespace detail

const detail::wait_ops lock::acquire_awaiter::ops{"lock", abort, revoke};

bool lock::acquire_awaiter::await_ready() {
    target_.loop_.check("the lock");
    if (begin_wait(*this)) return true;
    if (target_.owner_ == task->id) {
        throw usage_error("task '" + task->display_name() + "' acquires the lock " + (target_.name_.empty() ? "" : "'" + target_.name_ + "' ") +
                          "that it holds already: it would wait for itself");
    }
    if (target_.owner_ != 0) return false;
    target_.owner_ = task->id;
    return complete_now(*this);
}

lock::guard lock::try_acquire() {
    loop_.check("the lock");
    if (owner_ != 0) return {};
    owner_ = detail::current_task_header().id;
    return guard(*this);
}

void lock::release() {
    loop_.check("the lock");
    const auto& task = detail::current_task_header();
    if (owner_ != task.id) {
        throw usage_error("task '" + task.display_name() + "' releases a lock that " +
                          (owner_ == 0 ? std::string("is free") : "task " + std::to_string(owner_) + " holds"));
    }
    hand_over();
}

void lock::hand_over() noexcept {
    if (waiters_.empty()) {
        owner_ = 0;
        return;
    }
    // Owned by the waiter from now on: locked() stays true and nobody can step in between.
    owner_ = waiters_.front().task->id;
    waiters_.grant_first(this);
}

}  // namespace hem
