// The one wait queue below every primitive: first come, first served, aborted in constant time. A primitive is a thin shell over it that
// decides what a grant means.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/loop_owner.hpp"

namespace hem {

// What every primitive's statistics() tells.
struct wait_statistics {
    std::size_t waiters = 0;   // tasks that wait now
    std::size_t peak = 0;      // most that waited at one time
    std::uint64_t grants = 0;  // waits that got what they waited for
};

}  // namespace hem

namespace hem::detail {

class parking_lot {
public:
    parking_lot() noexcept = default;
    parking_lot(const parking_lot&) = delete;
    parking_lot& operator=(const parking_lot&) = delete;

    bool empty() const noexcept { return list_.empty(); }
    std::size_t size() const noexcept { return size_; }
    wait_node& front() noexcept { return list_.front(); }
    wait_list& waiters() noexcept { return list_; }
    wait_statistics statistics() const noexcept { return {size_, peak_, grants_}; }

    void park(wait_node& node) noexcept {
        list_.push_back(node);
        if (++size_ > peak_) peak_ = size_;
    }
    // Takes a parked node out; it stays parked for its task until granted.
    void remove(wait_node& node) noexcept {
        node.unlink();
        --size_;
    }
    // Moves the oldest waiter, still parked, to the end of another lot; there must be one.
    wait_node& move_first(parking_lot& to) noexcept {
        wait_node& node = list_.pop_front();
        --size_;
        to.park(node);
        return node;
    }
    // Grants the oldest waiter; there must be one.
    wait_node& grant_first(const void* source) noexcept {
        wait_node& node = list_.front();
        grant(node, source);
        return node;
    }
    // Grants one that is parked here, out of turn.
    void grant(wait_node& node, const void* source) noexcept {
        remove(node);
        ++grants_;
        node.task->woken_by = source;
        node.task->loop->grant(node);
    }
    void grant_all(const void* source) noexcept {
        while (!list_.empty()) grant_first(source);
    }

private:
    wait_list list_;
    std::size_t size_ = 0;
    std::size_t peak_ = 0;
    std::uint64_t grants_ = 0;
};

}  // namespace hem::detail
