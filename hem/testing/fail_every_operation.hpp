// Runs a coroutine once to count its kernel operations, then once for each of them with an error there: a refused connect, a reset read, a
// full disk. What counts are the calls below sockets and files that the loop's thread makes, and those of workers for files and name
// look-ups; the linker sends them here (`--wrap`, see cmake/hem_layers.cmake), so code is tested as it is. Operations of a simulated
// network count, too; what io_uring does inside the kernel does not.
//
// The test fails, naming the operation and its place, if a run ends with anything but a value, network_error, std::system_error or
// bad_alloc (also inside an exception_group, or nested), leaves something behind, does not end, or reports something other than an error
// that came second. An error class of a higher layer that stands for these is for `f` to catch.
#pragma once

#include <cstddef>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

// As cancel_at_every_await; returns the number of operations. With real sockets that number may differ a little from run to run.
std::size_t fail_every_operation(callable<task<>()> f, callable<task<>()> check = {});

namespace detail {
// Counts one operation of this thread's loop; `error` if it is the one that fails, else 0.
int operation_error(const char* name, int error) noexcept;
}  // namespace detail

}  // namespace hem::testing
