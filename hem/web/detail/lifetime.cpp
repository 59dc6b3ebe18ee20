// Start-up and shutdown of an app, and the work that it does beside requests.
#include "hem/core/cancel_scope.hpp"
#include "hem/core/cancelled.hpp"
#include "hem/core/report.hpp"
#include "hem/web/app.hpp"
#include "hem/web/detail/context_swap.hpp"

#include <algorithm>
#include <new>

namespace hem::web::detail {

app_core::app_core(web::app& owner, const app_options& options) : owner(owner), options(options) {}
app_core::~app_core() = default;

task<void> app_core::run(task<void> (*given)(void* state), void* state) {
    if (running) throw usage_error("the app runs already");
    body = given;
    body_state = state;
    running = true;
    struct stop {
        app_core& core;
        ~stop() { core.running = false; }
    } stopping{*this};
    co_await run_step(0);
}

// Start-up step by step; the steps are left in reverse on every way out.
task<void> app_core::run_step(std::size_t next) {
    constexpr auto go_on = [](void* state, std::size_t step) -> task<void> { co_await static_cast<app_core*>(state)->run_step(step); };
    if (next == steps.size()) {
        co_await with_task_group({.name = "background"}, [this](task_group& background) -> task<void> {
            struct leave {
                app_core& core;
                ~leave() { core.group = nullptr; }
            } leaving{*this};
            group = &background;
            co_await body(body_state);
            const bool finished = co_await move_on_after(options.background_grace, wait_for_jobs());
            if (!finished) {
                hem::detail::send_report({report_kind::grace_expired,
                                          "background work of the app was cancelled at shutdown: " +
                                              std::to_string(running_jobs + waiting_jobs.size()) + " jobs were left",
                                          {}});
                waiting_jobs.clear();
            }
            background.cancel("shutdown");
        });
        co_return;
    }
    const auto& step = steps[next];
    if (step.lifespan != nullptr) {
        co_await step.lifespan->enter(owner, {go_on, this, next + 1});
        co_return;
    }
    auto& value = *step.value;
    const auto& provider = *value.provider;
    const auto* plan = provider.inputs;
    const auto inputs = std::make_unique<std::byte[]>(plan != nullptr ? plan->size + alignof(std::max_align_t) : 1);
    value.memory = std::make_unique<std::byte[]>(provider.size + 1);
    struct cleanup {
        app_value& value;
        const struct_plan* plan;
        void* inputs;
        bool made = false;
        ~cleanup() {
            if (made && value.provider->destroy != nullptr) value.provider->destroy(value.value);
            if (plan != nullptr) plan->destroy(inputs);
            value.value = nullptr;
        }
    };
    if (plan != nullptr) plan->construct(inputs.get());
    cleanup leaving{value, plan, inputs.get()};
    for (const auto& each : value.bindings) each.member->bind(each.member->member(inputs.get()), *each.fixed);
    switch (provider.kind) {
    case provider_record::shape::context:
        co_await provider.enter(provider.function.get(), nullptr, inputs.get(), &value.value, {go_on, this, next + 1});
        co_return;
    case provider_record::shape::task:
        value.value = co_await provider.make_async(provider.function.get(), nullptr, inputs.get(), value.memory.get());
        break;
    case provider_record::shape::value:
        value.value = provider.make(provider.function.get(), nullptr, inputs.get(), value.memory.get());
        break;
    }
    leaving.made = true;
    co_await run_step(next + 1);
}

void app_core::start_job(job work) {
    if (group == nullptr) {
        hem::detail::send_report({report_kind::suppressed_error, "background work was dropped: the app does not run any more", {}});
        return;
    }
    waiting_jobs.push_back(std::move(work));
    if (running_jobs >= options.max_background_running) return;
    ++running_jobs;
    group->create_task([this]() -> task<void> { co_await run_jobs(); });
}

// One worker: takes jobs until none waits. The tasks of a job run in order; an error ends that task only.
task<void> app_core::run_jobs() {
    struct leave {
        app_core& core;
        ~leave() {
            if (--core.running_jobs != 0 || !core.waiting_jobs.empty()) return;
            for (auto* waiter : core.idle_waiters) waiter->set();
            core.idle_waiters.clear();
        }
    } leaving{*this};
    while (!waiting_jobs.empty()) {
        auto work = std::move(waiting_jobs.front());
        waiting_jobs.pop_front();
        const context_swap inside(work.context);
        for (const auto& each : work.calls) {
            try {
                co_await each->run();
            } catch (const cancelled&) {
                throw;
            } catch (...) {
                hem::detail::send_report(
                    {report_kind::suppressed_error, "a background task failed: " + hem::detail::describe(std::current_exception()), {}});
            }
        }
    }
}

task<void> app_core::wait_for_jobs() {
    if (running_jobs == 0) co_return;
    event idle;
    idle_waiters.push_back(&idle);
    struct leave {
        app_core& core;
        event* waiter;
        ~leave() { std::erase(core.idle_waiters, waiter); }
    } leaving{*this, &idle};
    co_await idle.wait();
}

}  // namespace hem::web::detail

namespace hem::web {

static_assert(std::is_convertible_v<background_full*, std::exception*>);

background_full::background_full()
    : std::runtime_error("too much background work waits; the app's max_background_waiting says how much may") {}

void background::check_room() const {
    if (app_ != nullptr && app_->waiting_jobs.size() >= app_->options.max_background_waiting) throw background_full();
}

}  // namespace hem::web
