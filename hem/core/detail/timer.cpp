#include "hem/core/detail/timer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace hem::detail {
namespace {

constexpr std::size_t kept_keys = 16 * 1024;  // a larger burst gives its memory back
constexpr std::size_t ahead = 8;

}  // namespace

// Brings timers that are due into the order of their turns. A few are merged along their links, which needs no memory; of many, keys are
// sorted in an array, because links of many timers lead all over the memory.
class timer_sort {
public:
    static constexpr std::size_t few = 64;

    using link = list_link<timer_tag>;
    // Moves the `count` timers that hang on `first` by their forward links, in the order of arming, into `sorted`. `keys` is empty if they
    // were merged.
    static void sort(link* first, std::size_t count, std::vector<timer_key>& keys, intrusive_list<timer, timer_tag>& sorted) noexcept {
        keys.clear();
        if (count > few && make_room(keys, count)) return sort_keys(first, keys, sorted);
        for (link* at = sort_links(first); at;) {
            timer& t = static_cast<timer&>(*at);
            at = at->next;
            sorted.push_back(t);
        }
    }

private:
    static bool before(const timer& a, const timer& b) noexcept {
        return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.sequence_ < b.sequence_;
    }
    static bool make_room(std::vector<timer_key>& scratch, std::size_t count) noexcept {
        try {
            scratch.reserve(count);
            return true;
        } catch (...) {
            return false;
        }
    }
    static void sort_keys(link* first, std::vector<timer_key>& keys, intrusive_list<timer, timer_tag>& sorted) noexcept {
        for (link* at = first; at; at = at->next) {
            auto& t = static_cast<timer&>(*at);
            keys.push_back({t.deadline_, t.sequence_, &t});
        }
        std::sort(keys.begin(), keys.end(), [](const timer_key& a, const timer_key& b) {
            return a.deadline != b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence;
        });
        for (const timer_key& key : keys) sorted.push_back(*key.due);
    }
    // Merge sort: runs of 1, 2, 4 ... timers wait in `runs`, shorter ones first, so that of equal timers the earlier stays in front (Knuth,
    // The Art of Computer Programming 5.2.4).
    static link* sort_links(link* first) noexcept {
        link* runs[32] = {};
        int used = 0;
        while (first) {
            link* run = std::exchange(first, first->next);
            run->next = nullptr;
            int size = 0;
            for (; runs[size]; ++size) run = merge(std::exchange(runs[size], nullptr), run);
            runs[size] = run;
            used = std::max(used, size + 1);
        }
        link* all = nullptr;
        for (int size = 0; size < used; ++size) {
            if (runs[size]) all = all ? merge(runs[size], all) : runs[size];
        }
        return all;
    }
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
    timer_sort::link* due = nullptr;
    timer_sort::link** last_due = &due;
    std::size_t due_count = 0;
    while (!candidates.empty()) {
        timer& t = candidates.pop_front();
        if (t.deadline_ <= now) {
            t.bucket_ = bucket_count - 1;
            *last_due = &t;
            last_due = &t.next;
            ++due_count;
        } else {
            link(t);
        }
    }
    *last_due = nullptr;
    // Due timers stay linked until their turn, so that a fired one can cancel a later one.
    intrusive_list<timer, timer_tag> fired;
    timer_sort::sort(due, due_count, keys_, fired);
    next_known_ = false;
    std::size_t count = 0;
    while (!fired.empty()) {
        timer& t = fired.pop_front();
        --size_;
        // Sorted timers lie anywhere: memory is asked for those whose turn comes soon.
        if (count + ahead < keys_.size()) __builtin_prefetch(keys_[count + ahead].due);
        ++count;
        t.fire();
    }
    if (keys_.capacity() > kept_keys) keys_ = {};
    return count;
}

}  // namespace hem::detail
