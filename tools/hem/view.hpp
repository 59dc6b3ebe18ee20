// Snapshots as text. Plain functions of their arguments: no terminal, no clock.
#pragma once

#include <string>

#include "tools/hem/snapshot.hpp"

struct view_options {
    double waiting_longer_ms = 0;  // only tasks that are at least so old
    std::size_t columns = 100;     // lines are cut there; 0: never
    std::size_t rows = 0;          // at most so many lines; 0: all
    bool colours = false;
};

// Each loop's tasks as a tree of who waits for whose end.
std::string tree_view(const shown_program& program, const view_options& options);

// One line per task, the busiest since `before` first, below a head with the loops' counters. `seconds` lie between the two.
std::string top_view(const shown_program& program, const shown_program* before, double seconds, const view_options& options);

// "waits for lock 'cache' of task-3 at posts.cpp:12".
std::string describe(const shown_task& task);
// "350 ms", "12.3 s", "4 min".
std::string describe_time(double ms);
