#include "hem/core/worker_pool.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/context.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/event.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace detail {
namespace {

thread_local thread_job* running_job = nullptr;

}  // namespace

class pool_core : public std::enable_shared_from_this<pool_core> {
public:
    explicit pool_core(worker_pool_options options) : options_(std::move(options)) {
        if (options_.threads == 0) throw std::invalid_argument("a worker pool needs at least one thread");
    }

    void submit(thread_job& job) {
        const std::lock_guard guard(mutex_);
        if (stopping_) throw usage_error("the worker pool '" + options_.name + "' is closed");
        job.next_job = nullptr;
        *tail_ = &job;
        tail_ = &job.next_job;
        ++waiting_;
        if (idle_ < waiting_ && threads_.size() < options_.threads) {
            threads_.emplace_back([self = shared_from_this()] { self->work(); });
            ++alive_;
        } else {
            wake_.notify_one();
        }
    }

    // Takes a job back that no worker has begun.
    bool withdraw(thread_job& job) noexcept {
        const std::lock_guard guard(mutex_);
        for (thread_job** at = &head_; *at; at = &(*at)->next_job) {
            if (*at != &job) continue;
            *at = job.next_job;
            if (tail_ == &job.next_job) tail_ = at;
            --waiting_;
            return true;
        }
        return false;
    }

    // New work is refused; workers end when the queue is empty. `when_empty` is called on the last of them.
    void begin_stop(loop_handle* loop, std::shared_ptr<event> ended) {
        std::unique_lock guard(mutex_);
        stopping_ = true;
        if (alive_ == 0) {
            guard.unlock();
            if (ended) ended->set();
            return;
        }
        if (loop) {
            notify_loop_ = *loop;
            notify_event_ = std::move(ended);
        }
        wake_.notify_all();
    }

    void join() noexcept {
        std::vector<std::thread> threads;
        {
            const std::lock_guard guard(mutex_);
            threads.swap(threads_);
        }
        for (auto& thread : threads) thread.join();
    }
    // The threads go on alone: their owner could not wait.
    void detach() noexcept {
        const std::lock_guard guard(mutex_);
        for (auto& thread : threads_) thread.detach();
        threads_.clear();
    }

    worker_pool_statistics statistics() {
        const std::lock_guard guard(mutex_);
        return {alive_, alive_ - idle_, waiting_};
    }
    const std::string& name() const noexcept { return options_.name; }

private:
    void work() {
        {
            const std::string name = options_.name.substr(0, 15);  // the kernel's limit
            ::pthread_setname_np(::pthread_self(), name.c_str());
        }
        std::unique_lock guard(mutex_);
        for (;;) {
            if (!head_) {
                if (stopping_) break;
                ++idle_;
                wake_.wait(guard, [this] { return head_ || stopping_; });
                --idle_;
                continue;
            }
            thread_job* job = head_;
            head_ = job->next_job;
            if (!head_) tail_ = &head_;
            --waiting_;
            guard.unlock();
            run(*job);
            guard.lock();
        }
        if (--alive_ == 0 && notify_loop_) {
            auto loop = std::move(*notify_loop_);
            notify_loop_.reset();
            auto ended = std::move(notify_event_);
            guard.unlock();
            loop.call_soon_threadsafe([ended] { ended->set(); });
        }
    }

    static void run(thread_job& job) noexcept {
        const auto home = job.home;  // the job dies as soon as the loop has it
        context_pointer mine = std::move(job.context);
        std::swap(current_context(), mine);
        running_job = &job;
        job.execute();
        running_job = nullptr;
        std::swap(current_context(), mine);
        mine = context_pointer();
        home->push(&job);
    }

    worker_pool_options options_;
    std::mutex mutex_;
    std::condition_variable wake_;
    thread_job* head_ = nullptr;
    thread_job** tail_ = &head_;
    std::size_t waiting_ = 0;
    std::size_t idle_ = 0;
    std::size_t alive_ = 0;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
    std::optional<loop_handle> notify_loop_;
    std::shared_ptr<event> notify_event_;
};

const wait_ops thread_job::ops{"worker", abort, keep};

thread_job::thread_job(std::shared_ptr<pool_core> pool) : wait_node(ops), pool_(std::move(pool)) {
    run = [](post_node* self) {
        auto& job = *static_cast<thread_job*>(self);
        job.done = true;
        --job.task->loop->outside_work;
        job.task->loop->grant(job);
    };
    destroy = [](post_node*) noexcept {};
}

bool thread_job::await_ready() { return begin_wait(*this); }

void thread_job::await_suspend(std::coroutine_handle<> handle) {
    home = task->loop->remote;
    context = task->context;
    suspend_wait(*this, handle);
    ++task->loop->outside_work;
    try {
        pool_->submit(*this);
    } catch (...) {
        --task->loop->outside_work;
        task->waiting = nullptr;
        throw;
    }
}

bool thread_job::abort(wait_node& node) noexcept {
    auto& job = static_cast<thread_job&>(node);
    if (job.pool_->withdraw(job)) {
        --job.task->loop->outside_work;
        return true;
    }
    job.cancel_requested.store(true, std::memory_order_relaxed);
    return false;
}

std::shared_ptr<pool_core> make_pool(worker_pool_options options) { return std::make_shared<pool_core>(std::move(options)); }

std::shared_ptr<pool_core> default_pool() {
    kernel& loop = current_kernel();
    if (!loop.default_pool) loop.default_pool = make_pool({});
    return loop.default_pool;
}

void stop_pool(pool_core& pool) noexcept {
    pool.begin_stop(nullptr, nullptr);
    pool.join();
}

}  // namespace detail

worker_pool::worker_pool(worker_pool_options options) : core_(detail::make_pool(std::move(options))) {}

worker_pool::~worker_pool() {
    if (core_) detail::stop_pool(*core_);
}

task<> worker_pool::close(duration limit) {
    auto core = core_;
    auto ended = std::make_shared<event>();
    auto loop = hem::loop::current().handle();
    core->begin_stop(&loop, ended);
    ++detail::current_kernel().outside_work;  // the virtual clock does not run ahead of real threads
    const bool in_time = co_await move_on_after(limit, ended->wait());
    --detail::current_kernel().outside_work;
    if (in_time) {
        core->join();
        co_return;
    }
    detail::send_report({.kind = report_kind::pool_stuck,
                         .text = "the worker pool '" + core->name() + "' still runs " + std::to_string(core->statistics().running) +
                                 " jobs after its time to close; they go on alone",
                         .task = detail::current_task_header().display_name()});
    core->detach();
}

worker_pool_statistics worker_pool::statistics() const { return core_->statistics(); }

void from_thread::check_cancelled() {
    auto* job = detail::running_job;
    if (!job) throw usage_error("from_thread::check_cancelled() is for functions that to_thread runs");
    if (job->cancel_requested.load(std::memory_order_relaxed)) detail::throw_cancelled_plain();
}

}  // namespace hem
