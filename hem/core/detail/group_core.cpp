#include "hem/core/detail/group_core.hpp"

#include <typeinfo>

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

const wait_ops group_core::exit_awaiter::ops{"group.exit", nullptr, nullptr, target};
const wait_ops group_core::join_awaiter::ops{"group.join", abort, nullptr, target};

const wait_ops* group_core::exit_ops() noexcept { return &exit_awaiter::ops; }

wait_target group_core::exit_awaiter::target(const wait_node& node) noexcept {
    const auto& group = static_cast<const exit_awaiter&>(node).group_;
    return {.name = group.name, .object = &group};
}

wait_target group_core::join_awaiter::target(const wait_node& node) noexcept {
    const auto& group = static_cast<const join_awaiter&>(node).group_;
    return {.name = group.name, .object = &group};
}

bool group_core::exit_awaiter::await_ready() noexcept {
    group_.closed_ = group_.live_ == 0;
    return group_.closed_;
}

void group_core::exit_awaiter::await_suspend(std::coroutine_handle<> handle) noexcept {
    task = group_.owner_;
    suspend_wait(*this, handle);
    group_.waiter_ = this;
    group_.wake_below_ = 1;
}

void group_core::join_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (group_.waiter_) throw usage_error("another task is already waiting in this group's join");
    if (!suspend_wait(*this, handle)) return;
    group_.waiter_ = this;
    group_.wake_below_ = below_;
}

bool group_core::join_awaiter::abort(wait_node& node) noexcept {
    static_cast<join_awaiter&>(node).group_.waiter_ = nullptr;
    return true;
}

group_core::~group_core() {
    // Only when an exception left between enter and conclude; children cannot exist then.
    if (owner_ && !scope.left()) scope.leave(*owner_);
}

void group_core::enter() {
    owner_ = &current_task_header();
    scope.enter(*owner_);
}

void group_core::spawn(task_header& child) noexcept {
    kernel& loop = *owner_->loop;
    loop.adopt(child, this, scope);
    ++live_;
    if (live_ > peak_) peak_ = live_;
    if (warn_above && live_ > warn_above && !warned_) [[unlikely]] {
        warned_ = true;
        send_report_if_possible([this] {
            return report{.kind = report_kind::lint,
                          .text = "the task group opened at " + to_string(opened) + " has more than " + std::to_string(warn_above) +
                                  " live children: bound them with map_concurrent",
                          .task = owner_->display_name(),
                          .location = opened};
        });
    }
    loop.make_ready(child);
}

void group_core::spawn_eagerly(task_header& child) {
    kernel& loop = *owner_->loop;
    loop.adopt(child, this, scope);
    ++live_;
    if (live_ > peak_) peak_ = live_;
    loop.start_now(child);
}

void group_core::fail(std::exception_ptr error, const task_header& who) noexcept {
    const bool begins = !first_;
    if (begins) first_ = error;
    if (errors_ == child_errors::all) {
        try {
            all_.push_back(error);
        } catch (const std::bad_alloc&) {
            // Of the later ones as many leave as there is memory for.
        }
    }
    if (begins) {
        cancel_reason reason{.kind = cancel_kind::sibling_failed, .text = {}, .task = {}};
        try {
            reason.task = who.display_name();
            reason.text = describe(first_);
        } catch (const std::bad_alloc&) {
            // Cancelled without a word.
        }
        scope.cancel(std::move(reason));
    } else if (errors_ != child_errors::all && !quiet_) {
        send_report_if_possible([&] {
            const auto name = who.display_name();
            return report{.kind = report_kind::suppressed_error,
                          .text =
                              "task '" + name + "' failed with " + describe(error) + " after its group had failed with " + describe(first_),
                          .task = name};
        });
    }
}

void group_core::child_finished(task_header& child, std::exception_ptr error, bool was_cancelled) noexcept {
    --live_;
    if (was_cancelled) {
        if (scope.cancelled()) interrupted_ = true;
    } else if (error && errors_ != child_errors::isolate) {
        if (!accepts() && *error.__cxa_exception_type() == typeid(group_closed)) {
            interrupted_ = true;
        } else {
            fail(std::move(error), child);
        }
    }
    if (live_ < wake_below_ && waiter_) {
        if (!waiter_->ops->abort) closed_ = true;
        child.loop->grant(*std::exchange(waiter_, nullptr));
    }
}

void group_core::body_failed(std::exception_ptr error) noexcept {
    const auto& type = *error.__cxa_exception_type();
    if (type == typeid(cancelled) && scope.cancelled()) {
        interrupted_ = true;
    } else if (type == typeid(group_closed) && !accepts()) {
        interrupted_ = true;
    } else {
        fail(std::move(error), *owner_);
    }
}

bool group_core::conclude(bool body_done) {
    scope.leave(*owner_);
    if (first_) {
        // Moved out, so that nothing of Hem refers to the error once it has left.
        if (!all_.empty()) {
            const auto count = all_.size();
            throw exception_group(std::to_string(count) + (count == 1 ? " error" : " errors") + " in a task group", std::move(all_));
        }
        std::rethrow_exception(std::exchange(first_, nullptr));
    }
    if (interrupted_ && !scope.absorbs()) throw_cancelled(*owner_);
    return body_done;
}

}  // namespace hem::detail
