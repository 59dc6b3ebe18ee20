// Advice that the kernel gives about tasks.
#include <cstring>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/instrument.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {

void report_lost_wake(task_header& task) noexcept {
    send_report_if_possible([&] {
        return report{.kind = report_kind::lint,
                      .text =
                          "task '" + task.display_name() + "' suspended at " + await_place(task) +
                          " in an await that registered nothing: nobody can wake it, not even a cancellation; await a hem::future instead",
                      .task = task.display_name(),
                      .location = await_location(task)};
    });
}

void report_swallowed(task_header& task) noexcept {
    send_report_if_possible([&] {
        return report{.kind = report_kind::swallowed_cancel,
                      .text =
                          "task '" + task.display_name() +
                          "' ended with a value although it was cancelled and `cancelled` was thrown into it: " + "let `cancelled` pass",
                      .task = task.display_name(),
                      .location = task.spawned};
    });
}

void report_busy_task(task_header& task) noexcept {
    const auto wakes = std::exchange(task.self_wakes, 0);
    const auto from = std::exchange(task.self_wakes_from, task.resumes);
    if (task.resumes - from > 1000) return;
    // On a virtual clock, which stands still meanwhile, a test has no better way to wait for the outside world.
    if (task.loop->virtual_clock && (task.loop->io.waiters() != 0 || task.loop->outside_work != 0)) return;
    const auto place = await_location(task);
    for (const auto& known : task.loop->advised) {
        if (known.line() == place.line() && std::strcmp(known.file_name(), place.file_name()) == 0) return;
    }
    try {
        task.loop->advised.push_back(place);
    } catch (const std::bad_alloc&) {
        return;
    }
    send_report_if_possible([&] {
        return report{.kind = report_kind::lint,
                      .text = "task '" + task.display_name() + "' woke itself " + std::to_string(wakes) + " times in " +
                              std::to_string(task.resumes - from) + " turns, at " + to_string(place) +
                              ": it polls; wait for an event, a queue or a time instead",
                      .task = task.display_name(),
                      .location = place};
    });
}

bool frame_sizes_count() noexcept {
#if HEM_FRAME_POOL && defined(__OPTIMIZE__)
    return true;
#else
    return false;
#endif
}

namespace {
// Hem's own coroutines, as its build names their sources, or in its installed headers: who calls them cannot make them smaller.
bool is_library(std::string_view file) noexcept {
    if (file.ends_with(".hpp") && file.find("/hem/") != file.npos) return true;
    while (file.starts_with("../")) file.remove_prefix(3);
    return file.starts_with("hem/") && !file.ends_with("_test.cpp");
}
}  // namespace

void note_large_frame(const promise_base& promise, std::size_t bytes) noexcept {
    constexpr std::size_t many = 100;  // one that is made now and then costs nothing
    if (!frame_sizes_count() || !running.loop || is_library(promise.created.file_name())) return;
    auto& places = running.loop->large_frames;
    auto place = places.begin();
    while (place != places.end() &&
           (place->created.line() != promise.created.line() || place->created.file_name() != promise.created.file_name()))
        ++place;
    if (place == places.end()) {
        try {
            place = places.insert(place, {promise.created, 0});
        } catch (const std::bad_alloc&) {
            return;
        }
    }
    if (++place->made != many) return;
    send_report_if_possible([&] {
        return report{.kind = report_kind::lint,
                      .text = "a frame of '" + std::string(promise.created.function_name()) + "' (" + to_string(promise.created) +
                              ") has " + std::to_string(bytes) + " bytes, and " + std::to_string(many) +
                              " were made: let large locals end before the next await, or put them on the heap",
                      .task = running.loop->current ? running.loop->current->display_name() : std::string(),
                      .location = promise.created};
    });
}

task_event event_of(const task_header& task) noexcept {
    return {.id = task.id,
            .parent = task.group ? task.group->owner()->id : 0,
            .name = task.name ? std::string_view(*task.name) : std::string_view(),
            .spawned = task.spawned};
}

}  // namespace hem::detail
