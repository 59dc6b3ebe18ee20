#include "hem/core/rw_lock.hpp"

#include "hem/core/errors.hpp"

namespace hem {

const detail::wait_ops rw_lock::acquire_awaiter::ops{"rw_lock", abort, revoke, target};

bool rw_lock::acquire_awaiter::await_ready() {
    if (begin_wait(*this, target_.loop_, "rw_lock", target_.name_)) return true;
    if (target_.broken_) target_.throw_broken();
    if (target_.owner() == task) {
        throw usage_error("task '" + task->display_name() + "' acquires the " + detail::with_name("rw_lock", target_.name_) +
                          " whose writer it is already: it would wait for itself");
    }
    if (!target_.waiters_.empty() || !target_.may_take(exclusive_)) return false;
    target_.take(exclusive_, *task);
    taken_ = true;
    if (target_.unresumed_ == 0 && complete_now(*this)) return true;
    ++target_.unresumed_;
    complete_later(*this, &target_);
    return false;
}

rw_lock::guard rw_lock::acquire_awaiter::await_resume() {
    end_wait(*this);
    if (!taken_) target_.throw_broken();
    if (state == status::granted) --target_.unresumed_;
    return guard(target_, exclusive_);
}

bool rw_lock::acquire_awaiter::abort(detail::wait_node& node) noexcept {
    rw_lock& from = static_cast<acquire_awaiter&>(node).target_;
    from.waiters_.remove(node);
    from.serve();  // readers behind a writer that left
    return true;
}

bool rw_lock::acquire_awaiter::revoke(detail::wait_node& node) noexcept {
    auto& self = static_cast<acquire_awaiter&>(node);
    if (!self.taken_) return true;  // the lock is broken
    --self.target_.unresumed_;
    self.target_.give_back(self.exclusive_);
    return true;
}

detail::wait_target rw_lock::acquire_awaiter::target(const detail::wait_node& node) noexcept {
    const rw_lock& waited_for = static_cast<const acquire_awaiter&>(node).target_;
    return {.name = waited_for.name_, .owner = waited_for.owner(), .object = &waited_for};
}

void rw_lock::take(bool exclusive, detail::task_header& task) noexcept {
    if (exclusive) {
        set_owner(&task);
    } else {
        ++readers_;
    }
}

rw_lock::guard rw_lock::try_take(bool exclusive) {
    auto& task = detail::current_task_header();
    loop_.check(*task.loop, "rw_lock", name_);
    if (broken_) throw_broken();
    if (!waiters_.empty() || !may_take(exclusive)) return {};
    take(exclusive, task);
    return guard(*this, exclusive);
}

void rw_lock::give_back(bool exclusive) noexcept {
    if (exclusive) {
        if (!owner()) return;  // its owner ended meanwhile
        set_owner(nullptr);
    } else {
        --readers_;
    }
    serve();
}

void rw_lock::serve() noexcept {
    while (!waiters_.empty()) {
        auto& first = static_cast<acquire_awaiter&>(waiters_.front());
        if (!may_take(first.exclusive_)) return;
        take(first.exclusive_, *first.task);
        first.taken_ = true;
        ++unresumed_;
        waiters_.grant_first(this);
    }
}

void rw_lock::abandoned(detail::task_header& owner) noexcept {
    broken_ = true;
    try {
        broken_by_ = owner.display_name();
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): it stays without a name
    }
    waiters_.grant_all(this);
}

void rw_lock::throw_broken() const {
    throw broken_resource("task '" + broken_by_ + "' ended without releasing the " + detail::with_name("rw_lock", name_) +
                          " that it wrote under: what it protects may be half changed");
}

rw_lock::statistics_type rw_lock::statistics() const noexcept { return {waiters_.statistics(), readers_, owner() ? owner()->id : 0}; }

}  // namespace hem
