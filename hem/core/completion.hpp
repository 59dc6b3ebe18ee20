// How one of several ended, and which one it was: what as_completed streams and staggered_race hands on.
#pragma once

#include <cstddef>

#include "hem/core/outcome.hpp"

namespace hem {

template <class T>
struct completion {
    std::size_t index;  // of the awaitable or candidate in the input
    hem::outcome<T> outcome;
};

}  // namespace hem
