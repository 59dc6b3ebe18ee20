#include "hem/core/detail/timer.hpp"

#include <algorithm>
#include <bit>

namespace hem::detail {

int timer_queue::bucket_of(time_point deadline) const noexcept {
    const auto difference =
        static_cast<std::uint64_t>(deadline.time_since_epoch().count()) ^ static_cast<std::uint64_t>(last_.time_since_epoch().count());
    return deadline <= last_ ? 0 : 64 - std::countl_zero(difference);
}

void timer_queue::link(timer& t) noexcept {
    const int index = bucket_of(t.deadline_);
    t.bucket_ = static_cast<std::uint8_t>(index);
    buckets_[index].push_back(t);
    nonempty_ |= std::uint64_t{1} << index;
}

void timer_queue::add(timer& t, time_point deadline) noexcept {
    t.deadline_ = deadline;
    t.sequence_ = sequence_++;
    link(t);
    ++size_;
    if (next_known_ && deadline < next_) next_ = deadline;
}

void timer_queue::remove(timer& t) noexcept {
    t.unlink();
    --size_;
    // A timer that is due but not fired yet lies in no bucket.
    if (t.bucket_ < bucket_count - 1 && buckets_[t.bucket_].empty()) nonempty_ &= ~(std::uint64_t{1} << t.bucket_);
    if (next_known_ && t.deadline_ <= next_) next_known_ = false;
}

time_point timer_queue::next() noexcept {
    if (next_known_) return next_;
    next_ = time_point::max();
    next_known_ = true;
    if (nonempty_ == 0) return next_;
    for (timer& t : buckets_[std::countr_zero(nonempty_)]) next_ = std::min(next_, t.deadline_);
    return next_;
}

timer* timer_queue::any() noexcept {
    if (nonempty_ == 0) return nullptr;
    return &buckets_[std::countr_zero(nonempty_)].front();
}

std::size_t timer_queue::expire(time_point now) {
    if (size_ == 0 || next() > now) {
        return 0;
    }
    intrusive_list<timer, timer_tag> candidates;
    const int top = now <= last_ ? 0 : bucket_of(now);
    for (int index = 0; index <= top; ++index) {
        candidates.splice_back(buckets_[index]);
    }
    nonempty_ &= top >= 63 ? 0 : ~((std::uint64_t{2} << top) - 1);
    last_ = std::max(last_, now);
    intrusive_list<timer, timer_tag> fired;
    due_.clear();
    while (!candidates.empty()) {
        timer& t = candidates.pop_front();
        if (t.deadline_ <= now) {
            due_.push_back(&t);
        } else {
            link(t);
        }
    }
    std::sort(due_.begin(), due_.end(), [](const timer* a, const timer* b) {
        return a->deadline_ != b->deadline_ ? a->deadline_ < b->deadline_ : a->sequence_ < b->sequence_;
    });
    // Due timers stay linked until their turn, so that a fired one can cancel a later one.
    for (timer* t : due_) {
        t->bucket_ = bucket_count - 1;
        fired.push_back(*t);
    }
    next_known_ = false;
    std::size_t count = 0;
    while (!fired.empty()) {
        timer& t = fired.pop_front();
        --size_;
        ++count;
        t.fire();
    }
    return count;
}

}  // namespace hem::detail
