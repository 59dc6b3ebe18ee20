// Recycled memory for coroutine frames and task states: per-thread free lists by size class up to 2 KiB, so that awaiting a child or
// spawning a task allocates nothing in steady state. Larger blocks and sanitized builds go to the heap.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>

#include "hem/core/detail/cold_call.hpp"

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

    // For tests: whether blocks are recycled, and whether live ones are counted. Of the process; a thread that uses the pool for the first
    // time takes it over, one that used it already keeps what it had.
    enum class mode : unsigned char {
        recycle,  // the fast way, nothing is counted
        count,    // recycles, and counts
        heap,     // every block comes from operator new and goes back at once, counted
    };
    static void set_mode(mode wanted) noexcept;
    // Blocks alive in the process that were made and given back while counting.
    static std::ptrdiff_t live() noexcept { return live_.load(std::memory_order_relaxed); }

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
        return allocate_large(bytes);
    }

    static void deallocate(void* memory, std::size_t bytes) noexcept {
#if HEM_FRAME_POOL
        const std::size_t index = (bytes - 1) / granularity;
        frame_pool& pool = local_;
        if (index < pool.recycled_classes_) [[likely]] {
#ifdef HEM_CHECKS
            __builtin_memset(memory, 0xDB, bytes);  // what still points here reads nonsense, not what was there
#endif
            auto* head = static_cast<block*>(memory);
            head->next = pool.free_[index];
            pool.free_[index] = head;
            return;
        }
#endif
        deallocate_slowly(memory, bytes);
    }

    // Gives this thread's blocks back; runs when a thread that used the pool ends.
    static void release_thread() noexcept;

private:
    struct block {
        block* next;
    };
    HEM_COLD_CALL void* refill(std::size_t index);
    static void* allocate_large(std::size_t bytes);
    static void deallocate_slowly(void* memory, std::size_t bytes) noexcept;
    static mode take_over_mode() noexcept;

    block* free_[classes] = {};
    block* counted_[classes] = {};      // what is recycled while counting: the fast way finds nothing and asks refill()
    std::size_t recycled_classes_ = 0;  // that deallocate() handles itself: none before the thread's first use and while counting
    mode mode_ = mode::recycle;
    bool known_ = false;
    static std::atomic<mode> wanted_;
    static std::atomic<std::ptrdiff_t> live_;
    static constinit thread_local frame_pool local_;
};

}  // namespace hem::detail
