#include "hem/resilience/detail/result_window.hpp"

#include <algorithm>

namespace hem::detail {

result_window::result_window(const circuit_window& of)
    : ring_(static_cast<std::size_t>(of.calls)), slice_length_(of.time_span / slice_count) {}

void result_window::note(bool failure, bool slow) noexcept {
    if (!ring_.empty()) {
        if (in_ring_.calls == ring_.size()) {
            in_ring_.failures -= ring_[next_].failure;
            in_ring_.slow -= ring_[next_].slow;
        } else {
            ++in_ring_.calls;
        }
        ring_[next_] = {failure, slow};
        in_ring_.failures += failure;
        in_ring_.slow += slow;
        next_ = (next_ + 1) % ring_.size();
    }
    if (slice_length_ > duration::zero()) {
        const auto number = slice_number();
        auto& now = slices_[static_cast<std::size_t>(number % slice_count)];
        if (now.number != number) now = {.number = number};
        ++now.counted.calls;
        now.counted.failures += failure;
        now.counted.slow += slow;
    }
}

window_numbers result_window::numbers() const noexcept {
    if (slice_length_ == duration::zero()) return in_ring_;
    window_numbers total;
    const auto oldest = slice_number() - slice_count + 1;
    for (const auto& each : slices_) {
        if (each.number < oldest) continue;
        total.calls += each.counted.calls;
        total.failures += each.counted.failures;
        total.slow += each.counted.slow;
    }
    return total;
}

void result_window::clear() noexcept {
    next_ = 0;
    in_ring_ = {};
    slices_.fill({});
}

}  // namespace hem::detail
