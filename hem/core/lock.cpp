#include "hem/core/lock.hpp"

#include "hem/core/condition.hpp"
#include "hem/core/errors.hpp"

namespace hem {

const detail::wait_ops lock::acquire_awaiter::ops{"lock", abort, revoke, target};

bool lock::acquire_awaiter::await_ready() {
    if (begin_wait(*this, target_.loop_, "lock", target_.name_)) return true;
    if (target_.broken_) target_.throw_broken();
    if (target_.owner() == task) {
        throw usage_error("task '" + task->display_name() + "' acquires the " + detail::with_name("lock", target_.name_) +
                          " that it holds already: it would wait for itself");
    }
    if (target_.owner()) return false;
    target_.take(*task);
    return complete_now(*this);
}

bool lock::acquire_awaiter::abort(detail::wait_node& node) noexcept {
    static_cast<acquire_awaiter&>(node).target_.waiters_.remove(node);
    return true;
}

bool lock::acquire_awaiter::revoke(detail::wait_node& node) noexcept {
    lock& from = static_cast<acquire_awaiter&>(node).target_;
    if (from.owner() == node.task) from.hand_over();
    return true;
}

detail::wait_target lock::acquire_awaiter::target(const detail::wait_node& node) noexcept {
    const lock& waited_for = static_cast<const acquire_awaiter&>(node).target_;
    return {.name = waited_for.name_, .owner = waited_for.owner(), .object = &waited_for};
}

lock::guard lock::try_acquire() {
    auto& task = detail::current_task_header();
    loop_.check(*task.loop, "lock", name_);
    if (broken_) throw_broken();
    if (owner()) return {};
    take(task);
    return guard(*this);
}

void lock::release() {
    auto& task = detail::current_task_header();
    loop_.check(*task.loop, "lock", name_);
    if (owner() != &task) {
        throw usage_error("task '" + task.display_name() + "' releases the " + detail::with_name("lock", name_) + " that " +
                          (owner() ? "task '" + owner()->display_name() + "' holds" : std::string("is free")));
    }
    hand_over();
}

lock::statistics_type lock::statistics() const noexcept { return {waiters_.statistics(), owner() ? owner()->id : 0}; }

void lock::hand_over() noexcept {
    if (waiters_.empty()) {
        set_owner(nullptr);
        return;
    }
    // Owned by the waiter from now on: locked() stays true and nobody can step in between.
    take(*waiters_.front().task);
    waiters_.grant_first(this);
}

void lock::abandoned(detail::task_header& owner) noexcept {
    broken_ = true;
    try {
        broken_by_ = owner.display_name();
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): it stays without a name
    }
    waiters_.grant_all(this);
    for (condition& each : conditions_) each.lock_is_broken();
}

void lock::throw_broken() const {
    throw broken_resource("task '" + broken_by_ + "' ended without releasing the " + detail::with_name("lock", name_) +
                          ": what it protects may be half changed");
}

}  // namespace hem
