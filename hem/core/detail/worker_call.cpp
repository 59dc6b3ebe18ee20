#include "hem/core/detail/worker_call.hpp"

#include <utility>

#include "hem/core/detail/pool_core.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {
namespace {

thread_local worker_call* running_here = nullptr;

}  // namespace

worker_call* current_worker_call() noexcept { return running_here; }

running_call::running_call(worker_call& call) noexcept : outer(std::exchange(running_here, &call)) {}
running_call::~running_call() { running_here = outer; }

// ---- worker_call ------------------------------------------------------------------------------------------------------------------------

worker_call::worker_call() noexcept {
    run = [](post_node* self) { static_cast<worker_call*>(self)->came_home(); };
    destroy = [](post_node* self) noexcept {
        auto& call = *static_cast<worker_call*>(self);
        const auto keep = std::move(call.keep_);
        call.token.disown();  // main has ended, and the limiter may have with it
        call.report_late_error();
    };
}

// On the worker.
void worker_call::ended() noexcept {
    const auto home = home_;  // the call dies as soon as the loop has it
    if (home->push(this)) return;
    const auto keep = std::move(keep_);  // the loop has ended: only an abandoned call outlives it
    token.disown();
    report_late_error();
}

void worker_call::came_home() noexcept {
    const auto keep = std::move(keep_);
    --loop_->outside_work;
    token.release();
    if (waiter_) {
        loop_->grant(*waiter_);
    } else {
        report_late_error();
    }
}

void worker_call::report_late_error() const noexcept {
    const auto late = error();
    if (!late || *late.__cxa_exception_type() == typeid(cancelled)) return;
    send_report({.kind = report_kind::suppressed_error,
                 .text = "a function on a worker failed with " + describe(late) + " after the task that waited for it had left",
                 .task = {}});
}

task_header* worker_call::waiting_task() const noexcept { return waiter_ ? waiter_->task : nullptr; }

void worker_call::admit(kernel& loop, task_header& child) {
    if (!waiter_) throw task_cancelled("the task that waited for this function was cancelled and has left");
    task_header& waiting = *waiter_->task;
    child.context = waiting.context;
    waiting.own_scope();  // made on first use: a cancellation of the task must reach what runs for it
    loop.adopt(child, nullptr, *waiting.scope);
    loop.make_ready(child);
    ++children_;
    --loop.outside_work;  // the worker waits for the loop now, so the virtual clock need not wait for the worker
}

void worker_call::child_ended(task_header& child) noexcept {
    waiter_->task->context = std::move(child.context);
    ++loop_->outside_work;
    if (--children_ != 0 || !cancel_requested() || !keep_) return;
    // The task could not leave before what ran in its scope had ended.
    worker_wait& waiter = *std::exchange(waiter_, nullptr);
    waiter.state = wait_node::status::cancelled;
    loop_->make_ready(*waiter.task);
}

// ---- worker_wait ------------------------------------------------------------------------------------------------------------------------

const wait_ops worker_wait::ops{"worker", abort, keep, target};

worker_wait::worker_wait(std::shared_ptr<pool_core> pool, worker_call& call) noexcept
    : wait_node(ops), pool_(std::move(pool)), call_(call) {}
worker_wait::worker_wait(std::shared_ptr<pool_core> pool, std::shared_ptr<worker_call> call) noexcept
    : wait_node(ops), pool_(std::move(pool)), call_(*call), shared_(std::move(call)) {}

void worker_wait::await_suspend(std::coroutine_handle<> handle) {
    kernel& loop = *task->loop;
    call_.home_ = loop.remote;
    call_.loop_ = &loop;
    call_.context = task->context;
    call_.waiter_ = this;
    call_.keep_ = shared_;
    suspend_wait(*this, handle);
    ++loop.outside_work;
    try {
        pool_->submit(call_);
    } catch (...) {
        --loop.outside_work;
        task->waiting = nullptr;
        call_.keep_ = nullptr;
        throw;
    }
}

bool worker_wait::abort(wait_node& node) noexcept {
    auto& self = static_cast<worker_wait&>(node);
    worker_call& call = self.call_;
    if (self.pool_->withdraw(call)) {
        --node.task->loop->outside_work;
        call.keep_ = nullptr;
        return true;
    }
    if (!call.cancel_requested()) {
        call.reason_ = node.task->scope->reason();
        call.cancel_requested_.store(true, std::memory_order_release);
    }
    if (!self.shared_ || call.children_ != 0) return false;
    call.waiter_ = nullptr;
    return true;
}

wait_target worker_wait::target(const wait_node& node) noexcept {
    const auto& self = static_cast<const worker_wait&>(node);
    return {.name = self.pool_->name(), .object = self.pool_.get()};
}

}  // namespace hem::detail
