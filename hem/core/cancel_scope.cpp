#include "hem/core/cancel_scope.hpp"

#include <exception>

#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace detail {

void throw_timeout(duration limit, const std::source_location& where) {
    const double seconds = std::chrono::duration<double>(limit).count();
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", seconds);
    throw timeout_error(std::string("timed out after ") + text + " s" + (where.line() != 0 ? " at " + to_string(where) : std::string()));
}

void throw_scope_used_twice() { throw usage_error("a cancel_scope is used once: make a new one for each run"); }

void report_swallowed(timed_scope& scope, task_header& task) noexcept {
    if (std::uncaught_exceptions() > 0) return;
    send_report({.kind = report_kind::swallowed_cancel,
                 .text = "a body in task '" + task.display_name() + "' ended with a value although its scope was cancelled (" +
                         to_string(*scope.reason()) + ") and `cancelled` was thrown into it: let `cancelled` pass, last await " +
                         await_place(task),
                 .task = task.display_name()});
}

}  // namespace detail

cancel_scope::cancel_scope(cancel_scope_options options) : name_(std::move(options.name)) {
    state_.name = name_;
    state_.set_deadline(options.deadline);
    if (options.shield) state_.set_shield(*options.shield);
}

void cancel_scope::cancel(std::string reason, std::source_location where) {
    const auto* loop = detail::running.loop;
    state_.cancel({.kind = cancel_kind::requested,
                   .text = std::move(reason),
                   .task = loop && loop->current ? loop->current->display_name() : std::string(),
                   .location = where});
}

void cancel_scope::set_deadline(time_point deadline) {
    if (state_.cancel_called() || state_.left())
        throw usage_error("the deadline of a cancel_scope that was cancelled or left cannot be moved");
    state_.set_deadline(deadline);
}

cancel_reason cancel_scope::reason() const { return *state_.reason(); }

time_point current_effective_deadline() {
    const detail::scope_state* scope = detail::current_task_header().scope;
    if (scope->cancelled()) return time_point::min();
    auto earliest = time_point::max();
    for (; scope; scope = scope->parent()) {
        earliest = std::min(earliest, scope->deadline());
        if (scope->hides_outer()) break;
    }
    return earliest;
}

duration remaining() {
    const auto deadline = current_effective_deadline();
    if (deadline == time_point::max()) return duration::max();
    return std::max(duration::zero(), deadline == time_point::min() ? duration::zero() : deadline - clock::now());
}

}  // namespace hem
