// Runs a coroutine once to count its allocations, then once for each of them with std::bad_alloc there: the first, the second, the third
// ... Coroutine frames are not recycled meanwhile, so each is an allocation of its own. Only this thread's calls of operator new count.
//
// The test fails, naming the allocation, its size and place, if a run ends with anything but a value or std::bad_alloc (also inside an
// exception_group, or nested), leaves something behind, does not end, or reports something other than an error that came second.
#pragma once

#include <cstddef>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// As cancel_at_every_await; returns the number of allocations.
std::size_t fail_every_allocation(callable<task<>()> f, callable<task<>()> check = {});

}  // namespace hem::testing
