// The counting and waiting of a queue, without the items. A grant is a reservation: a put reserves an item for the oldest getter, a
// get reserves the slot for the oldest putter, and everybody else sees only what is not reserved. Two invariants follow: while an item is
// unreserved nobody waits in `getters`, and while a slot is unreserved nobody waits in `putters`.
#pragma once

#include "hem/core/detail/parking_lot.hpp"
#include "hem/core/errors.hpp"

namespace hem {

// What a put does when the queue is full.
enum class overflow : unsigned char { wait, drop_newest, drop_oldest, fail };

enum close_mode : unsigned char { graceful, immediate };

struct queue_statistics {
    std::size_t size;
    std::size_t capacity;
    std::size_t getters;   // tasks that wait for an item
    std::size_t putters;   // tasks that wait for a slot
    std::size_t peak;      // most items at one time
    std::uint64_t grants;  // waits of either side that got what they waited for
    std::uint64_t dropped;
    std::size_t unfinished;
};

namespace detail {

// A put or get that waits. `promised`: it holds a reservation, rather than having been woken because the queue was closed.
struct queue_wait : wait_node {
    using wait_node::wait_node;
    bool promised = false;
};

class queue_core {
public:
    queue_core(std::size_t capacity, overflow policy, std::string name) noexcept
        : open_capacity(capacity), capacity(capacity), policy(policy), name(std::move(name)) {}

    bool can_get() const noexcept { return stored > reserved_items; }
    bool can_put() const noexcept { return stored + reserved_slots < capacity || (capacity == 0 && !getters.empty()); }
    // A put that may go on at once: open, room, and nobody before it.
    bool put_is_free() const noexcept { return stored < open_capacity && reserved_slots == 0; }
    bool get_is_free() const noexcept { return stored != 0 && reserved_items == 0; }

    // An item was stored: the oldest getter may have it.
    void item_stored() noexcept {
        ++unfinished;
        if (++stored > peak) peak = stored;
        if (!getters.empty()) [[unlikely]]
            promise_item();
    }
    // An item was taken: the oldest putter may have its slot.
    void item_taken() noexcept {
        --stored;
        if (!putters.empty()) [[unlikely]]
            promise_slot();
    }
    void promise_item() noexcept;
    void promise_slot() noexcept;
    // For a task that lets others go first.
    void reserve_item(queue_wait& getter) noexcept;
    void reserve_slot(queue_wait& putter) noexcept;
    // A granted wait was cancelled: its reservation goes to the next in line. False if the item is as good as taken: in a rendezvous its
    // putter has gone on.
    bool give_item_back(queue_wait& getter) noexcept;
    void give_slot_back(queue_wait& putter) noexcept;
    // After the wait: true if the getter may take an item now.
    bool settle_get(queue_wait& getter) noexcept;
    void settle_put(queue_wait& putter);

    void item_dropped() noexcept;
    void close(bool discard) noexcept;
    void finished_one();
    void check_open() const {
        if (closed) [[unlikely]]
            throw queue_closed();
    }
    void touch() { owner.touch("queue", name); }
    queue_statistics statistics() const noexcept;
    wait_target target() const noexcept { return {.name = name, .object = this}; }

    std::size_t stored = 0;
    std::size_t open_capacity;  // 0 once closed
    std::size_t reserved_items = 0;
    std::size_t reserved_slots = 0;
    std::size_t unfinished = 0;
    std::size_t peak = 0;
    parking_lot getters;
    parking_lot putters;
    parking_lot joiners;
    loop_owner owner;
    std::size_t capacity;
    std::uint64_t dropped = 0;
    overflow policy;
    bool closed = false;
    bool discarded = false;
    std::string name;
};

class [[nodiscard("not awaited: write co_await")]] queue_join_awaiter : public wait_node {
public:
    explicit queue_join_awaiter(queue_core& core) noexcept : wait_node(ops), core_(core) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() { end_wait(*this); }

private:
    static bool abort(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    queue_core& core_;
};

}  // namespace detail
}  // namespace hem
