#include "hem/core/from_callback.hpp"

#include <typeinfo>

#include "hem/core/cancelled.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

const wait_ops callback_core::wait::ops{"callback", abort, keep, target};

callback_core::callback_core() noexcept : loop_(*running.loop), home_(loop_.remote) {
    run = [](post_node* self) { static_cast<callback_core*>(self)->arrived(); };
    destroy = [](post_node* self) noexcept { static_cast<callback_core*>(self)->keep_ = nullptr; };
    stop_post_.run = [](post_node* self) {
        const auto core = std::move(static_cast<stop_post*>(self)->core);
        core->stop_->request_stop();
    };
    stop_post_.destroy = [](post_node* self) noexcept { static_cast<stop_post*>(self)->core = nullptr; };
}

void callback_core::publish() noexcept {
    keep_ = shared_from_this();
    if (running.loop == &loop_) {
        arrived();
    } else if (!home_->push(this)) {
        keep_ = nullptr;
    }
}

void callback_core::arrived() noexcept {
    const auto keep = std::move(keep_);
    here_ = true;
    if (waiter_) {
        --loop_.callbacks_pending;
        loop_.grant(*std::exchange(waiter_, nullptr));
    } else if (left_) {
        const auto late = error();
        if (!late || dropped_) return;
        send_report({.kind = report_kind::suppressed_error,
                     .text = "a callback gave " + describe(late) + " after the task that waited for it had left",
                     .task = {}});
    }
}

void callback_core::ask_to_stop() noexcept {
    if (stop_post_.core) return;
    stop_post_.core = shared_from_this();
    loop_.post(&stop_post_);
}

void callback_core::report_second_call() const noexcept {
    send_report({.kind = report_kind::callback_misuse, .text = "a resolver was called a second time: the first call counts", .task = {}});
}

bool callback_core::wait::await_ready() {
    task = &current_task_header();
    return core_.here_ && complete_now(*this);
}

void callback_core::wait::await_suspend(std::coroutine_handle<> handle) {
    if (!suspend_wait(*this, handle)) return;
    ++task->loop->callbacks_pending;
    core_.waiter_ = this;
    // Cancelled since f was called: only now is there something to interrupt.
    if (task->scope->cancelled()) task->loop->interrupt(*task);
}

void callback_core::wait::await_resume() { end_wait(*this); }

wait_target callback_core::wait::target(const wait_node& node) noexcept { return {.object = &static_cast<const wait&>(node).core_}; }

bool callback_core::wait::abort(wait_node& node) noexcept {
    auto& self = static_cast<wait&>(node);
    if (self.core_.stop_) {
        self.core_.ask_to_stop();
        return false;
    }
    self.core_.waiter_ = nullptr;
    self.core_.left_ = true;
    --node.task->loop->callbacks_pending;
    return true;
}

std::exception_ptr callback_core::drop_unresolved() {
    dropped_ = true;
    return std::make_exception_ptr(broken_resource("the resolver of a from_callback was destroyed without being called"));
}

}  // namespace hem::detail
