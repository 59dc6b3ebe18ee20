#include "hem/core/queue.hpp"

namespace hem::detail {

void queue_core::item_stored() noexcept {
    ++stored;
    peak = std::max(peak, stored);
    promise_item();
}

void queue_core::promise_item() noexcept {
    if (getters.empty() || !can_get()) return;
    ++reserved_items;
    static_cast<queue_wait&>(getters.front()).promised = true;
    getters.grant_first(this);
}

void queue_core::item_promise_broken() noexcept {
    if (discarded) return;
    --reserved_items;
    promise_item();
}

void queue_core::item_taken() noexcept {
    if (!putters.empty() && stored + reserved_slots < capacity) {
        ++reserved_slots;
        static_cast<queue_wait&>(putters.front()).promised = true;
        putters.grant_first(this);
    }
}

void queue_core::item_dropped() noexcept {
    --stored;
    ++dropped;
    finished_one();
}

void queue_core::finished_one() {
    if (unfinished == 0) throw usage_error("task_done was called more often than items were put");
    if (--unfinished == 0) joiners.grant_all(this);
}

void queue_core::close(bool discard) noexcept {
    closed = true;
    if (discard && !discarded) {
        discarded = true;
        unfinished -= std::min(unfinished, stored);
        stored = 0;
        reserved_items = 0;
        if (unfinished == 0) joiners.grant_all(this);
    }
    // Who waits now is woken to find the queue closed: putters always, getters because nothing that is not promised is left.
    putters.grant_all(this);
    getters.grant_all(this);
}

}  // namespace hem::detail
