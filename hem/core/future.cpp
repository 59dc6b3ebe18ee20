#include "hem/core/future.hpp"

#include "hem/core/report.hpp"

namespace hem::detail {

const wait_ops future_core::awaiter::ops{"future", abort, revoke, target};

void future_core::awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) {
        core_->waiters_.park(*this);
    } else {
        core_->settled_.push_back(*this);
    }
}

void future_core::awaiter::finish() {
    if (linked()) unlink();
    end_wait(*this);
    if (!core_) throw broken_resource("the future was destroyed before its awaiter had its result");
    core_->looked_at_ = true;
}

bool future_core::awaiter::abort(wait_node& node) noexcept {
    static_cast<awaiter&>(node).core_->waiters_.remove(node);
    return true;
}

bool future_core::awaiter::revoke(wait_node& node) noexcept {
    if (node.linked()) node.unlink();
    return true;
}

wait_target future_core::awaiter::target(const wait_node& node) noexcept {
    const future_core* core = static_cast<const awaiter&>(node).core_;
    return core ? wait_target{.name = core->name_, .object = core} : wait_target{};
}

void future_core::throw_set_twice() const { throw usage_error("the " + with_name("future", name_) + " has its result already"); }

void future_core::settle() noexcept {
    while (!waiters_.empty()) settled_.push_back(waiters_.grant_first(this));
}

void future_core::abandon(const std::exception_ptr& error) noexcept {
    settle();
    while (!settled_.empty()) static_cast<awaiter&>(settled_.pop_front()).core_ = nullptr;
    if (!error || looked_at_) return;
    try {
        send_report({.kind = report_kind::suppressed_error,
                     .text = "the error of the " + with_name("future", name_) + " was never read: " + describe(error),
                     .task = {}});
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): no memory is left to say so
    }
}

}  // namespace hem::detail
