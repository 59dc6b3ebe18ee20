#include "hem/testing/cancel_at_every_await.hpp"

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/testing/detail/fault_runner.hpp"

namespace hem::testing {
namespace {

class cancellation final : public detail::fault_kind {
public:
    cancellation() : fault_kind("cancelled", "await") {}

    void arm(detail::fault_plan& plan) override {
        loop_ = &hem::detail::current_kernel();
        loop_->after_resume_data = &plan;
        loop_->after_resume = count_suspension;
        loop_->budget_limit = 1;  // every operation that could complete at once suspends, so that it can be interrupted, too
    }
    void disarm() noexcept override { loop_->after_resume = nullptr; }
    bool expects(const std::exception_ptr& error) const override { return *error.__cxa_exception_type() == typeid(task_cancelled); }

private:
    // Counts every suspension of every task; at the chosen one the main task, and with it everything under test, is cancelled.
    static void count_suspension(hem::detail::kernel& loop, hem::detail::task_header& task, bool ended) {
        auto& plan = *static_cast<detail::fault_plan*>(loop.after_resume_data);
        if (ended || !task.waiting || !plan.strikes()) return;
        plan.place = detail::place_of(task);
        loop.main_task->own_scope().cancel({.kind = cancel_kind::requested, .text = "injected by cancel_at_every_await", .task = {}});
    }
    hem::detail::kernel* loop_ = nullptr;
};

}  // namespace

std::size_t cancel_at_every_await(callable<task<>()> f, callable<task<>()> check) {
    cancellation kind;
    return detail::run_with_faults(kind, f, check);
}

}  // namespace hem::testing
