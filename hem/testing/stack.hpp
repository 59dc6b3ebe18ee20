// How much stack a piece of code needs: for promises such as "a million awaits use constant stack".
#pragma once

#include <cstddef>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// Runs `f` as the main task of a loop on virtual time, in a thread of its own with a large fresh stack, and gives the bytes of stack that
// were touched. Call it from a plain TEST. Throws what `f` throws.
std::size_t stack_used(callable<task<>()> f);

// Fails the test if `f` touches more than `limit` bytes of stack. The default leaves room for sanitizers' larger frames.
void expect_stack_bounded(callable<task<>()> f, std::size_t limit = 256 * 1024);

}  // namespace hem::testing
