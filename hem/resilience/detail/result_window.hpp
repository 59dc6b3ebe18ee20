// The last results of a circuit breaker, by number or by time: how many calls, failures and slow calls there were. A window of time is kept
// in ten slices, so it holds between nine and ten tenths of its length; a clock that stands still or jumps only shortens it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hem/core/clock.hpp"

namespace hem {

// Of what a ratio is taken: `circuit_window::count(100)`, `circuit_window::time(30s)`; without either there is no window.
struct circuit_window {
    int calls = 0;
    duration time_span{};

    static constexpr circuit_window count(int calls) { return {.calls = calls}; }
    static constexpr circuit_window time(duration span) { return {.time_span = span}; }
    explicit constexpr operator bool() const noexcept { return calls > 0 || time_span > duration::zero(); }
    bool operator==(const circuit_window&) const = default;
};

struct window_numbers {
    std::uint64_t calls = 0, failures = 0, slow = 0;
    bool operator==(const window_numbers&) const = default;
};

namespace detail {

class result_window {
public:
    explicit result_window(const circuit_window& of);
    void note(bool failure, bool slow) noexcept;
    window_numbers numbers() const noexcept;
    void clear() noexcept;

private:
    static constexpr int slice_count = 10;
    struct slice {
        std::int64_t number = -1;
        window_numbers counted;
    };
    std::int64_t slice_number() const noexcept { return clock::now().time_since_epoch() / slice_length_; }

    // By number: a ring of results.
    struct result {
        bool failure, slow;
    };
    std::vector<result> ring_;
    std::size_t next_ = 0;
    window_numbers in_ring_;
    // By time.
    duration slice_length_;
    std::array<slice, slice_count> slices_{};
};

}  // namespace detail
}  // namespace hem
