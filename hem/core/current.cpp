#include "hem/core/current.hpp"

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"

namespace hem {

detail::scope_state& scope_view::get() const {
    if (!scope_) throw usage_error("there is no scope here: current_scope() is empty outside of a task");
    return *scope_;
}

void scope_view::cancel(std::string reason, std::source_location where) const {
    const auto* loop = detail::running.loop;
    get().cancel({.kind = cancel_kind::requested,
                  .text = std::move(reason),
                  .task = loop && loop->current ? loop->current->display_name() : std::string(),
                  .location = where});
}

bool scope_view::cancel_called() const { return get().cancel_called(); }
bool scope_view::cancelled() const { return get().cancelled(); }
time_point scope_view::deadline() const { return get().deadline(); }

void scope_view::set_deadline(time_point deadline) const {
    auto* const timed = get().timed();
    if (!timed) throw usage_error("the scope of a whole task or run has no deadline: open one with with_cancel_scope or timeout");
    if (timed->cancel_called() || timed->left()) throw usage_error("the deadline of a scope that was cancelled or left cannot be moved");
    timed->set_deadline(deadline);
}

bool scope_view::expired() const {
    const auto* const timed = get().timed();
    return timed && timed->expired();
}

cancel_reason scope_view::reason() const { return *get().reason(); }

std::uint64_t task_view::id() const noexcept { return task_ ? task_->id : 0; }
std::string task_view::name() const { return task_ ? task_->display_name() : std::string(); }

task_view current_task() noexcept {
    const auto* loop = detail::running.loop;
    return loop && loop->current ? task_view(*loop->current) : task_view();
}

scope_view current_scope() noexcept {
    const auto* loop = detail::running.loop;
    return loop && loop->current ? scope_view(*loop->current->scope) : scope_view();
}

}  // namespace hem
