#include "hem/testing/virtual_clock.hpp"

#include <stdexcept>

#include "hem/core/errors.hpp"

namespace hem::testing {

void virtual_clock::jump(duration d) {
    auto& loop = hem::detail::current_kernel();
    if (!loop.virtual_clock) throw usage_error("virtual_clock::jump on a loop that runs on the real clock");
    if (d < duration::zero()) throw std::invalid_argument("the virtual clock moves forwards only");
    loop.jump_to(hem::detail::saturating_add(loop.now(), d));
}

virtual_clock::freeze::freeze() : loop_(hem::detail::current_kernel()) { ++loop_.freeze_count; }
virtual_clock::freeze::~freeze() { --loop_.freeze_count; }

const hem::detail::wait_ops wait_all_tasks_blocked::ops{"wait_all_tasks_blocked", abort, nullptr};

void wait_all_tasks_blocked::await_suspend(std::coroutine_handle<> handle) {
    if (hem::detail::suspend_wait(*this, handle)) task->loop->blocked_waiters.push_back(*this);
}

bool wait_all_tasks_blocked::abort(hem::detail::wait_node& node) noexcept {
    node.unlink();
    return true;
}

}  // namespace hem::testing
