#include "hem/core/sleep.hpp"

namespace hem::detail {

const wait_ops sleep_awaiter::ops{"sleep", abort, nullptr, target};
const wait_ops yield_awaiter::ops{"yield", nullptr, nullptr};
const wait_ops due_awaiter::ops{"yield", nullptr, nullptr};
const wait_ops cancel_point_awaiter::ops{"checkpoint", nullptr, nullptr};

void sleep_awaiter::await_suspend(std::coroutine_handle<> handle) noexcept {
    kernel& loop = *task->loop;
    if (deadline_ <= loop.now()) {
        state = status::granted;
        woke_itself(*task);
    }
    if (suspend_wait(*this, handle) && deadline_ != time_point::max()) loop.timers.add(*this, deadline_);
}

const wait_ops* sleep_ops() noexcept { return sleep_awaiter::operations(); }

wait_target sleep_awaiter::target(const wait_node& node) noexcept { return {.until = static_cast<const sleep_awaiter&>(node).deadline_}; }

void sleep_awaiter::on_due(timer& t) noexcept {
    auto& self = static_cast<sleep_awaiter&>(t);
    self.task->loop->grant(self);
}

bool sleep_awaiter::abort(wait_node& node) noexcept {
    auto& self = static_cast<sleep_awaiter&>(node);
    if (self.armed()) self.task->loop->timers.remove(self);
    return true;
}

}  // namespace hem::detail
