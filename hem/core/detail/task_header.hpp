// A task as the loop sees it: what to resume, in which scope, on whose behalf. A coroutine that is awaited directly has no header of its
// own; it runs in its awaiter's task.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>

#include "hem/core/detail/context_node.hpp"
#include "hem/core/detail/intrusive_list.hpp"
#include "hem/core/detail/scope_state.hpp"
#include "hem/core/detail/wait_node.hpp"

namespace hem::detail {

class group_core;
class held_lock;
struct all_tasks_tag;

struct task_header : list_link<scope_task_tag>, list_link<all_tasks_tag> {
    task_header() noexcept = default;
    task_header(const task_header&) = delete;
    task_header& operator=(const task_header&) = delete;

    // First resume: makes the coroutine and runs it to its first suspension.
    virtual void start() = 0;
    // After its coroutine reached the end: takes the outcome over, destroys frame, callable and arguments. Returns the error that left,
    // null for a value.
    virtual std::exception_ptr finish() noexcept = 0;
    // The kernel's verdict on an error: it was a cancellation, or it becomes another error.
    virtual void set_cancelled() noexcept = 0;
    virtual void set_error(std::exception_ptr error) noexcept = 0;
    // The loop has no use for the header any more.
    virtual void release() noexcept = 0;

    std::string display_name() const;
    scope_state& own_scope();  // made on first use: the scope that handle.cancel() cancels

    task_header* ready_next = nullptr;
    std::coroutine_handle<> resume_point;  // null until started
    std::coroutine_handle<> frame;         // its innermost coroutine while it does not run; null until started
    wait_node* waiting = nullptr;
    scope_state* scope = nullptr;        // innermost scope it is in now
    scope_state* birth_scope = nullptr;  // the scope it was created in, or its own scope once that exists
    group_core* group = nullptr;
    kernel* loop = nullptr;
    held_lock* held_locks = nullptr;  // newest first; looked at when the task ends
    const void* woken_by = nullptr;   // primitive that woke it last: the shuffle keeps the order within one
    context_pointer context;
    std::unique_ptr<scope_state> handle_scope;
    std::unique_ptr<std::string> name;
    std::source_location spawned{};
    std::uint64_t id = 0;
    std::uint64_t resumes = 0;
    time_point born{};             // by the loop's clock as it was last read
    duration busy{};               // time on the loop, as far as it was measured: loop::measure
    std::uint32_t self_wakes = 0;  // times it gave up its turn and was ready at once, since `self_wakes_from`
    std::uint64_t self_wakes_from = 0;
    bool cancel_met = false;  // a cancellation from outside was thrown into it
    bool creating = false;    // in its midst: a child that it starts eagerly runs in its place
    bool finished = false;

protected:
    ~task_header() = default;
};

}  // namespace hem::detail
