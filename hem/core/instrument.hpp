// Callbacks at the turning points of every task, for profilers and tracers: run_options::instrument. They run on the loop's thread inside
// its inner loop: no allocation to speak of, no suspension, no throwing. Without an instrument they cost one branch per resume.
#pragma once

#include <cstdint>
#include <source_location>
#include <string_view>

namespace hem {

// A task as a callback sees it; valid during the call.
struct task_event {
    std::uint64_t id;
    std::uint64_t parent;   // id of the task whose group it is in; 0 for the main task
    std::string_view name;  // may be empty
    std::source_location spawned;
};

// What is null is not called. Owned by the caller, who keeps it until the run has ended.
struct instrument {
    void* context = nullptr;
    void (*spawned)(void* context, const task_event& task) noexcept = nullptr;
    void (*resumed)(void* context, const task_event& task) noexcept = nullptr;
    void (*suspended)(void* context, const task_event& task, std::string_view waits_for) noexcept = nullptr;
    void (*ended)(void* context, const task_event& task) noexcept = nullptr;
};

namespace detail {
struct task_header;
task_event event_of(const task_header& task) noexcept;
}  // namespace detail
}  // namespace hem
