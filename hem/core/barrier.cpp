#include "hem/core/barrier.hpp"

#include "hem/core/errors.hpp"

namespace hem {

barrier::barrier(std::ptrdiff_t parties, std::string name) : parties_(static_cast<std::size_t>(parties)), name_(std::move(name)) {
    if (parties < 1) throw std::invalid_argument("a barrier is for one task or more, not for " + std::to_string(parties));
}

const detail::wait_ops barrier::wait_awaiter::ops{"barrier", abort, revoke, target};

bool barrier::wait_awaiter::await_ready() {
    if (begin_wait(*this, target_.owner_, "barrier", target_.name_)) return true;
    if (target_.broken_) {
        place_ = place::broken;
        return true;
    }
    if (!target_.passed_.empty()) {
        place_ = place::held_back;
        return false;
    }
    if (target_.round_.size() + 1 < target_.parties_) return false;
    // The last one: it goes on at once, or, with its budget used up, behind the others.
    index_ = target_.round_.size();
    place_ = place::passed;
    target_.pass_round();
    return complete_now(*this);
}

void barrier::wait_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) {
        (place_ == place::held_back ? target_.held_back_ : target_.round_).park(*this);
    } else {
        task->woken_by = &target_;
        target_.passed_.push_back(*this);
    }
}

std::size_t barrier::wait_awaiter::await_resume() {
    if (linked()) {
        unlink();
        target_.admit();
    }
    end_wait(*this);
    if (place_ == place::broken) throw broken_barrier(detail::with_name("barrier", target_.name_));
    return index_;
}

bool barrier::wait_awaiter::abort(detail::wait_node& node) noexcept {
    auto& self = static_cast<wait_awaiter&>(node);
    (self.place_ == place::held_back ? self.target_.held_back_ : self.target_.round_).remove(node);
    return true;
}

// The others have their pass; only this one's index is used by nobody.
bool barrier::wait_awaiter::revoke(detail::wait_node& node) noexcept {
    if (node.linked()) {
        node.unlink();
        static_cast<wait_awaiter&>(node).target_.admit();
    }
    return true;
}

detail::wait_target barrier::wait_awaiter::target(const detail::wait_node& node) noexcept {
    const barrier& waited_for = static_cast<const wait_awaiter&>(node).target_;
    return {.name = waited_for.name_, .object = &waited_for};
}

void barrier::pass_round() noexcept {
    ++rounds_;
    for (std::size_t index = 0; index < parties_ && !round_.empty(); ++index) {
        auto& waiter = static_cast<wait_awaiter&>(round_.grant_first(this));
        waiter.index_ = index;
        waiter.place_ = wait_awaiter::place::passed;
        passed_.push_back(waiter);
    }
}

// The round has drained: those held back fill the next one.
void barrier::admit() noexcept {
    if (!passed_.empty()) return;
    while (!held_back_.empty() && round_.size() < parties_) {
        static_cast<wait_awaiter&>(held_back_.move_first(round_)).place_ = wait_awaiter::place::round;
    }
    if (round_.size() == parties_) pass_round();
}

void barrier::break_lot(detail::parking_lot& lot) noexcept {
    while (!lot.empty()) static_cast<wait_awaiter&>(lot.grant_first(this)).place_ = wait_awaiter::place::broken;
}

void barrier::break_passed() noexcept {
    while (!passed_.empty()) static_cast<wait_awaiter&>(passed_.pop_front()).place_ = wait_awaiter::place::broken;
}

void barrier::reset() {
    owner_.touch("barrier", name_);
    broken_ = false;
    break_lot(round_);
    break_passed();
    admit();
}

void barrier::abort() {
    owner_.touch("barrier", name_);
    broken_ = true;
    break_lot(round_);
    break_lot(held_back_);
    break_passed();
}

barrier::statistics_type barrier::statistics() const noexcept {
    auto figures = round_.statistics();
    const auto behind = held_back_.statistics();
    figures.waiters += behind.waiters;
    figures.grants += behind.grants;
    return {figures, behind.waiters, rounds_};
}

}  // namespace hem
