// Runs a coroutine once to count its awaits, then once for each await with a cancellation there. Every run gets a fresh loop on virtual
// time. The test fails, naming the await and its place, if a run reports something, leaves something behind, does not end within a virtual
// minute of the undisturbed run, or ends with anything but `cancelled` or a value.
#pragma once

#include <cstddef>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// `f` makes everything anew in each call; `check`, if given, looks at the test's own invariant after each run (a plain function or lambda
// that returns a task, run on a fresh loop). Call it from a plain TEST, not inside a loop. Returns the number of awaits.
std::size_t cancel_at_every_await(callable<task<>()> f, callable<task<>()> check = {});

}  // namespace hem::testing
