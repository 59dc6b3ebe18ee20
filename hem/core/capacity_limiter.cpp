#include "hem/core/capacity_limiter.hpp"

#include <algorithm>
#include <functional>

#include "hem/core/errors.hpp"

namespace hem {
namespace {

std::size_t checked_total(std::ptrdiff_t total) {
    if (total < 1) throw std::invalid_argument("a capacity_limiter has one token or more, not " + std::to_string(total));
    return static_cast<std::size_t>(total);
}

}  // namespace

capacity_limiter::capacity_limiter(std::ptrdiff_t total_tokens, std::string name)
    : total_(checked_total(total_tokens)), name_(std::move(name)) {}

const detail::wait_ops capacity_limiter::acquire_awaiter::ops{"capacity_limiter", abort, revoke, target};

bool capacity_limiter::acquire_awaiter::await_ready() {
    if (begin_wait(*this, target_.owner_, "capacity_limiter", target_.name_)) return true;
    if (!who_) who_ = task;
    target_.check_new(who_);
    target_.make_room();
    if (target_.available_tokens() == 0 || !target_.waiters_.empty()) return false;
    target_.lend(who_);
    if (target_.unresumed_ == 0 && complete_now(*this)) return true;
    ++target_.unresumed_;
    complete_later(*this, &target_);
    return false;
}

void capacity_limiter::acquire_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
}

capacity_limiter::guard capacity_limiter::acquire_awaiter::await_resume() {
    end_wait(*this);
    if (state == status::granted) --target_.unresumed_;
    return guard(target_, who_);
}

bool capacity_limiter::acquire_awaiter::abort(detail::wait_node& node) noexcept {
    static_cast<acquire_awaiter&>(node).target_.waiters_.remove(node);
    return true;
}

bool capacity_limiter::acquire_awaiter::revoke(detail::wait_node& node) noexcept {
    auto& self = static_cast<acquire_awaiter&>(node);
    --self.target_.unresumed_;
    self.target_.give_back(self.who_);
    return true;
}

detail::wait_target capacity_limiter::acquire_awaiter::target(const detail::wait_node& node) noexcept {
    const capacity_limiter& waited_for = static_cast<const acquire_awaiter&>(node).target_;
    return {.name = waited_for.name_, .object = &waited_for};
}

capacity_limiter::guard capacity_limiter::try_acquire() { return try_acquire_on_behalf_of(&detail::current_task_header()); }

capacity_limiter::guard capacity_limiter::try_acquire_on_behalf_of(borrower who) {
    owner_.touch("capacity_limiter", name_);
    check_new(who);
    if (available_tokens() == 0 || !waiters_.empty()) return {};
    make_room();
    lend(who);
    return guard(*this, who);
}

void capacity_limiter::release() { release_on_behalf_of(&detail::current_task_header()); }

void capacity_limiter::release_on_behalf_of(borrower who) {
    owner_.touch("capacity_limiter", name_);
    if (!has(who))
        throw usage_error("a borrower gives a token of the " + detail::with_name("capacity_limiter", name_) +
                          " back that it does not have");
    give_back(who);
}

void capacity_limiter::set_total_tokens(std::ptrdiff_t total) {
    owner_.touch("capacity_limiter", name_);
    total_ = checked_total(total);
    serve();
}

capacity_limiter::statistics_type capacity_limiter::statistics() const noexcept {
    return {waiters_.statistics(), total_, borrowers_.size(), peak_borrowed_};
}

std::vector<capacity_limiter::borrower>::iterator capacity_limiter::place_of(borrower who) noexcept {
    return std::lower_bound(borrowers_.begin(), borrowers_.end(), who, std::less<>());
}

bool capacity_limiter::has(borrower who) noexcept {
    const auto place = place_of(who);
    return place != borrowers_.end() && *place == who;
}

void capacity_limiter::check_new(borrower who) {
    bool waits = false;
    for (detail::wait_node& node : waiters_.waiters()) waits = waits || static_cast<acquire_awaiter&>(node).who_ == who;
    if (waits || has(who)) {
        throw usage_error(std::string("a borrower that ") + (waits ? "waits for" : "has") + " a token of the " +
                          detail::with_name("capacity_limiter", name_) + " asks for another: it has one at a time");
    }
}

void capacity_limiter::make_room() {
    const auto needed = borrowers_.size() + waiters_.size() + 1;
    if (borrowers_.capacity() < needed) borrowers_.reserve(2 * needed);
}

void capacity_limiter::lend(borrower who) noexcept {
    borrowers_.insert(place_of(who), who);
    peak_borrowed_ = std::max(peak_borrowed_, borrowers_.size());
}

void capacity_limiter::give_back(borrower who) noexcept {
    if (has(who)) borrowers_.erase(place_of(who));
    serve();
}

void capacity_limiter::serve() noexcept {
    while (!waiters_.empty() && available_tokens() > 0) {
        lend(static_cast<acquire_awaiter&>(waiters_.front()).who_);
        ++unresumed_;
        waiters_.grant_first(this);
    }
}

}  // namespace hem
