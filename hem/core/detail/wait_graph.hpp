// What tasks wait for, as text, and waits that can never end: a task that waits, through others, for itself, and a loop in which nothing
// can wake anybody. Slow paths only: reports, task lists.
#pragma once

#include <string>
#include <vector>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/task_header.hpp"

namespace hem::detail {

// "waits for lock 'table', held by task 'writer', at posts.cpp:12", "is ready", "runs", "has not started".
std::string describe_wait(const task_header& task);
// A place in a template of Hem's core, which is of no use to who looks for a line to change.
bool is_own_code(const std::source_location& where) noexcept;
// Where its innermost coroutine that is not Hem's own awaits or awaited last: "posts.cpp:12", or "nothing yet".
std::string await_place(const task_header& task);
std::source_location await_location(const task_header& task) noexcept;
// The innermost coroutine, null before the start.
std::coroutine_handle<> innermost_frame(const task_header& task) noexcept;

// The tasks that wait for each other in a circle that `task`, which waits, has closed; empty if there is none. Each task is visited once.
// Reports the circle, if there is one.
void check_wait_cycle(task_header& task) noexcept;
// All tasks with what they wait for, as one line.
std::string wait_graph(kernel& loop);

}  // namespace hem::detail
