// Timers of one loop: intrusive, ordered by deadline and then by registration, re-armed and cancelled in constant time.
//
// A timer lies in the list of the highest bit in which its deadline differs from the time of the last expiry (a radix heap, as Seastar's
// timer_set): insertion is a count of leading zeros, expiry moves each timer to a lower list at most 64 times in its life.
#pragma once

#include <cstdint>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/intrusive_list.hpp"

namespace hem::detail {

struct timer_tag;

class timer : public list_link<timer_tag> {
public:
    using callback = void (*)(timer&) noexcept;
    explicit timer(callback fire) noexcept : fire_(fire) {}
    timer(timer&& unarmed) noexcept : list_link(), fire_(unarmed.fire_) {}
    timer& operator=(timer&&) = delete;

    time_point deadline() const noexcept { return deadline_; }
    bool armed() const noexcept { return linked(); }
    void fire() noexcept { fire_(*this); }

private:
    friend class timer_queue;
    friend class timer_sort;
    callback fire_;
    time_point deadline_{};
    std::uint64_t sequence_ = 0;
    std::uint8_t bucket_ = 0;
};

// What timers are sorted by.
struct timer_key {
    time_point deadline;
    std::uint64_t sequence;
    timer* due;
};

class timer_queue {
public:
    explicit timer_queue(time_point now) noexcept : last_(now) {}

    // Arms `t`; it must not be armed. A deadline in the past is due at the next expiry.
    void add(timer& t, time_point deadline) noexcept;
    // Disarms an armed timer at once; it causes no wake-up any more.
    void remove(timer& t) noexcept;
    // Fires everything due at `now`, by deadline, then by registration. What a fired timer arms waits for the next call.
    // Returns how many fired.
    std::size_t expire(time_point now) noexcept;
    // The earliest deadline, time_point::max() if there is none.
    time_point next() noexcept;
    std::size_t size() const noexcept { return size_; }
    // Some armed timer, null if there is none: for clearing up at the end.
    timer* any() noexcept;

private:
    static constexpr int bucket_count = 65;
    int bucket_of(time_point deadline) const noexcept;
    void link(timer& t) noexcept;

    time_point last_;
    time_point next_ = time_point::max();
    bool next_known_ = true;
    std::uint64_t sequence_ = 0;
    std::size_t size_ = 0;
    std::uint64_t nonempty_ = 0;  // bit i: list i may hold timers (list 64 never holds any: deadlines are not negative)
    intrusive_list<timer, timer_tag> buckets_[bucket_count];
    std::vector<timer_key> keys_;  // of the timers that are being fired, where they are many
};

}  // namespace hem::detail
