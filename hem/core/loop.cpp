#include "hem/core/loop.hpp"

#include "hem/core/worker_pool.hpp"

namespace hem {
namespace detail {

timed_call::timed_call(kernel& loop, time_point deadline) : timer(on_due), loop_(&loop) { loop.timers.add(*this, deadline); }

void timed_call::cancel() noexcept {
    if (armed()) loop_->timers.remove(*this);
    self.reset();
}

void timed_call::on_due(timer& t) noexcept {
    auto& due = static_cast<timed_call&>(t);
    // Through the queue of posts, whose errors end the run; a cancel before its turn is still heard.
    auto run_it = [call = std::move(due.self)] { call->call(); };
    due.loop_->post(new post_call<decltype(run_it)>(std::move(run_it)));
}

}  // namespace detail

loop& loop::current() { return *detail::current_kernel().owner; }

loop::loop(const detail::kernel_options& options) : kernel_(options) { kernel_.owner = this; }

loop::~loop() {
    if (kernel_.default_pool) detail::stop_pool(*kernel_.default_pool);
    // Callbacks that never became due.
    while (auto* left = kernel_.timers.any()) {
        kernel_.timers.remove(*left);
        static_cast<detail::timed_call*>(left)->self.reset();
    }
}

loop_statistics loop::statistics() const noexcept {
    return {.ticks = kernel_.ticks,
            .resumes = kernel_.total_resumes,
            .wakeups = kernel_.wakeups,
            .tasks = kernel_.live_tasks,
            .timers = kernel_.timers.size(),
            .io_waiters = kernel_.io.waiters(),
            .outside_work = kernel_.outside_work};
}

}  // namespace hem
