// A pool of threads for what blocks or computes: to_thread runs functions on it. A loop has one of its own, made at first use; make another
// to bound or to separate work, and close it by `with`:
//
//     co_await hem::with(hem::worker_pool({.threads = 4}), [](hem::worker_pool& pool) -> hem::task<> {
//         auto page = co_await hem::to_thread(pool, render, std::move(document));
//     });
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "hem/core/clock.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct worker_pool_options {
    std::size_t threads = 40;  // at most so many, each started when no other is free
    std::string name = "hem-worker";
};

namespace detail {
class pool_core;
}

struct worker_pool_statistics {
    std::size_t threads;  // started and not ended
    std::size_t running;  // jobs
    std::size_t waiting;  // jobs
};

class worker_pool {
public:
    // std::invalid_argument for no threads.
    explicit worker_pool(worker_pool_options options = {});
    worker_pool(worker_pool&& other) noexcept = default;
    worker_pool& operator=(worker_pool&&) = delete;
    // Blocks until running jobs have ended. Inside a loop that is a mistake and reported: `with` closes without blocking.
    ~worker_pool();

    // Refuses new work and waits for what was submitted. What still runs after `limit` is reported with its stacks and goes on alone.
    // Without `limit` it is the run's shutdown timeout. A cancel point; cancelled, it goes on closing without being waited for.
    task<> close(duration limit);
    task<> close();
    HEM_CORO_WRAPPER task<> aclose() { return close(); }
    worker_pool_statistics statistics() const noexcept;

private:
    friend struct pool_reference;
    std::shared_ptr<detail::pool_core> core_;
};

// Where an option names a pool: given as the pool itself, empty for the loop's own.
struct pool_reference {
    pool_reference() noexcept = default;
    pool_reference(const worker_pool& pool) noexcept : core(pool.core_) {}  // NOLINT(google-explicit-constructor)
    std::shared_ptr<detail::pool_core> core;
};

}  // namespace hem
