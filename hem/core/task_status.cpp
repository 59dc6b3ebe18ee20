#include "hem/core/task_status.hpp"

#include "hem/core/errors.hpp"

namespace hem::detail {

const wait_ops start_wait::ops{"group.start", abort, revoke, target};

void start_wait::watch(spawned_base& child) {
    try {
        child.own_scope();
    } catch (const std::bad_alloc&) {
        // Another task holds the memory: this child cannot be cut short, and start() lasts as long as it.
    }
    child_ = &child;
    child.watchers.push_back(*this);
}

void start_wait::await_suspend(std::coroutine_handle<> handle) noexcept {
    task = &current_task_header();
    suspend_wait(*this, handle);
}

void start_wait::resolve() noexcept {
    if (end_watcher::linked()) end_watcher::unlink();
    task->loop->grant(*this);
}

wait_target start_wait::target(const wait_node& node) noexcept {
    task_header* const child = static_cast<const start_wait&>(node).child_;
    return {.owner = child, .object = child};
}

bool start_wait::abort(wait_node& node) noexcept {
    auto& self = static_cast<start_wait&>(node);
    if (!self.child_->handle_scope) return false;
    self.given_up_ = true;
    cancel_reason why;
    try {
        why = *self.task->scope->reason();
    } catch (const std::bad_alloc&) {
        // Cancelled without a word.
    }
    self.child_->own_scope().cancel(std::move(why));
    return false;  // lasts until the child has ended
}

// The child is the group's already, or has ended: that cannot be undone.
bool start_wait::revoke(wait_node&) noexcept { return false; }

void throw_started_twice() { throw usage_error("started() was called twice: a child that is started is ready once"); }

namespace {

std::exception_ptr as_error(const char* text) noexcept {
    try {
        throw usage_error(text);
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace

std::exception_ptr never_started_error() {
    return as_error("a child of task_group::start ended without calling started() on its task_status");
}

std::exception_ptr stray_cancelled_error() {
    return as_error("a child of task_group::start threw a stored hem::cancelled although nothing cancelled it");
}

void throw_start_cancelled() {
    auto& caller = current_task_header();
    if (caller.scope->cancelled()) throw_cancelled(caller);
    throw task_cancelled("the child was cancelled before it called started()");
}

}  // namespace hem::detail
