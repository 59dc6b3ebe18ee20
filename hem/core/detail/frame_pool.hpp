// Recycled memory for coroutine frames and task states: per-thread free lists by size class up to 2 KiB, so that awaiting a child or
// spawning a task allocates nothing in steady state. Larger blocks and sanitized builds go to the heap.
#pragma once

#include <cstddef>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEM_FRAME_POOL 0
#endif
#endif
#ifndef HEM_FRAME_POOL
#define HEM_FRAME_POOL 1
#endif

namespace hem::detail {

class frame_pool {
public:
    static constexpr std::size_t granularity = 64;
    static constexpr std::size_t classes = 32;

    static void* allocate(std::size_t bytes) {
#if HEM_FRAME_POOL
        const std::size_t index = (bytes - 1) / granularity;
        if (index < classes) [[likely]] {
            frame_pool& pool = local_;
            if (block* head = pool.free_[index]) [[likely]] {
                pool.free_[index] = head->next;
                return head;
            }
            return pool.refill(index);
        }
#endif
        return ::operator new(bytes);
    }

    static void deallocate(void* memory, std::size_t bytes) noexcept {
#if HEM_FRAME_POOL
        const std::size_t index = (bytes - 1) / granularity;
        if (index < classes) [[likely]] {
            frame_pool& pool = local_;
            auto* head = static_cast<block*>(memory);
            head->next = pool.free_[index];
            pool.free_[index] = head;
            return;
        }
#endif
        ::operator delete(memory, bytes);
    }

    // Gives this thread's blocks back; runs when a thread that used the pool ends.
    static void release_thread() noexcept;

private:
    struct block {
        block* next;
    };
    void* refill(std::size_t index);

    block* free_[classes] = {};
    static constinit thread_local frame_pool local_;
};

}  // namespace hem::detail
