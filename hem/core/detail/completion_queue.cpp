#include "hem/core/detail/completion_queue.hpp"

#include "hem/core/gather.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

const wait_ops completion_queue::take_awaiter::ops{"as_completed", abort, revoke};

void completion_queue::add(watched_node& child) noexcept {
    child.listener = this;
    child.index = count_++;
    ++untaken_;
    waiting_.push_back(child);
}

void completion_queue::open(std::size_t limit) {
    check_limit(limit);
    limit_ = limit;
    owner_ = &current_task_header();
    group_.enter();
    while (group_.live() < limit_ && !waiting_.empty()) start_next();
}

void completion_queue::start_next() noexcept {
    task_header& next = waiting_.pop_front().header();
    next.context = owner_->context;
    group_.spawn(next);
}

void completion_queue::child_ended(watched_node& child) noexcept {
    ended_.push_back(child);
    // While consumers wait they are cancelled with the children, so nobody misses what does not start any more.
    if (!waiting_.empty() && !called_off_ && !group_.scope.cancelled()) start_next();
    hand_out();
}

void completion_queue::hand_out() noexcept {
    while (!ended_.empty() && !consumers_.empty()) {
        watched_node& child = ended_.pop_front();
        static_cast<take_awaiter&>(consumers_.grant_first(this)).granted_ = &child;
    }
}

bool completion_queue::take_awaiter::await_ready() {
    if (begin_wait(*this)) return true;
    if (target_.untaken_ == 0) return complete_now(*this);
    if (target_.ended_.empty()) return false;
    granted_ = &target_.ended_.pop_front();
    return complete_now(*this);
}

watched_node* completion_queue::take_awaiter::take() {
    end_wait(*this);
    // Those who wait learn of the end only now: until here the item could have come back.
    if (granted_ && --target_.untaken_ == 0) target_.consumers_.grant_all(&target_);
    return granted_;
}

bool completion_queue::take_awaiter::abort(wait_node& node) noexcept {
    static_cast<take_awaiter&>(node).target_.consumers_.remove(node);
    return true;
}

bool completion_queue::take_awaiter::revoke(wait_node& node) noexcept {
    auto& self = static_cast<take_awaiter&>(node);
    if (self.granted_) {
        self.target_.ended_.push_front(*std::exchange(self.granted_, nullptr));
        self.target_.hand_out();
    }
    return true;
}

void completion_queue::call_off() noexcept {
    called_off_ = true;
    if (group_.live() == 0) return;
    cancel_reason reason;
    try {
        reason.text = "its as_completed was left";
    } catch (const std::bad_alloc&) {
        // Cancelled without a word.
    }
    group_.scope.cancel(std::move(reason));
}

void completion_queue::conclude(bool body_failed) {
    while (!waiting_.empty()) waiting_.pop_front().call_off();
    while (!ended_.empty()) {
        watched_node& child = ended_.pop_front();
        if (!child.error) continue;
        send_report({.kind = report_kind::suppressed_error,
                     .text = "task '" + child.header().display_name() + "' failed with " + describe(child.error) +
                             " and nobody took its outcome from as_completed",
                     .task = child.header().display_name()});
    }
    if (body_failed) {
        group_.scope.leave(*owner_);
    } else {
        group_.conclude(true);
    }
}

}  // namespace hem::detail
