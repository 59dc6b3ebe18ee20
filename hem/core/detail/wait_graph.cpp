#include "hem/core/detail/wait_graph.hpp"

#include "hem/core/detail/group_core.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {
namespace {

// Whose act ends the wait, if that is one task. The end of a group that `waiter` belongs to, directly or as a grandchild, is the act of
// everybody in it, so of `waiter`, too.
task_header* who_ends(const task_header& waiting, const task_header& waiter) noexcept {
    const wait_node& node = *waiting.waiting;
    if (node.state != wait_node::status::parked || !node.ops->target) return nullptr;
    const wait_target target = node.ops->target(node);
    if (target.owner) return target.owner->finished ? nullptr : target.owner;
    for (const group_core* group = waiter.group; group; group = group->owner()->group) {
        if (group == target.object) return const_cast<task_header*>(&waiter);
    }
    return nullptr;
}

}  // namespace

std::coroutine_handle<> innermost_frame(const task_header& task) noexcept {
    return task.loop->current == &task && running_frame ? running_frame : task.frame;
}

bool is_own_code(const std::source_location& where) noexcept {
    const std::string_view file = where.file_name();
    return file.ends_with(".hpp") && file.find("hem/core/") != file.npos;
}

std::source_location await_location(const task_header& task) noexcept {
    const auto innermost = innermost_frame(task);
    for (auto frame = innermost; frame; frame = promise_base::of(frame).continuation) {
        const auto& where = promise_base::of(frame).awaiting;
        if (where.line() != 0 && !is_own_code(where)) return where;
    }
    return innermost ? promise_base::of(innermost).awaiting : std::source_location();
}

std::string await_place(const task_header& task) {
    const auto where = await_location(task);
    return where.line() == 0 ? "nothing yet" : to_string(where);
}

std::string describe_wait(const task_header& task) {
    if (task.creating || (task.loop && task.loop->current == &task)) return "runs";
    if (!task.waiting) return task.frame ? "waits for nothing that Hem knows" : "has not started";
    const wait_node& node = *task.waiting;
    if (node.state != wait_node::status::parked) return "is ready";
    std::string text = "waits for " + std::string(node.ops->kind);
    if (node.ops->target) {
        const wait_target target = node.ops->target(node);
        if (!target.name.empty()) text += " '" + std::string(target.name) + "'";
        if (target.descriptor >= 0) text += " of descriptor " + std::to_string(target.descriptor);
        if (target.owner && target.owner != target.object) text += ", held by task '" + target.owner->display_name() + "'";
        if (target.owner && target.owner == target.object && target.name.empty()) text += " '" + target.owner->display_name() + "'";
    }
    if (const auto where = await_location(task); where.line() != 0) text += ", at " + to_string(where);
    return text;
}

namespace {

// The cycle's length, 0 if the task is in none. A task waits for one thing, so the way is a line; it has a circle without `task` only if
// that one was reported before. Allocates nothing: it runs at every wait.
std::size_t wait_cycle_length(task_header& task) noexcept {
    std::size_t length = 0;
    for (task_header* at = &task; at && at->waiting && length <= task.loop->live_tasks;) {
        at = who_ends(*at, task);
        ++length;
        if (at == &task) return length;
    }
    return 0;
}

}  // namespace

void check_wait_cycle(task_header& task) noexcept {
    const std::size_t length = wait_cycle_length(task);
    if (length == 0) return;
    send_report_if_possible([&] {
        std::string text = "wait cycle: ";
        task_header* at = &task;
        for (std::size_t i = 0; i < length; ++i, at = who_ends(*at, task))
            text += "task '" + at->display_name() + "' " + describe_wait(*at) + "; ";
        text += "none of them can go on";
        return report{
            .kind = report_kind::deadlock, .text = std::move(text), .task = task.display_name(), .location = await_location(task)};
    });
}

std::string wait_graph(kernel& loop) {
    std::string text;
    for (task_header& task : loop.tasks) text += (text.empty() ? "'" : "; '") + task.display_name() + "' " + describe_wait(task);
    return text;
}

}  // namespace hem::detail
