#include "hem/core/worker_pool.hpp"

#include "hem/core/cancel_scope.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/pool_core.hpp"
#include "hem/core/event.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace {

// Sets an event of the loop that waits for the pool's end.
struct end_of_pool final : detail::stop_listener {
    explicit end_of_pool(loop_handle waiting) noexcept : loop(std::move(waiting)) {}
    void stopped() noexcept override {
        loop.call_soon_threadsafe([event = ended] { event->set(); });
    }
    loop_handle loop;
    std::shared_ptr<event> ended = std::make_shared<event>();
};

// Counts as a worker's job: the virtual clock does not run ahead of real threads.
struct outside_work {
    explicit outside_work(detail::kernel& loop) noexcept : counted(loop) { ++counted.outside_work; }
    outside_work(const outside_work&) = delete;
    ~outside_work() { --counted.outside_work; }
    detail::kernel& counted;
};

}  // namespace

worker_pool::worker_pool(worker_pool_options options) : core_(std::make_shared<detail::pool_core>(std::move(options))) {}

worker_pool::~worker_pool() {
    if (!core_) return;
    if (detail::running.loop && !core_->stopped() && core_->statistics().threads != 0) {
        detail::send_report(
            {.kind = report_kind::unclosed_resource,
             .text = "the worker pool '" + core_->name() +
                     "' was dropped inside a loop without close(), which holds the loop until its jobs have ended: use with()",
             .task = detail::running.loop->current ? detail::running.loop->current->display_name() : std::string()});
    }
    core_->begin_stop();
    core_->join();
}

task<> worker_pool::close() { co_await close(detail::current_kernel().shutdown_timeout); }

task<> worker_pool::close(duration limit) {
    auto core = core_;
    auto listener = std::make_shared<end_of_pool>(loop::current().handle());
    core->begin_stop(listener);
    bool in_time = false;
    {
        const outside_work counted(detail::current_kernel());
        in_time = co_await move_on_after(limit, listener->ended->wait());
    }
    if (in_time) {
        core->join();
        co_return;
    }
    const auto running = core->statistics().running;
    detail::send_report({.kind = report_kind::pool_stuck,
                         .text = "the worker pool '" + core->name() + "' still runs " + std::to_string(running) +
                                 (running == 1 ? " job" : " jobs") + " after its time to close" + core->give_up(),
                         .task = detail::current_task_header().display_name()});
}

worker_pool_statistics worker_pool::statistics() const noexcept { return core_->statistics(); }

}  // namespace hem
