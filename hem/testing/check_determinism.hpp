// Runs a coroutine twice with the same seed, shuffled, on virtual time, and compares what happened: which task resumed when, at what
// virtual time, from which await, and the state of the random numbers. The first difference fails the test. Call it from a plain TEST.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// `f` makes everything anew in each call. Returns the number of resumes.
std::size_t check_determinism(callable<task<>()> f, std::uint64_t seed = 1);

}  // namespace hem::testing
