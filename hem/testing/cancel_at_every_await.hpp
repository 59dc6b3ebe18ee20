// Runs a coroutine with a cancellation at its first await, then at its second, and so on, until a run ends untouched. Every run gets a fresh
// loop on virtual time. It fails the test, naming the await, if a run reports something, leaves something behind or throws what is neither
// `cancelled` nor nothing.
#pragma once

#include <cstddef>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// `f` makes everything anew in each call; `check`, if given, looks at the test's own invariant after each run (a plain function or lambda
// that returns a task, run on a fresh loop). Call it from a plain TEST, not inside a loop. Returns the number of awaits.
std::size_t cancel_at_every_await(callable<task<>()> f, callable<task<>()> check = {});

}  // namespace hem::testing
