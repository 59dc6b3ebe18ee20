#include "hem/testing/sequencer.hpp"

#include <string>

#include "hem/core/errors.hpp"

namespace hem::testing {

const hem::detail::wait_ops sequencer::step_awaiter::ops{"sequencer", abort, revoke};

bool sequencer::step_awaiter::await_ready() {
    if (begin_wait(*this)) {
        target_.break_from(step_);
        return true;
    }
    bool taken = step_ < target_.next_;
    for (auto& other : target_.waiters_) taken = taken || static_cast<step_awaiter&>(other).step_ == step_;
    if (taken) target_.break_from(step_);
    broken_ = step_ >= target_.broken_from_;
    if (broken_) return complete_now(*this);
    if (step_ != target_.next_ || target_.passing_) return false;
    ++target_.next_;
    target_.passing_ = true;
    return complete_now(*this);
}

void sequencer::step_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) target_.waiters_.push_back(*this);
}

void sequencer::step_awaiter::await_resume() {
    end_wait(*this);
    if (!broken_) return target_.passed();
    throw usage_error("step " + std::to_string(step_) + " of a sequencer cannot come: a step up to it was taken twice or cancelled");
}

bool sequencer::step_awaiter::abort(hem::detail::wait_node& node) noexcept {
    auto& self = static_cast<step_awaiter&>(node);
    node.unlink();
    self.target_.break_from(self.step_);
    return true;
}

bool sequencer::step_awaiter::revoke(hem::detail::wait_node& node) noexcept {
    auto& self = static_cast<step_awaiter&>(node);
    if (!self.broken_) self.target_.passing_ = false;
    self.target_.break_from(self.step_);
    return true;
}

// A step went on: the next one may, in a later tick, so no two steps fall into one tick's shuffle.
void sequencer::passed() noexcept {
    passing_ = false;
    for (auto& node : waiters_) {
        auto& waiter = static_cast<step_awaiter&>(node);
        if (waiter.step_ != next_) continue;
        ++next_;
        passing_ = true;
        node.unlink();
        node.task->loop->grant(node);
        return;
    }
}

void sequencer::break_from(std::size_t step) noexcept {
    if (step >= broken_from_) return;
    broken_from_ = step;
    for (auto& node : waiters_) {
        auto& waiter = static_cast<step_awaiter&>(node);
        if (waiter.step_ < step) continue;
        waiter.broken_ = true;
        node.unlink();
        node.task->loop->grant(node);
    }
}

}  // namespace hem::testing
