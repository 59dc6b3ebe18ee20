#include "tools/hem/view.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

namespace {

std::string format(const char* pattern, auto... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

// A terminal shows no control characters that a program put into a task's name.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
}

// Cuts after `columns` characters (UTF-8), so that a line stays a line.
std::string cut(std::string line, std::size_t columns) {
    if (columns == 0) return line;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80 && ++seen > columns) return line.substr(0, i);
    }
    return line;
}

class lines {
public:
    explicit lines(const view_options& options) : options_(options) {}
    void add(const std::string& line, const char* colour = "") {
        if (options_.rows != 0 && count_ >= options_.rows) return;
        ++count_;
        const bool coloured = options_.colours && *colour;
        text_ += (coloured ? colour : "") + cut(line, options_.columns) + (coloured ? "\x1b[0m" : "") + "\n";
    }
    std::string take() { return std::move(text_); }

private:
    const view_options& options_;
    std::string text_;
    std::size_t count_ = 0;
};

constexpr const char* bold = "\x1b[1m";
constexpr const char* red = "\x1b[31m";

std::string head_of(const shown_program& program) { return printable(program.program) + ", process " + std::to_string(program.pid); }

std::string head_of(const shown_loop& loop) {
    std::string text = "loop " + printable(loop.name) + ": " +
                       format("%zu tasks, %llu timers, %llu waiting for I/O, %llu jobs in threads, lag %s", loop.tasks.size(),
                              static_cast<unsigned long long>(loop.timers), static_cast<unsigned long long>(loop.io_waiters),
                              static_cast<unsigned long long>(loop.outside_work), describe_time(loop.lag_ms).c_str());
    if (loop.stalls != 0)
        text += format(", %llu stalls, the longest %s", static_cast<unsigned long long>(loop.stalls),
                       describe_time(loop.longest_stall_ms).c_str());
    return text;
}

void add_breakers(lines& out, const std::vector<shown_breaker>& breakers) {
    for (const auto& each : breakers) {
        std::string text = "breaker " + printable(each.name) + ": " + printable(each.state);
        if (each.mode != "automatic") text += ", " + printable(each.mode) + " until reset";
        if (each.failures_in_row != 0) text += format(", %d failures in a row", each.failures_in_row);
        if (each.refused != 0) text += format(", %llu calls refused", static_cast<unsigned long long>(each.refused));
        out.add(text, each.state == "closed" ? "" : red);
    }
}

constexpr const char* stuck_text = "a loop does not answer: something blocks it (its stall report is in the log)";

void add_subtree(lines& out, const std::multimap<std::uint64_t, const shown_task*>& children, const shown_task& task,
                 const std::string& indent, const std::string& branch) {
    out.add(indent + branch + printable(task.name) + "  " + describe_time(task.age_ms) + "  " + describe(task));
    const std::string below = indent + (branch.empty() ? "" : branch == "`- " ? "   " : "|  ");
    const auto [first, last] = children.equal_range(task.id);
    for (auto at = first; at != last; ++at) add_subtree(out, children, *at->second, below, std::next(at) == last ? "`- " : "|- ");
}

}  // namespace

std::string describe_time(double ms) {
    if (ms < 1) return format("%.0f us", ms * 1000);
    if (ms < 1000) return format("%.0f ms", ms);
    if (ms < 120'000) return format("%.1f s", ms / 1000);
    if (ms < 7'200'000) return format("%.0f min", ms / 60'000);
    return format("%.1f h", ms / 3'600'000);
}

std::string describe(const shown_task& task) {
    if (!task.waits_for) return task.state;
    const shown_wait& wait = *task.waits_for;
    std::string text = "waits for " + printable(wait.kind);
    if (wait.name) text += " '" + printable(*wait.name) + "'";
    if (wait.owner) text += " of " + printable(*wait.owner);
    if (wait.descriptor >= 0) text += " on descriptor " + std::to_string(wait.descriptor);
    if (wait.remaining_ms) text += ", " + describe_time(*wait.remaining_ms) + " to go";
    if (wait.at) text += " at " + printable(*wait.at);
    return text;
}

std::string tree_view(const shown_program& program, const view_options& options) {
    lines out(options);
    out.add(head_of(program), bold);
    for (const auto& part : program.loops) {
        if (part.stuck || !part.snapshot) {
            out.add(stuck_text, red);
            continue;
        }
        const shown_loop& loop = *part.snapshot;
        out.add(head_of(loop), bold);
        if (part.breakers) add_breakers(out, *part.breakers);
        if (options.waiting_longer_ms > 0) {
            for (const auto& task : loop.tasks) {
                if (task.age_ms >= options.waiting_longer_ms)
                    out.add(printable(task.name) + "  " + describe_time(task.age_ms) + "  " + describe(task));
            }
            continue;
        }
        std::multimap<std::uint64_t, const shown_task*> children;
        std::vector<std::uint64_t> ids;
        for (const auto& task : loop.tasks) ids.push_back(task.id);
        std::sort(ids.begin(), ids.end());
        std::vector<const shown_task*> roots;
        for (const auto& task : loop.tasks) {
            // A parent has a smaller id, so there is no cycle to fall into.
            if (task.parent != 0 && task.parent < task.id && std::binary_search(ids.begin(), ids.end(), task.parent)) {
                children.emplace(task.parent, &task);
            } else {
                roots.push_back(&task);
            }
        }
        for (const shown_task* root : roots) add_subtree(out, children, *root, "", "");
    }
    return out.take();
}

std::string top_view(const shown_program& program, const shown_program* before, double seconds, const view_options& options) {
    lines out(options);
    out.add(head_of(program), bold);
    struct entry {
        const shown_task* task;
        double busy_share;  // of the time between the snapshots
        double turns;       // per second
    };
    std::vector<entry> entries;
    for (std::size_t i = 0; i < program.loops.size(); ++i) {
        const auto& part = program.loops[i];
        if (part.stuck || !part.snapshot) {
            out.add(stuck_text, red);
            continue;
        }
        out.add(head_of(*part.snapshot), part.snapshot->stalls != 0 ? red : bold);
        if (part.breakers) add_breakers(out, *part.breakers);
        std::map<std::uint64_t, const shown_task*> known;
        if (before && i < before->loops.size() && before->loops[i].snapshot) {
            for (const auto& task : before->loops[i].snapshot->tasks) known[task.id] = &task;
        }
        for (const auto& task : part.snapshot->tasks) {
            const auto old = known.find(task.id);
            const double since = seconds > 0 ? seconds : 1;
            const double busy = task.busy_ms - (old == known.end() ? 0 : old->second->busy_ms);
            const double turns = static_cast<double>(task.resumes - (old == known.end() ? 0 : old->second->resumes));
            entries.push_back({&task, before ? busy / 10 / since : 0, before ? turns / since : 0});
        }
    }
    std::sort(entries.begin(), entries.end(), [](const entry& a, const entry& b) {
        if (a.busy_share != b.busy_share) return a.busy_share > b.busy_share;
        if (a.task->age_ms != b.task->age_ms) return a.task->age_ms > b.task->age_ms;
        return a.task->id < b.task->id;
    });
    out.add(format("%8s %6s %8s %9s  %-24s %s", "ID", "BUSY%", "TURNS/S", "AGE", "TASK", "STATE"), bold);
    for (const auto& one : entries) {
        out.add(format("%8llu %6.1f %8.0f %9s  %-24s ", static_cast<unsigned long long>(one.task->id), one.busy_share, one.turns,
                       describe_time(one.task->age_ms).c_str(), cut(printable(one.task->name), 24).c_str()) +
                describe(*one.task));
    }
    return out.take();
}
