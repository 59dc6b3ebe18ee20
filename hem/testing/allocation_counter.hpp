// Counts what this thread allocates, for tests that promise that something allocates nothing. To be included by one source of a test
// program: it replaces the global operator new. Sanitized builds have neither the counter nor the frame pool; there `counts_allocations` is
// false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "hem/core/detail/frame_pool.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

inline constexpr bool counts_allocations = HEM_FRAME_POOL != 0;
inline thread_local std::uint64_t allocations = 0;

// How often `step()`, which gives a task, allocates: none of the first `warm_up` calls counts, all of the next `calls` do.
template <class F>
task<std::uint64_t> allocations_of(F step, int warm_up = 200, int calls = 1000) {
    for (int i = 0; i < warm_up; ++i) co_await step();
    const auto before = allocations;
    for (int i = 0; i < calls; ++i) co_await step();
    co_return allocations - before;
}

}  // namespace hem::testing

#if HEM_FRAME_POOL
void* operator new(std::size_t bytes) {
    ++hem::testing::allocations;
    if (void* memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    ++hem::testing::allocations;
    const auto unit = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
