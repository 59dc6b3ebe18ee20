#include "hem/testing/virtual_clock.hpp"

#include <stdexcept>

#include "hem/core/errors.hpp"

namespace hem::testing {

namespace {

hem::detail::kernel& virtual_loop(const char* what) {
    auto& loop = hem::detail::current_kernel();
    if (!loop.virtual_clock) throw usage_error(std::string("virtual_clock::") + what + " on a loop that runs on the real clock");
    return loop;
}

}  // namespace

void virtual_clock::jump(duration d) {
    auto& loop = virtual_loop("jump");
    if (d < duration::zero()) throw std::invalid_argument("the virtual clock moves forwards only");
    loop.jump_to(hem::detail::saturating_add(loop.now(), d));
}

void virtual_clock::rate(double virtual_seconds) {
    auto& loop = virtual_loop("rate");
    if (!(virtual_seconds >= 0)) throw std::invalid_argument("the virtual clock's rate must not be negative");
    loop.set_clock_rate(virtual_seconds);
}

void virtual_clock::autojump_threshold(duration real) {
    auto& loop = virtual_loop("autojump_threshold");
    if (real < duration::zero()) throw std::invalid_argument("the virtual clock's threshold must not be negative");
    loop.autojump_threshold = real;
}

virtual_clock::freeze::freeze() : loop_(hem::detail::current_kernel()) { ++loop_.freeze_count; }
virtual_clock::freeze::~freeze() { --loop_.freeze_count; }

const hem::detail::wait_ops wait_all_tasks_blocked::ops{"wait_all_tasks_blocked", abort, nullptr};

wait_all_tasks_blocked::wait_all_tasks_blocked(duration cushion) : blocked_wait(ops, cushion) {
    if (cushion < duration::zero()) throw std::invalid_argument("a cushion must not be negative");
}

void wait_all_tasks_blocked::await_suspend(std::coroutine_handle<> handle) {
    if (!hem::detail::suspend_wait(*this, handle)) return;
    auto& waiters = task->loop->blocked_waiters;
    for (auto& other : waiters) {
        if (other.cushion <= cushion) continue;
        waiters.insert(other, *this);
        return;
    }
    waiters.push_back(*this);
}

bool wait_all_tasks_blocked::abort(hem::detail::wait_node& node) noexcept {
    node.unlink();
    return true;
}

}  // namespace hem::testing
