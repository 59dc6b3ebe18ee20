// The one wait queue below every primitive: first come, first served, aborted in constant time. A primitive is a thin shell over it that
// decides what a grant means.
#pragma once

#include "hem/core/detail/kernel.hpp"

namespace hem::detail {

class parking_lot {
public:
    parking_lot() noexcept = default;
    parking_lot(const parking_lot&) = delete;
    parking_lot& operator=(const parking_lot&) = delete;

    bool empty() const noexcept { return list_.empty(); }
    std::size_t size() const noexcept { return size_; }
    wait_node& front() noexcept { return list_.front(); }

    void park(wait_node& node) noexcept {
        list_.push_back(node);
        ++size_;
    }
    // Takes a parked node out; it stays parked for its task until granted.
    void remove(wait_node& node) noexcept {
        node.unlink();
        --size_;
    }
    // Grants the oldest waiter; there must be one.
    wait_node& grant_first(const void* source) noexcept {
        wait_node& node = list_.pop_front();
        --size_;
        node.task->woken_by = source;
        node.task->loop->grant(node);
        return node;
    }
    void grant_all(const void* source) noexcept {
        while (!list_.empty()) grant_first(source);
    }

private:
    wait_list list_;
    std::size_t size_ = 0;
};

// Loop-bound objects belong to the loop that uses them first.
class loop_owner {
public:
    // Throws usage_error naming `what` if another loop or thread owns the object.
    void check(const char* what) {
        kernel* now = running.loop;
        if (loop_ == now) [[likely]] return;
        bind(now, what);
    }

private:
    void bind(kernel* now, const char* what);
    kernel* loop_ = nullptr;
};

}  // namespace hem::detail
