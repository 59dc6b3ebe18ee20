#include "hem/core/introspection.hpp"

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <unordered_map>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem {
namespace detail {

struct kernel_access {
    static kernel& of(loop& l) noexcept { return l.kernel_; }
};

namespace {

std::vector<stack_frame> stack_of(std::coroutine_handle<> frame) {
    std::vector<stack_frame> stack;
    while (frame) {
        const promise_base& promise = promise_base::of(frame);
        stack.push_back({promise.created, promise.awaiting});
        frame = promise.continuation;
    }
    return stack;
}

task_state state_of(const task_header& task) noexcept {
    if (task.creating || task.loop->current == &task) return task_state::running;
    if (!task.waiting) return task.frame ? task_state::waiting : task_state::created;
    return task.waiting->state == wait_node::status::parked ? task_state::waiting : task_state::ready;
}

task_wait wait_of(const task_header& task) {
    task_wait result;
    if (state_of(task) != task_state::waiting) return result;
    result.where = await_location(task);
    result.kind = task.waiting ? task.waiting->ops->kind : "unknown";
    if (!task.waiting || !task.waiting->ops->target) return result;
    const wait_target target = task.waiting->ops->target(*task.waiting);
    result.name = target.name;
    if (target.owner) result.owner = target.owner->display_name();
    result.descriptor = target.descriptor;
    if (target.until != time_point::max()) result.remaining = target.until - task.loop->now();
    return result;
}

task_info info_of(const task_header& task) {
    return {.id = task.id,
            .name = task.display_name(),
            .state = state_of(task),
            .parent = task.group ? task.group->owner()->id : 0,
            .age = task.loop->now() - task.born,
            .resumes = task.resumes,
            .busy = task.busy,
            .waits_for = wait_of(task),
            .spawned = task.spawned.line() == 0 && task.group ? await_location(*task.group->owner()) : task.spawned,
            .stack = stack_of(innermost_frame(task))};
}

std::vector<task_info> tasks_of(kernel& loop) {
    std::vector<task_info> result;
    result.reserve(loop.live_tasks);
    for (task_header& task : loop.tasks) result.push_back(info_of(task));
    return result;
}

// Where another thread waits for the loop's answer.
struct request {
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    bool refused = false;  // the loop ended first
    std::vector<task_info> tasks;

    void answer(std::vector<task_info> result, bool refuse) {
        const std::lock_guard guard(mutex);
        if (done) return;
        done = true;
        refused = refuse;
        tasks = std::move(result);
        answered.notify_all();
    }
};

// Answers, or refuses when it is dropped uncalled.
class answer_call {
public:
    explicit answer_call(std::shared_ptr<request> r) noexcept : request_(std::move(r)) {}
    answer_call(answer_call&&) noexcept = default;
    ~answer_call() {
        if (request_) request_->answer({}, true);
    }
    void operator()() { request_->answer(tasks_of(current_kernel()), false); }

private:
    std::shared_ptr<request> request_;
};

std::string milliseconds(duration d) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", std::chrono::duration<double, std::milli>(d).count());
    return text;
}

std::string seconds(duration d) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g s", std::chrono::duration<double>(d).count());
    return text;
}

void append_json(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            out += escape;
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_place(std::string& out, const char* key, const std::source_location& where) {
    if (where.line() == 0) return;
    out += std::string(",\"") + key + "\":";
    append_json(out, to_string(where));
}

void append_task(std::string& out, const task_info& task) {
    out += "{\"id\":" + std::to_string(task.id) + ",\"name\":";
    append_json(out, task.name);
    out += ",\"state\":\"" + std::string(to_string(task.state)) + "\",\"parent\":" + std::to_string(task.parent) +
           ",\"age_ms\":" + milliseconds(task.age) + ",\"resumes\":" + std::to_string(task.resumes) +
           ",\"busy_ms\":" + milliseconds(task.busy);
    append_place(out, "spawned", task.spawned);
    if (!task.waits_for.kind.empty()) {
        const task_wait& wait = task.waits_for;
        out += ",\"waits_for\":{\"kind\":";
        append_json(out, wait.kind);
        if (!wait.name.empty()) {
            out += ",\"name\":";
            append_json(out, wait.name);
        }
        if (!wait.owner.empty()) {
            out += ",\"owner\":";
            append_json(out, wait.owner);
        }
        if (wait.descriptor >= 0) out += ",\"descriptor\":" + std::to_string(wait.descriptor);
        if (wait.remaining != duration::max()) out += ",\"remaining_ms\":" + milliseconds(wait.remaining);
        append_place(out, "at", wait.where);
        out += '}';
    }
    out += ",\"stack\":[";
    const char* separator = "";
    for (const stack_frame& frame : task.stack) {
        out += std::string(separator) + "{\"function\":";
        append_json(out, frame.function.function_name());
        append_place(out, "file", frame.function);
        append_place(out, "await", frame.awaiting);
        out += '}';
        separator = ",";
    }
    out += "]}";
}

// Calls f(scope, number, number of the parent) for each scope of the loop, outer ones first.
template <class F>
void visit_scopes(kernel& loop, F f) {
    std::unordered_map<const scope_state*, std::size_t> numbers;
    loop.root().visit([&](scope_state& scope) {
        const std::size_t number = numbers.size();
        numbers.emplace(&scope, number);
        f(scope, number, scope.parent() ? numbers.at(scope.parent()) : 0);
        return true;
    });
}

std::string describe_scope(const scope_state& scope, kernel& loop) {
    std::string text = scope.parent() ? "scope" : "root scope";
    if (scope.hides_outer()) text += ", shield";
    if (scope.deadline() != time_point::max()) text += ", deadline in " + seconds(scope.deadline() - loop.now());
    if (scope.cancel_called()) {
        text += ", cancelled: " + to_string(*scope.reason());
    } else if (scope.cancelled()) {
        text += ", cancelled from outside";
    }
    return text;
}

}  // namespace
}  // namespace detail

