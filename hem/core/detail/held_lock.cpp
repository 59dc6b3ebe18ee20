#include "hem/core/detail/held_lock.hpp"

#include "hem/core/detail/task_header.hpp"

namespace hem::detail {

void held_lock::set_owner(task_header* task) noexcept {
    if (owner_) {
        (previous_ ? previous_->next_ : owner_->held_locks) = next_;
        if (next_) next_->previous_ = previous_;
    }
    owner_ = task;
    previous_ = nullptr;
    next_ = nullptr;
    if (!task) return;
    next_ = task->held_locks;
    if (next_) next_->previous_ = this;
    task->held_locks = this;
}

void abandon_locks(task_header& task) noexcept {
    while (held_lock* lock = task.held_locks) {
        lock->set_owner(nullptr);
        lock->abandoned(task);
    }
}

}  // namespace hem::detail
