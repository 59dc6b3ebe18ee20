// What a loop is doing: its tasks with what each of them waits for, the tree of scopes, asynchronous stacks. For debugging pages, tests and
// the moment when something hangs; available in every build.
//
//     std::puts(hem::task_tree().c_str());
//     for (const hem::task_info& task : hem::all_tasks(loop.handle())) ...      // from another thread
//
// Time is linear in the number of tasks, whoever waits for whom: each is visited once.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/loop.hpp"

namespace hem {

enum class task_state : unsigned char {
    created,  // queued for its first turn
    ready,    // queued
    running,  // the current task, or one that just starts a child eagerly
    waiting,
};

std::string_view to_string(task_state state) noexcept;

// A coroutine on an asynchronous stack.
struct stack_frame {
    std::source_location function;  // of the coroutine; function.function_name() names it
    std::source_location awaiting;  // where it awaits, or awaited last; line 0 before its first await
};

// What a task waits for.
struct task_wait {
    std::string kind;                      // "sleep", "lock", "queue.get", "read", "task" ...; empty if it does not wait
    std::string name;                      // of the object, may be empty
    std::string owner;                     // name of the task that has to act, may be empty
    int descriptor = -1;                   // for I/O
    duration remaining = duration::max();  // for time; max: no end
    std::source_location where;            // of the await
};

struct task_info {
    std::uint64_t id = 0;
    std::string name;  // "task-<id>" if it was given none
    task_state state{};
    std::uint64_t parent = 0;  // id of the task whose group, gather or the like it belongs to; 0 for the main task
    duration age{};
    std::uint64_t resumes = 0;
    duration busy{};  // on the loop: estimated from samples, exact while loop::measure(true)
    task_wait waits_for;
    std::source_location spawned;    // the call that made it; of a combinator's child: where its parent awaits the combinator
    std::vector<stack_frame> stack;  // innermost coroutine first; empty before the start
};

// Exactly the tasks of the running loop that have not ended, in the order of creation; the current one and those started eagerly included.
std::vector<task_info> all_tasks();
// The same from any thread, served by that loop between two tasks, so the picture is consistent. Blocks; throws run_finished if the loop
// has ended and timeout_error if it does not answer within `limit` (it is stuck: the stall report says where).
std::vector<task_info> all_tasks(const loop_handle& loop, duration limit = std::chrono::seconds(5));
std::vector<task_info> all_tasks(loop& of, duration limit = std::chrono::seconds(5));

// The running loop's scopes as an indented tree, with the tasks that are in each.
std::string task_tree();

// The chain of awaiting coroutines, innermost first: of the calling coroutine, or of a task of the running loop (empty if it has ended or
// has not started).
std::vector<stack_frame> current_async_stack();
std::vector<stack_frame> async_stack(std::uint64_t task_id);
template <class Handle>
    requires requires(const Handle& handle) {
        { handle.id() } -> std::convertible_to<std::uint64_t>;
    }
std::vector<stack_frame> async_stack(const Handle& handle) {
    return async_stack(handle.id());
}
// One line per frame: "  load (posts.cpp:12), await at posts.cpp:14".
std::string to_string(const std::vector<stack_frame>& stack);

}  // namespace hem
