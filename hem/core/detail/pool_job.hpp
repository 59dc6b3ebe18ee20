// What a worker pool runs, as everybody sees it who has something to run; the pool itself is in pool_core.hpp.
#pragma once

#include <memory>

#include "hem/core/detail/context_node.hpp"

namespace hem::detail {

class pool_core;

// One job. Lives with whoever submits it until `ended` was called or it was withdrawn.
struct pool_job {
    pool_job* next_job = nullptr;
    context_pointer context;              // the job runs with it
    virtual void execute() noexcept = 0;  // on the worker
    virtual void ended() noexcept = 0;    // on the worker, after everything else; the job may die in it

protected:
    ~pool_job() = default;
};

// The running loop's own pool.
std::shared_ptr<pool_core> default_pool();

}  // namespace hem::detail
