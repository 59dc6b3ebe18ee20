// The stall watchdog: reports a resume, or a callback, that holds the loop longer than a threshold, while it does, with the native stack,
// the task and its asynchronous stack. Part of `run_options`, on by default under the real clock:
//
//     hem::run({.watchdog = {.threshold = 25ms}}, serve);
//
// It costs a signal per quarter of the threshold while the loop is busy and nothing while it sleeps. System calls of tasks may see EINTR
// from it where SA_RESTART does not help (sleeping calls).
#pragma once

#include "hem/core/clock.hpp"

namespace hem {

struct stall_watchdog {
    duration threshold = std::chrono::milliseconds(100);  // zero: no watchdog
    int reports_per_minute = 5;                           // the rest is counted, and the next report says how many
};

}  // namespace hem