std::string_view to_string(task_state state) noexcept {
    switch (state) {
    case task_state::created: return "created";
    case task_state::ready: return "ready";
    case task_state::running: return "running";
    case task_state::waiting: return "waiting";
    }
    return "unknown";
}

std::vector<task_info> all_tasks() { return detail::tasks_of(detail::current_kernel()); }

std::vector<task_info> all_tasks(const loop_handle& loop, duration limit) {
    auto request = std::make_shared<detail::request>();
    if (!loop.call_soon_threadsafe(detail::answer_call(request))) throw run_finished("the loop has ended: it has no tasks");
    std::unique_lock guard(request->mutex);
    if (!request->answered.wait_for(guard, limit, [&] { return request->done; })) {
        throw timeout_error("the loop did not list its tasks within " + detail::seconds(limit) + ": something holds it");
    }
    if (request->refused) throw run_finished("the loop has ended: it has no tasks");
    return std::move(request->tasks);
}

std::vector<task_info> all_tasks(loop& of, duration limit) {
    detail::kernel& kernel = detail::kernel_access::of(of);
    if (detail::running.loop == &kernel) return detail::tasks_of(kernel);
    return all_tasks(of.handle(), limit);
}

std::string task_tree() {
    detail::kernel& loop = detail::current_kernel();
    std::string text;
    std::vector<std::size_t> depths;
    detail::visit_scopes(loop, [&](detail::scope_state& scope, std::size_t number, std::size_t parent) {
        depths.push_back(number == 0 ? 0 : depths[parent] + 1);
        if (number != 0 && scope.empty()) return;
        const std::string indent(2 * depths[number], ' ');
        text += indent + detail::describe_scope(scope, loop) + "\n";
        scope.for_each_task([&](detail::task_header& task) {
            text += indent + "  task '" + task.display_name() + "' " + detail::describe_wait(task) + "; " +
                    detail::seconds(loop.now() - task.born) + " old, " + std::to_string(task.resumes) + " turns\n";
        });
    });
    return text;
}

std::vector<stack_frame> current_async_stack() { return detail::stack_of(detail::running_frame); }

std::vector<stack_frame> async_stack(std::uint64_t task_id) {
    for (detail::task_header& task : detail::current_kernel().tasks) {
        if (task.id == task_id) return detail::stack_of(detail::innermost_frame(task));
    }
    return {};
}

std::string to_string(const std::vector<stack_frame>& stack) {
    std::string text;
    for (const stack_frame& frame : stack) {
        text += std::string("  ") + frame.function.function_name() + " (" + detail::to_string(frame.function) + ")";
        if (frame.awaiting.line() != 0) text += ", await at " + detail::to_string(frame.awaiting);
        text += "\n";
    }
    return text;
}

std::string loop::snapshot() {
    const loop_statistics numbers = statistics();
    std::string out = "{\"name\":";
    detail::append_json(out, kernel_.name);
    out += ",\"id\":" + std::to_string(id()) + ",\"ticks\":" + std::to_string(numbers.ticks) +
           ",\"resumes\":" + std::to_string(numbers.resumes) + ",\"wakeups\":" + std::to_string(numbers.wakeups) +
           ",\"timers\":" + std::to_string(numbers.timers) + ",\"io_waiters\":" + std::to_string(numbers.io_waiters) +
           ",\"outside_work\":" + std::to_string(numbers.outside_work) + ",\"stalls\":" + std::to_string(numbers.stalls) +
           ",\"longest_stall_ms\":" + detail::milliseconds(numbers.longest_stall) + ",\"lag_ms\":" + detail::milliseconds(numbers.lag) +
           ",\"longest_lag_ms\":" + detail::milliseconds(numbers.longest_lag) + ",\"resume_times_us\":[";
    for (int i = 0; i < detail::resume_histogram::buckets; ++i) out += (i ? "," : "") + std::to_string(kernel_.resume_times.counts[i]);
    out += "],\"scopes\":[";
    detail::visit_scopes(kernel_, [&](detail::scope_state& scope, std::size_t number, std::size_t parent) {
        out += std::string(number ? "," : "") + "{\"id\":" + std::to_string(number);
        if (number != 0) out += ",\"parent\":" + std::to_string(parent);
        if (scope.deadline() != time_point::max()) out += ",\"deadline_in_ms\":" + detail::milliseconds(scope.deadline() - now());
        out += std::string(",\"shield\":") + (scope.hides_outer() ? "true" : "false") +
               ",\"cancelled\":" + (scope.cancelled() ? "true" : "false") + ",\"tasks\":[";
        const char* separator = "";
        scope.for_each_task([&](detail::task_header& task) {
            out += separator + std::to_string(task.id);
            separator = ",";
        });
        out += "]}";
    });
    out += "],\"tasks\":[";
    const char* separator = "";
    for (detail::task_header& task : kernel_.tasks) {
        out += separator;
        detail::append_task(out, detail::info_of(task));
        separator = ",";
    }
    out += "]}";
    return out;
}

}  // namespace hem
