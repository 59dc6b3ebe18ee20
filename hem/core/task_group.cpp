#include "hem/core/task_group.hpp"

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace detail {

void spawned_base::cancel_from_handle(std::string reason, const std::source_location& where) {
    if (finished) return;
    own_scope().cancel({.kind = cancel_kind::requested,
                        .text = std::move(reason),
                        .task = running.loop && running.loop->current ? running.loop->current->display_name() : std::string(),
                        .location = where});
}

void spawned_base::wake_waiters() noexcept {
    while (!waiters.empty()) {
        wait_node& node = waiters.pop_front();
        node.task->woken_by = this;
        node.task->loop->grant(node);
    }
}

void spawned_base::throw_not_done() const { throw usage_error("task '" + display_name() + "' has not ended: await its handle first"); }

void throw_task_waits_for_itself() { throw usage_error("a task that awaits its own handle would wait for ever"); }

}  // namespace detail

task_group::task_group(task_group_options options, const std::source_location& where)
    : core_(options.errors == errors::all ? detail::child_errors::all : detail::child_errors::first), name_(std::move(options.name)) {
    core_.warn_above = options.warn_above;
    core_.opened = where;
    core_.name = name_;
    core_.enter();
}

void task_group::refuse() const {
    throw group_closed("create_task in the task group " +
                       (name_.empty() ? "opened at " + detail::to_string(core_.opened) : "'" + name_ + "'") +
                       ", which has failed, was cancelled or has ended");
}

void task_group::launch(detail::task_header& child, create_task_options* options, const std::source_location& where) {
    child.spawned = where;
    auto& creator = detail::current_task_header();
    if (options) {
        if (!options->name.empty()) {
            try {
                child.name = std::make_unique<std::string>(std::move(options->name));
            } catch (...) {
                static_cast<detail::spawned_base&>(child).drop_reference();  // the loop's, which has not taken it over
                throw;
            }
        }
        child.context = options->context ? options->context->pointer_ : creator.context;
        if (options->eager_start) {
            core_.spawn_eagerly(child);
            return;
        }
    } else {
        child.context = creator.context;
    }
    core_.spawn(child);
}

void task_group::cancel(std::string reason, std::source_location where) {
    const auto* loop = detail::running.loop;
    core_.scope.cancel({.kind = cancel_kind::requested,
                        .text = std::move(reason),
                        .task = loop && loop->current ? loop->current->display_name() : std::string(),
                        .location = where});
}

}  // namespace hem
