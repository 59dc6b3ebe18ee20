// One call on its way to a worker and back, as the loop and the worker see it; to_thread puts the function, its arguments and its result
// around it. The task waits in a worker_wait.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>

#include "hem/core/cancelled.hpp"
#include "hem/core/capacity_limiter.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/pool_job.hpp"
#include "hem/core/detail/remote_call.hpp"

namespace hem::detail {

class worker_wait;

class worker_call : public pool_job, public post_node, public remote_place {
public:
    worker_call() noexcept;
    worker_call(const worker_call&) = delete;
    worker_call& operator=(const worker_call&) = delete;

    // On the worker: whether the waiting task was cancelled.
    bool cancel_requested() const noexcept { return cancel_requested_.load(std::memory_order_acquire); }
    const std::shared_ptr<const cancel_reason>& reason() const noexcept { return reason_; }
    const std::shared_ptr<inbox>& home() const noexcept { return home_; }

    // Children that the function runs on the loop belong to the scope and context of the task that waits.
    void admit(kernel& loop, task_header& child) override;
    void child_ended(task_header& child) noexcept override;
    // The task that waits; null if it has left.
    task_header* waiting_task() const noexcept;
    // What bounds how many such functions run at once: given back, on the loop, when this one has ended.
    capacity_limiter::guard token;

protected:
    ~worker_call() = default;
    virtual std::exception_ptr error() const noexcept = 0;

private:
    friend class worker_wait;
    void ended() noexcept final;
    void came_home() noexcept;
    void report_late_error() const noexcept;

    std::shared_ptr<inbox> home_;
    kernel* loop_ = nullptr;
    worker_wait* waiter_ = nullptr;      // loop's side; null if the task has left
    std::shared_ptr<worker_call> keep_;  // of a call that may be abandoned: until it has come home
    std::shared_ptr<const cancel_reason> reason_;
    std::size_t children_ = 0;  // tasks that the function runs on the loop now
    std::atomic<bool> cancel_requested_{false};
};

// Waits for a call. Withdraws one that no worker has begun; asks one that runs to end early, and waits for it or, if `abandon`, leaves.
class worker_wait : public wait_node {
public:
    worker_wait(std::shared_ptr<pool_core> pool, worker_call& call) noexcept;
    // The form that may leave: the call lives on its own until its function has ended.
    worker_wait(std::shared_ptr<pool_core> pool, std::shared_ptr<worker_call> call) noexcept;
    bool await_ready() { return begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() { end_wait(*this); }

private:
    friend class worker_call;
    static bool abort(wait_node& node) noexcept;
    static bool keep(wait_node&) noexcept { return false; }  // a result beats a cancellation that came later
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;

    std::shared_ptr<pool_core> pool_;
    worker_call& call_;
    std::shared_ptr<worker_call> shared_;
};

// The call that runs on this thread, null on a thread that is no worker.
worker_call* current_worker_call() noexcept;
// The same; usage_error naming `what` on a thread that is no worker or runs a loop.
worker_call& worker_call_for(const char* what);

// Marks this thread as running `call` while it lives.
struct running_call {
    explicit running_call(worker_call& call) noexcept;
    running_call(const running_call&) = delete;
    ~running_call();
    worker_call* outer;
};

}  // namespace hem::detail
