// What this thread allocates with operator new. Linking a program with this file's functions replaces operator new and delete in it, by
// ones that count and, for `fail_every_allocation`, refuse.
//
//     const auto before = hem::testing::allocation_count();
//     co_await queue.put(1);
//     EXPECT_EQ(hem::testing::allocation_count() - before, 0u);
#pragma once

#include <cstddef>
#include <cstdint>

#include "hem/core/detail/frame_pool.hpp"
#include "hem/core/task.hpp"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEM_REPLACES_NEW 0  // its runtime defines operator new, and no second one may stand beside it
#endif
#endif
#ifndef HEM_REPLACES_NEW
#define HEM_REPLACES_NEW 1
#endif

namespace hem::testing {

// False under ThreadSanitizer: nothing is counted there, and no allocation can be made to fail.
inline constexpr bool replaces_operator_new = HEM_REPLACES_NEW != 0;

// Calls of operator new on this thread since it began. Inside ASYNC_TEST coroutine frames are recycled as they are outside of tests, so a
// frame counts only when the thread's stock has none of its size.
std::uint64_t allocation_count() noexcept;

namespace detail {

// Asked before each allocation of the thread that set it: true makes that allocation fail. Called with itself switched off.
struct allocation_hook {
    bool (*refuses)(void* data, std::size_t bytes) = nullptr;
    void* data = nullptr;
};
// Sets this thread's hook and gives the one before.
allocation_hook set_allocation_hook(allocation_hook hook) noexcept;

}  // namespace detail
// Sanitized builds have no frame pool: there everything allocates.
inline constexpr bool counts_allocations = HEM_FRAME_POOL != 0;

// How often `step()`, which gives a task, allocates on this thread: none of the first `warm_up` calls counts, all of the next `calls` do.
template <class F>
task<std::uint64_t> allocations_of(F step, int warm_up = 200, int calls = 1000) {
    for (int i = 0; i < warm_up; ++i) co_await step();
    const auto before = allocation_count();
    for (int i = 0; i < calls; ++i) co_await step();
    co_return allocation_count() - before;
}

}  // namespace hem::testing
