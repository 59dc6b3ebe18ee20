// The loop's clock. Every duration and deadline of Hem is measured on it; under a virtual clock it stands still until nothing can run
// and then jumps to the next timer. Wall-clock time, for dates that people read, is `system_now()`; intervals never use it.
#pragma once

#include <chrono>
#include <cstdint>

namespace hem {

struct clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    // The running loop's time, read once per tick; outside a loop the machine's monotonic clock. Never suspends.
    static time_point now() noexcept;
};

using duration = clock::duration;
using time_point = clock::time_point;

// Wall-clock time of the running loop, UTC: the machine's outside a loop and under the real clock. Under a virtual clock it starts at
// 2025-01-01T00:00:00Z and moves with the clock, so tests see fixed dates.
std::chrono::sys_time<std::chrono::nanoseconds> system_now() noexcept;

namespace detail {

// Adds without overflow: a deadline too far away to represent is "never".
constexpr time_point saturating_add(time_point t, duration d) noexcept {
    if (d.count() > 0 && t.time_since_epoch().count() > INT64_MAX - d.count()) return time_point::max();
    if (d.count() < 0 && t.time_since_epoch().count() < INT64_MIN - d.count()) return time_point::min();
    return t + d;
}

// Converts any duration to the loop's, saturating; throws std::invalid_argument for NaN.
[[noreturn]] void throw_not_a_duration();

template <class Rep, class Period>
constexpr duration to_duration(std::chrono::duration<Rep, Period> d) {
    if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
        const auto seconds = std::chrono::duration<double>(d).count();
        if (seconds != seconds) throw_not_a_duration();
        if (seconds >= 9.2e9) return duration::max();
        if (seconds <= -9.2e9) return duration::min();
        return duration(static_cast<std::int64_t>(seconds * 1e9));
    } else {
        constexpr auto limit = std::chrono::duration_cast<std::chrono::duration<Rep, Period>>(std::chrono::hours(2'500'000));
        if (d >= limit) return duration::max();
        if (d <= -limit) return duration::min();
        return std::chrono::duration_cast<duration>(d);
    }
}
inline constexpr duration to_duration(duration d) noexcept { return d; }

}  // namespace detail
}  // namespace hem
