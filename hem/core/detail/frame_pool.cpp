#include "hem/core/detail/frame_pool.hpp"

namespace hem::detail {

constinit thread_local frame_pool frame_pool::local_;
constinit std::atomic<frame_pool::mode> frame_pool::wanted_{mode::recycle};
constinit std::atomic<std::ptrdiff_t> frame_pool::live_{0};

namespace {
// The pool itself has no destructor, so that reaching it needs no guard; this object has one and is touched when a block is made.
struct thread_cleaner {
    bool armed = false;
    ~thread_cleaner() { frame_pool::release_thread(); }
};
thread_local thread_cleaner cleaner;
}  // namespace

frame_pool::mode frame_pool::take_over_mode() noexcept {
    frame_pool& pool = local_;
    if (!pool.known_) [[unlikely]] {
        pool.known_ = true;
        pool.mode_ = wanted_.load(std::memory_order_relaxed);
        pool.recycled_classes_ = pool.mode_ == mode::recycle ? classes : 0;
    }
    return pool.mode_;
}

void frame_pool::set_mode(mode wanted) noexcept {
    wanted_.store(wanted, std::memory_order_relaxed);
    if (local_.known_ && local_.mode_ == wanted) return;
    release_thread();
    local_.known_ = false;
    take_over_mode();
}

HEM_COLD_CALL void* frame_pool::refill(std::size_t index) {
    const mode now = take_over_mode();
    const std::size_t bytes = (index + 1) * granularity;
    if (now == mode::recycle) [[likely]] {
        cleaner.armed = true;
        return ::operator new(bytes);
    }
    void* memory = nullptr;
    if (block* head = now == mode::count ? counted_[index] : nullptr) {
        counted_[index] = head->next;
        memory = head;
    } else {
        cleaner.armed = true;
        memory = ::operator new(bytes);
    }
    live_.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void* frame_pool::allocate_large(std::size_t bytes) {
    void* memory = ::operator new(bytes);
    if (take_over_mode() != mode::recycle) live_.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void frame_pool::deallocate_slowly(void* memory, std::size_t bytes) noexcept {
    const mode now = take_over_mode();
    if (now != mode::recycle) live_.fetch_sub(1, std::memory_order_relaxed);
    const std::size_t index = (bytes - 1) / granularity;
    if (!HEM_FRAME_POOL || index >= classes) {
        ::operator delete(memory, bytes);
    } else if (now == mode::heap) {
        ::operator delete(memory, (index + 1) * granularity);
    } else {
        block** const list = now == mode::count ? local_.counted_ : local_.free_;
        list[index] = ::new (memory) block{list[index]};
    }
}

void frame_pool::release_thread() noexcept {
    for (block** list : {local_.free_, local_.counted_}) {
        for (std::size_t index = 0; index < classes; ++index) {
            for (block* head = list[index]; head;) {
                block* next = head->next;
                ::operator delete(head, (index + 1) * granularity);
                head = next;
            }
            list[index] = nullptr;
        }
    }
}

}  // namespace hem::detail
