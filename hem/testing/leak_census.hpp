// Counts what a piece of code may leave behind. `take` looks at the process: descriptors, threads and coroutine frames; `of_loop` looks at
// the running loop: tasks, timers, kernel operations and worker jobs. ASYNC_TEST takes both around every test.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hem::testing {

struct leak_census {
    std::vector<std::string> descriptors;  // "7: socket:[1234]", in order
    std::vector<std::string> threads;      // "4711: hem-worker", in order
    std::ptrdiff_t frames = 0;             // coroutine frames and task states alive, as far as they were made after the first census

    static leak_census take();
    // Empty if nothing was left since `before`, else what it is, by name.
    std::string difference_to(const leak_census& before) const;
};

// What the running loop still holds when only the calling task should be left: empty, or the names of tasks, the number of armed timers, of
// kernel operations in flight and of worker jobs. Usage_error outside of a loop.
std::string left_on_loop();

}  // namespace hem::testing
