#include "hem/core/detail/timer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace hem::detail {

// Merge sort along the list's forward links: expiring must not need memory. Runs of 1, 2, 4 ... timers wait in `runs`, shorter ones first,
// so that of equal timers the earlier stays in front (Knuth, The Art of Computer Programming 5.2.4).
class timer_sort {
public:
    static bool before(const timer& a, const timer& b) noexcept {
        return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.sequence_ < b.sequence_;
    }
    void add(timer& t) noexcept {
        t.next = nullptr;
        link* run = &t;
        int size = 0;
        for (; runs_[size]; ++size) run = merge(std::exchange(runs_[size], nullptr), run);
        runs_[size] = run;
        used_ = std::max(used_, size + 1);
    }
    timer* take() noexcept {
        link* all = nullptr;
        for (int size = 0; size < used_; ++size) {
            if (runs_[size]) all = all ? merge(runs_[size], all) : runs_[size];
        }
        return static_cast<timer*>(all);
    }

private:
    using link = list_link<timer_tag>;
    static link* merge(link* a, link* b) noexcept {
        link* head = nullptr;
        link** tail = &head;
        while (a && b) {
            link*& first = before(static_cast<timer&>(*b), static_cast<timer&>(*a)) ? b : a;
            *tail = first;
            tail = &first->next;
            first = first->next;
        }
        *tail = a ? a : b;
        return head;
    }
    link* runs_[32] = {};
    int used_ = 0;
};

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

std::size_t timer_queue::expire(time_point now) noexcept {
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
    timer_sort due;
    while (!candidates.empty()) {
        timer& t = candidates.pop_front();
        if (t.deadline_ <= now) {
            due.add(t);
        } else {
            link(t);
        }
    }
    // Due timers stay linked until their turn, so that a fired one can cancel a later one.
    for (timer* t = due.take(); t;) {
        auto* next = static_cast<timer*>(t->next);
        t->bucket_ = bucket_count - 1;
        fired.push_back(*t);
        t = next;
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
