// What every scope with children stands on: task groups, gather and its kin. It owns a cancel scope, counts its children, keeps the first
// error and wakes whoever waits for the last child.
#pragma once

#include <cstddef>
#include <exception>
#include <source_location>
#include <string_view>
#include <vector>

#include "hem/core/detail/kernel.hpp"

namespace hem::detail {

enum class child_errors : unsigned char {
    first,    // the first failure cancels the rest and leaves
    all,      // the same, but all failures leave together as an exception_group
    isolate,  // failures stay with their children
};

class group_core {
public:
    explicit group_core(child_errors errors) noexcept : errors_(errors) {}
    group_core(const group_core&) = delete;
    group_core& operator=(const group_core&) = delete;
    ~group_core();

    // Opens the group's scope in the current task.
    void enter();
    // Registers and queues a child; it starts in a later tick.
    void spawn(task_header& child) noexcept;
    void spawn_eagerly(task_header& child);
    // A child has ended. Runs in the loop, resumes nobody.
    void child_finished(task_header& child, std::exception_ptr error, bool was_cancelled) noexcept;
    // The body's error, or cancellation, counts like a child's.
    void body_failed(std::exception_ptr error) noexcept;

    // Waits until no child is left; no cancel point (the children were told already).
    class exit_awaiter;
    exit_awaiter wait_for_children() noexcept;
    // The same for the body while the group stays open; a cancel point.
    class [[nodiscard("not awaited: write co_await")]] join_awaiter;
    join_awaiter join() noexcept;
    // Until fewer than `limit` children are alive; a cancel point.
    join_awaiter wait_below(std::size_t limit) noexcept;

    // After the last child: leaves the scope and throws what has to leave: the failure, else an outer cancellation. Returns false if the
    // group's own cancellation ended the body.
    bool conclude(bool body_done);

    bool accepts() const noexcept { return !closed_ && !failed() && !scope.cancel_called(); }
    bool failed() const noexcept { return first_ != nullptr; }
    // Somebody inside was ended by a cancellation that came through the scope.
    bool interrupted() const noexcept { return interrupted_; }
    void discard_further_errors() noexcept { quiet_ = true; }
    std::size_t live() const noexcept { return live_; }
    task_header* owner() const noexcept { return owner_; }
    // Of a wait for all children at the group's end: to tell it from other waits.
    static const wait_ops* exit_ops() noexcept;
    std::size_t peak() const noexcept { return peak_; }

    timed_scope scope;
    std::size_t warn_above = 0;
    std::source_location opened{};
    std::string_view name;  // for messages; the owner's, may be empty

private:
    void fail(std::exception_ptr error, const task_header& who) noexcept;

    task_header* owner_ = nullptr;
    wait_node* waiter_ = nullptr;
    std::size_t wake_below_ = 1;  // the waiter goes on when fewer children are alive
    std::exception_ptr first_;
    std::vector<std::exception_ptr> all_;
    std::size_t live_ = 0;
    std::size_t peak_ = 0;
    child_errors errors_;
    bool closed_ = false;
    bool interrupted_ = false;
    bool quiet_ = false;
    bool warned_ = false;
};

class group_core::exit_awaiter : public wait_node {
    friend class group_core;

public:
    explicit exit_awaiter(group_core& group) noexcept : wait_node(ops), group_(group) {}
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() const noexcept {}

private:
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    group_core& group_;
};

class [[nodiscard("not awaited: write co_await")]] group_core::join_awaiter : public wait_node {
public:
    join_awaiter(group_core& group, std::size_t below) noexcept : wait_node(ops), group_(group), below_(below) {}
    bool await_ready() { return begin_wait(*this) || (group_.live_ < below_ && complete_now(*this)); }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() { end_wait(*this); }

private:
    static bool abort(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    group_core& group_;
    std::size_t below_;
};

inline group_core::exit_awaiter group_core::wait_for_children() noexcept { return exit_awaiter(*this); }
inline group_core::join_awaiter group_core::join() noexcept { return {*this, 1}; }
inline group_core::join_awaiter group_core::wait_below(std::size_t limit) noexcept { return {*this, limit}; }

}  // namespace hem::detail
