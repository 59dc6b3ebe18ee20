// What this thread allocates with operator new. Linking a program with this file's functions replaces operator new and delete in it, by ones
// that count and, for `fail_every_allocation`, refuse.
//
//     const auto before = hem::testing::allocation_count();
//     co_await queue.put(1);
//     EXPECT_EQ(hem::testing::allocation_count() - before, 0u);
#pragma once

#include <cstddef>
#include <cstdint>

namespace hem::testing {

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
}  // namespace hem::testing
