#include "hem/core/detail/pool_core.hpp"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "hem/core/context.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/thread_stack.hpp"
#include "hem/core/errors.hpp"

namespace hem::detail {

bool has_spare_cpu() noexcept {
    static const bool spare = [] {
        cpu_set_t allowed;
        return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 1;
    }();
    return spare;
}

pool_core::pool_core(worker_pool_options options) : options_(std::move(options)) {
    if (options_.threads == 0) throw std::invalid_argument("a worker pool needs at least one thread");
}

void pool_core::submit(pool_job& job) {
    bool wake = false;
    {
        const std::lock_guard guard(mutex_);
        if (stopping_.load(std::memory_order_relaxed)) throw usage_error("the worker pool '" + options_.name + "' is closed");
        const auto waiting = waiting_.load(std::memory_order_relaxed) + 1;
        if (free_.load(std::memory_order_relaxed) < waiting && workers_.size() < options_.threads) {
            start_thread();
        }
        job.next_job = nullptr;
        *tail_ = &job;
        tail_ = &job.next_job;
        waiting_.store(waiting, std::memory_order_relaxed);
        wake = waiting > looking_;
    }
    if (wake) wake_.notify_one();
}

// With the mutex held.
void pool_core::start_thread() {
    auto& fresh = *workers_.emplace_back(std::make_unique<worker>());
    try {
        fresh.thread = std::thread([self = shared_from_this(), &fresh] { self->work(fresh); });
    } catch (...) {
        workers_.pop_back();
        if (workers_.empty()) throw;  // with other threads the job only waits longer
        return;
    }
    ++alive_;
    ++looking_;
    free_.fetch_add(1, std::memory_order_relaxed);
}

bool pool_core::withdraw(pool_job& job) noexcept {
    const std::lock_guard guard(mutex_);
    for (pool_job** at = &head_; *at; at = &(*at)->next_job) {
        if (*at != &job) continue;
        *at = job.next_job;
        if (tail_ == &job.next_job) tail_ = at;
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return true;
    }
    return false;
}

void pool_core::begin_stop(std::shared_ptr<stop_listener> listener) {
    {
        const std::lock_guard guard(mutex_);
        stopping_.store(true, std::memory_order_relaxed);
        if (alive_ != 0 && listener) {
            listeners_.push_back(std::move(listener));
            listener = nullptr;
        }
    }
    wake_.notify_all();
    if (listener) listener->stopped();
}

bool pool_core::join_within(duration limit) {
    std::vector<std::unique_ptr<worker>> ended;
    {
        std::unique_lock guard(mutex_);
        const auto none_left = [this] { return alive_ == 0; };
        if (limit == duration::max()) {
            all_ended_.wait(guard, none_left);
        } else if (!all_ended_.wait_for(guard, limit, none_left)) {
            return false;
        }
        ended.swap(workers_);
    }
    for (auto& one : ended) {
        if (one->thread.joinable()) one->thread.join();
    }
    return true;
}

std::string pool_core::give_up() {
    std::vector<pid_t> stuck;
    {
        const std::lock_guard guard(mutex_);
        for (auto& one : workers_) {
            if (!one->ended && one->busy) stuck.push_back(one->id);
        }
    }
    std::string text;
    for (const pid_t id : stuck) text += "; thread " + std::to_string(id) + " is at " + stack_of_thread(id);
    const std::lock_guard guard(mutex_);
    for (auto& one : workers_) {
        if (one->thread.joinable()) one->thread.detach();
    }
    return text;
}

worker_pool_statistics pool_core::statistics() const noexcept {
    const std::lock_guard guard(mutex_);
    const auto idle = std::min(free_.load(std::memory_order_relaxed), alive_);
    return {alive_, alive_ - idle, waiting_.load(std::memory_order_relaxed)};
}

bool pool_core::stopped() const noexcept { return stopping_.load(std::memory_order_relaxed); }

void pool_core::look_around() noexcept {
    for (int i = 0; i < spin_rounds; ++i) {
        if (waiting_.load(std::memory_order_relaxed) != 0 || stopping_.load(std::memory_order_relaxed)) return;
        pause_cpu();
    }
}

// A worker is `looking` from its start, and from the end of a job, until it takes a job or sleeps: whoever submits meanwhile need not wake
// it.
void pool_core::work(worker& self) {
    {
        const std::string name = options_.name.substr(0, 15);  // the kernel's limit
        ::pthread_setname_np(::pthread_self(), name.c_str());
    }
    bool spin = false;
    std::unique_lock guard(mutex_);
    self.id = ::gettid();
    for (;;) {
        if (!head_) {
            if (stopping_.load(std::memory_order_relaxed)) break;
            // One that looks is enough: the others would only heat the room.
            if (std::exchange(spin, false) && looking_ == 1) {
                guard.unlock();
                look_around();
                guard.lock();
                continue;
            }
            --looking_;
            wake_.wait(guard, [this] { return head_ || stopping_.load(std::memory_order_relaxed); });
            ++looking_;
            continue;
        }
        pool_job* job = head_;
        head_ = job->next_job;
        if (!head_) tail_ = &head_;
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        free_.fetch_sub(1, std::memory_order_relaxed);
        --looking_;
        self.busy = true;
        guard.unlock();
        context_pointer context = std::move(job->context);
        std::swap(current_context(), context);
        job->execute();
        std::swap(current_context(), context);
        context = context_pointer();
        // Free before the loop hears of it: the loop's next job then finds this worker instead of starting another.
        free_.fetch_add(1, std::memory_order_relaxed);
        job->ended();
        spin = has_spare_cpu();
        guard.lock();
        self.busy = false;
        ++looking_;
    }
    self.ended = true;
    --looking_;
    if (--alive_ != 0) return;
    auto listeners = std::exchange(listeners_, {});
    all_ended_.notify_all();
    guard.unlock();
    for (auto& listener : listeners) listener->stopped();
}

std::shared_ptr<pool_core> default_pool() {
    kernel& loop = current_kernel();
    if (!loop.default_pool) loop.default_pool = std::make_shared<pool_core>(worker_pool_options{.threads = loop.default_workers});
    return loop.default_pool;
}

}  // namespace hem::detail
