#include "hem/core/detail/queue_core.hpp"

namespace hem::detail {

void queue_core::promise_item() noexcept {
    if (getters.empty() || !can_get()) return;
    ++reserved_items;
    static_cast<queue_wait&>(getters.front()).promised = true;
    getters.grant_first(this);
}

void queue_core::promise_slot() noexcept {
    if (putters.empty() || stored + reserved_slots >= capacity) return;
    ++reserved_slots;
    static_cast<queue_wait&>(putters.front()).promised = true;
    putters.grant_first(this);
}

void queue_core::reserve_item(queue_wait& getter) noexcept {
    ++reserved_items;
    getter.promised = true;
    complete_later(getter, this);
}

void queue_core::reserve_slot(queue_wait& putter) noexcept {
    ++reserved_slots;
    putter.promised = true;
    complete_later(putter, this);
}

bool queue_core::give_item_back(queue_wait& getter) noexcept {
    if (!getter.promised || discarded) return true;
    if (capacity == 0) return false;
    getter.promised = false;
    --reserved_items;
    promise_item();
    return true;
}

void queue_core::give_slot_back(queue_wait& putter) noexcept {
    if (!putter.promised) return;
    putter.promised = false;
    --reserved_slots;
    promise_slot();
}

bool queue_core::settle_get(queue_wait& getter) noexcept {
    if (getter.promised) {
        if (discarded) return false;
        --reserved_items;
        return true;
    }
    // Completed at once, or woken by close: another getter may have given its item back meanwhile.
    return can_get();
}

void queue_core::settle_put(queue_wait& putter) {
    if (putter.promised) --reserved_slots;
    check_open();
}

void queue_core::item_dropped() noexcept {
    --stored;
    ++dropped;
    if (--unfinished == 0) joiners.grant_all(this);
}

void queue_core::finished_one() {
    touch();
    // Items that nobody has got yet cannot be done.
    if (unfinished <= stored)
        throw usage_error("task_done was called more often than items of the " + with_name("queue", name) + " were got");
    if (--unfinished == 0) joiners.grant_all(this);
}

void queue_core::close(bool discard) noexcept {
    closed = true;
    open_capacity = 0;
    if (discard && !discarded) {
        discarded = true;
        unfinished -= stored;
        stored = 0;
        reserved_items = 0;
        if (unfinished == 0) joiners.grant_all(this);
    }
    // Who waits now is woken to find the queue closed: putters always, getters because nothing that is not promised is left.
    putters.grant_all(this);
    getters.grant_all(this);
}

queue_statistics queue_core::statistics() const noexcept {
    return {stored,  capacity,  getters.size(), putters.size(), peak, getters.statistics().grants + putters.statistics().grants,
            dropped, unfinished};
}

// ---- join -------------------------------------------------------------------------------------------------------------------------------

const wait_ops queue_join_awaiter::ops{"queue.join", abort, nullptr, target};

bool queue_join_awaiter::await_ready() {
    return begin_wait(*this, core_.owner, "queue", core_.name) || (core_.unfinished == 0 && complete_now(*this));
}

void queue_join_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) core_.joiners.park(*this);
}

bool queue_join_awaiter::abort(wait_node& node) noexcept {
    static_cast<queue_join_awaiter&>(node).core_.joiners.remove(node);
    return true;
}

wait_target queue_join_awaiter::target(const wait_node& node) noexcept {
    return static_cast<const queue_join_awaiter&>(node).core_.target();
}

}  // namespace hem::detail
