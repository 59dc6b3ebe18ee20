#include "hem/core/detail/cancel_watch.hpp"

#include <algorithm>
#include <string>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {
namespace {

bool has_children(const task_header& parent) {
    for (const task_header& task : parent.loop->tasks) {
        if (task.group && task.group->owner() == &parent) return true;
    }
    return false;
}

}  // namespace

void cancel_watch::add(scope_state& scope, time_point now) noexcept {
    if (scope.watch_index_ != scope_state::unwatched) return;
    const auto next = saturating_add(now, patience);
    try {
        entries_.push_back({&scope, now, next});
    } catch (const std::bad_alloc&) {
        return;  // advice is not worth an error
    }
    scope.watch_index_ = static_cast<std::uint32_t>(entries_.size() - 1);
    due_ = std::min(due_, next);
}

void cancel_watch::remove(scope_state& scope) noexcept {
    const auto index = std::exchange(scope.watch_index_, scope_state::unwatched);
    entries_[index] = entries_.back();
    entries_.pop_back();
    if (index < entries_.size()) entries_[index].scope->watch_index_ = index;
    if (entries_.empty()) due_ = time_point::max();
}

void cancel_watch::look(time_point now) noexcept {
    due_ = time_point::max();
    for (entry& one : entries_) {
        while (one.next <= now) {
            if (one.next + patience > now) report(one, now);
            one.next = saturating_add(one.next, patience);
        }
        due_ = std::min(due_, one.next);
    }
}

void cancel_watch::report(const entry& cancelled, time_point now) {
    constexpr int most = 5;
    int seen = 0;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - cancelled.since).count();
    cancelled.scope->visit([&](scope_state& at) {
        if (!at.cancelled() || (&at != cancelled.scope && at.cancel_called())) return false;  // shielded, or watched by itself
        at.for_each_task([&](task_header& task) {
            // One that is ready was told just now: a shield fell. One that waits for its children is not to blame: they are.
            if (!task.waiting || task.waiting->state != wait_node::status::parked || task.waiting->ops == group_core::exit_ops()) return;
            if (has_children(task)) return;
            if (++seen > most) return;
            send_report({.kind = report_kind::swallowed_cancel,
                         .text = "task '" + task.display_name() + "' ignores its cancellation for " + std::to_string(seconds) + " s: it " +
                                 describe_wait(task) + ", last await " + await_place(task),
                         .task = task.display_name()});
        });
        return true;
    });
    if (seen <= most) return;
    send_report({.kind = report_kind::swallowed_cancel,
                 .text = std::to_string(seen - most) + " more tasks ignore the same cancellation",
                 .task = {}});
}

}  // namespace hem::detail
