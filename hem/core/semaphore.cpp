#include "hem/core/semaphore.hpp"

#include <algorithm>

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem {

semaphore::semaphore(std::ptrdiff_t permits, std::string name) : semaphore(permits, no_bound, std::move(name)) {}

semaphore::semaphore(std::ptrdiff_t permits, std::size_t bound, std::string name)
    : permits_(static_cast<std::size_t>(permits)), bound_(bound), name_(std::move(name)) {
    if (permits < 0) throw std::invalid_argument("a semaphore starts with no permit or more, not with " + std::to_string(permits));
}

bool semaphore::acquire_awaiter::ready_slowly() {
    if (begin_wait(*this, target_.owner_, "semaphore", target_.name_)) return true;
    if (!target_.take()) return false;
    if (target_.unresumed_ == 0 && complete_now(*this)) return true;
    // There is a permit, but others were given theirs before and have not resumed: behind them.
    ++target_.unresumed_;
    complete_later(*this, &target_);
    return false;
}

void semaphore::release(std::ptrdiff_t permits) {
    owner_.touch("semaphore", name_);
    if (permits < 0) throw std::invalid_argument("a semaphore gives permits back, not " + std::to_string(permits));
    const auto count = static_cast<std::size_t>(permits);
    const auto handed_on = std::min(count, waiters_.size());
    if (count - handed_on > bound_ - permits_) {
        throw usage_error(detail::with_name("bounded semaphore", name_) + " is released " + std::to_string(count) + " times with " +
                          std::to_string(permits_) + " of " + std::to_string(bound_) + " permits free: a release without its acquire");
    }
    for (std::size_t i = 0; i < count; ++i) give_back();
}

void semaphore::report_surplus() noexcept {
    try {
        detail::send_report({.kind = report_kind::callback_misuse,
                             .text = "a guard of the " + detail::with_name("bounded semaphore", name_) +
                                     " gives back a permit that release() gave back before",
                             .task = {}});
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): no memory is left to say so
    }
}

}  // namespace hem
