// Marks a branch that is rare in life and shall not be rare in tests: a short read, a full buffer, an early timeout.
//
//     if (hem::testing::buggify(0.05)) limit = 1;
//
// Taken by the test's seed with probability `p`; never outside of a loop on virtual time.
#pragma once

#include "hem/core/detail/kernel.hpp"

namespace hem::testing {

inline bool buggify(double p) noexcept {
    auto* loop = hem::detail::running.loop;
    return loop && loop->virtual_clock && loop->random.uniform() < p;
}

}  // namespace hem::testing
