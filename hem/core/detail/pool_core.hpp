// The threads of a worker pool and their queue. Threads are started when a job finds nobody free, up to the pool's limit; one that has
// nothing to do looks around for a moment before it sleeps, if there is a CPU to spare, since the next job often comes at once.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/pool_job.hpp"
#include "hem/core/worker_pool.hpp"

namespace hem::detail {

// Told, on a worker or inside begin_stop, when the last thread of a stopped pool has nothing left to do.
struct stop_listener {
    virtual void stopped() noexcept = 0;
    virtual ~stop_listener() = default;
};

class pool_core : public std::enable_shared_from_this<pool_core> {
public:
    explicit pool_core(worker_pool_options options);

    // usage_error if the pool was stopped. Thread-safe, as everything here.
    void submit(pool_job& job);
    // Takes a job back that no worker has begun.
    bool withdraw(pool_job& job) noexcept;
    // Refuses new work; the threads end when the queue is empty.
    void begin_stop(std::shared_ptr<stop_listener> listener = {});
    // Blocks until the threads have ended. False if some still run after `limit`.
    bool join_within(duration limit);
    void join() noexcept { (void)join_within(duration::max()); }
    // The threads that still run go on alone; says which ones and where they are.
    std::string give_up();

    worker_pool_statistics statistics() const noexcept;
    const std::string& name() const noexcept { return options_.name; }
    bool stopped() const noexcept;

private:
    struct worker {
        std::thread thread;
        pid_t id = 0;
        bool busy = false;
        bool ended = false;
    };
    void start_thread();
    void work(worker& self);
    void look_around() noexcept;

    const worker_pool_options options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable all_ended_;
    pool_job* head_ = nullptr;
    pool_job** tail_ = &head_;
    std::atomic<std::size_t> waiting_{0};  // changed under the mutex, looked at without
    std::atomic<std::size_t> free_{0};     // workers that execute nothing; raised before a job's end is told
    std::size_t looking_ = 0;              // of those, the ones that will look at the queue without being woken
    std::size_t alive_ = 0;
    std::vector<std::unique_ptr<worker>> workers_;
    std::atomic<bool> stopping_{false};
    std::vector<std::shared_ptr<stop_listener>> listeners_;
};

// More than one CPU may be used: waiting actively for another thread makes sense.
bool has_spare_cpu() noexcept;
inline void pause_cpu() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}
inline constexpr int spin_rounds = 200;  // 1 to 10 us, depending on the CPU

}  // namespace hem::detail
