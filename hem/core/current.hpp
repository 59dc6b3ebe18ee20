// What runs now: the current task and the innermost cancel scope around it. Views, not owners: a view of a scope is good until the scope is
// left, that of a task until the task ends. Both are empty outside of a task.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>

#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"

namespace hem {

namespace detail {
class scope_state;
struct task_header;
}  // namespace detail

// A cancel scope that somebody else opened. Calls on an empty view are usage_error.
class scope_view {
public:
    scope_view() noexcept = default;
    explicit scope_view(detail::scope_state& scope) noexcept : scope_(&scope) {}
    explicit operator bool() const noexcept { return scope_ != nullptr; }

    // Interrupts what is inside. Runs no other code, may be repeated; the first reason is kept.
    void cancel(std::string reason = {}, std::source_location where = std::source_location::current()) const;
    // True if it was cancelled itself (cancel_called) or, through it or not, what is inside is (cancelled).
    bool cancel_called() const;
    bool cancelled() const;
    // Its own deadline; time_point::max() for none.
    time_point deadline() const;
    // Earlier, later, or time_point::max() for none. usage_error after a cancellation, and for the scope of a whole task or run.
    void set_deadline(time_point deadline) const;
    // True if its deadline struck.
    bool expired() const;
    // Why what is inside is cancelled; meaningless before.
    cancel_reason reason() const;

private:
    detail::scope_state& get() const;
    detail::scope_state* scope_ = nullptr;
};

class task_view {
public:
    task_view() noexcept = default;
    explicit task_view(detail::task_header& task) noexcept : task_(&task) {}
    explicit operator bool() const noexcept { return task_ != nullptr; }

    // Unique in its loop; 0 for an empty view.
    std::uint64_t id() const noexcept;
    // As given, else "task-<id>"; empty for an empty view.
    std::string name() const;
    friend bool operator==(const task_view&, const task_view&) = default;

private:
    detail::task_header* task_ = nullptr;
};

task_view current_task() noexcept;
scope_view current_scope() noexcept;

}  // namespace hem
