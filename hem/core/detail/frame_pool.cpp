#include "hem/core/detail/frame_pool.hpp"

namespace hem::detail {

constinit thread_local frame_pool frame_pool::local_;

namespace {
// The pool itself has no destructor, so that reaching it needs no guard; this object has one and is touched when a block is made.
struct thread_cleaner {
    bool armed = false;
    ~thread_cleaner() { frame_pool::release_thread(); }
};
thread_local thread_cleaner cleaner;
}  // namespace

void* frame_pool::refill(std::size_t index) {
    cleaner.armed = true;
    return ::operator new((index + 1) * granularity);
}

void frame_pool::release_thread() noexcept {
    for (std::size_t index = 0; index < classes; ++index) {
        for (block* head = local_.free_[index]; head;) {
            block* next = head->next;
            ::operator delete(head, (index + 1) * granularity);
            head = next;
        }
        local_.free_[index] = nullptr;
    }
}

}  // namespace hem::detail
