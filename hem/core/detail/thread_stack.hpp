// Where another thread of this process is now: for reports about threads that do not end.
#pragma once

#include <sys/types.h>

#include <string>

#include "hem/core/clock.hpp"

namespace hem::detail {

// The native stack of thread `id` in one line, innermost function first. The thread is interrupted by a signal that it notes its stack in;
// one that does not answer within `limit` gives a text that says so.
std::string stack_of_thread(pid_t id, duration limit = std::chrono::milliseconds(200));

}  // namespace hem::detail
