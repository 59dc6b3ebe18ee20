#include "hem/core/wait.hpp"

#include <algorithm>

#include "hem/core/errors.hpp"

namespace hem::detail {

const wait_ops tasks_wait::ops{"wait", abort, nullptr, target};

std::vector<bool> first_occurrences(const std::vector<spawned_base*>& tasks) {
    std::vector<std::size_t> order(tasks.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return tasks[a] != tasks[b] ? tasks[a] < tasks[b] : a < b; });
    std::vector<bool> first(tasks.size());
    for (std::size_t i = 0; i < order.size(); ++i) first[order[i]] = i == 0 || tasks[order[i]] != tasks[order[i - 1]];
    return first;
}

tasks_wait::tasks_wait(const std::vector<spawned_base*>& tasks, wait_condition until, const std::optional<duration>& timeout)
    : wait_node(ops), timer(on_due), timeout_(timeout), until_(until) {
    if (tasks.empty()) throw std::invalid_argument("wait for no task would last for ever: give it at least one handle");
    const auto first = first_occurrences(tasks);
    watchers_.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (!first[i]) continue;
        if (tasks[i] == &current_task_header()) throw_task_waits_for_itself();
        if (tasks[i]->finished) {
            note_end(*tasks[i]);
        } else {
            watchers_.emplace_back(*this, *tasks[i]);
        }
    }
    running_ = watchers_.size();
}

tasks_wait::~tasks_wait() { stop_watching(); }

void tasks_wait::note_end(const spawned_base& task) noexcept {
    ++ended_;
    if (task.failed()) failed_ = true;
}

bool tasks_wait::satisfied() const noexcept {
    return running_ == 0 || (until_ == first_completed && ended_ > 0) || (until_ == first_exception && failed_);
}

bool tasks_wait::await_ready() { return begin_wait(*this) || (satisfied() && complete_now(*this)); }

void tasks_wait::await_suspend(std::coroutine_handle<> handle) noexcept {
    if (!suspend_wait(*this, handle)) return;
    for (watcher& each : watchers_) each.watched.watchers.push_back(each);
    if (timeout_) task->loop->timers.add(*this, saturating_add(task->loop->now(), *timeout_));
}

void tasks_wait::stop_watching() noexcept {
    for (watcher& each : watchers_) {
        if (each.linked()) each.unlink();
    }
    if (armed()) task->loop->timers.remove(*this);
}

void tasks_wait::wake() noexcept {
    stop_watching();
    task->loop->grant(*this);
}

void tasks_wait::on_end(end_watcher& w) noexcept {
    auto& self = static_cast<watcher&>(w);
    tasks_wait& wait = self.owner;
    --wait.running_;
    wait.note_end(self.watched);
    if (wait.satisfied()) wait.wake();
}

void tasks_wait::on_due(timer& t) noexcept { static_cast<tasks_wait&>(t).wake(); }

// The first of those that still run. It has to act only if nothing else can end the wait.
wait_target tasks_wait::target(const wait_node& node) noexcept {
    const auto& self = static_cast<const tasks_wait&>(node);
    const auto first =
        std::find_if(self.watchers_.begin(), self.watchers_.end(), [](const watcher& each) { return !each.watched.finished; });
    if (first == self.watchers_.end()) return {.object = &self};
    task_header& task = first->watched;
    if (!self.timeout_ && (self.until_ == all_completed || self.running_ == 1)) return {.owner = &task, .object = &task};
    return {.name = task.name ? std::string_view(*task.name) : std::string_view(), .object = &self};
}

bool tasks_wait::abort(wait_node& node) noexcept {
    static_cast<tasks_wait&>(node).stop_watching();
    return true;
}

}  // namespace hem::detail
