// Queues between tasks: bounded by construction (or `unbounded`, said aloud), first come first served on both sides, and safe under
// cancellation: a cancelled get took nothing and a cancelled put left nothing, even when both happen in one tick.
//
//     hem::queue<job> jobs(100);
//     co_await jobs.put(job);                 // waits while 100 are in it
//     job next = co_await jobs.get();         // waits while it is empty
//     jobs.close();                           // putters get queue_closed; getters take what is left, then get it, too
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "hem/core/detail/parking_lot.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/gather.hpp"

namespace hem {

// What a put does when the queue is full.
enum class overflow : unsigned char { wait, drop_newest, drop_oldest, fail };

enum close_mode : unsigned char { graceful, immediate };

struct queue_statistics {
    std::size_t size;
    std::size_t capacity;
    std::size_t getters;  // tasks that wait
    std::size_t putters;
    std::size_t peak;
    std::uint64_t dropped;
    std::size_t unfinished;
};

namespace detail {

// A put or get that waits. `promised`: it was granted an item or a slot, rather than woken because the queue was closed.
struct queue_wait : wait_node {
    using wait_node::wait_node;
    bool promised = false;
};

// Counting and waiting, without the items. A get that found an item and a put that found a slot hold a reservation until they resume;
// everybody else sees only what is not reserved.
class queue_core {
public:
    queue_core(std::size_t capacity, overflow policy) noexcept : capacity(capacity), policy(policy) {}

    bool can_get() const noexcept { return stored > reserved_items; }
    bool can_put() const noexcept { return stored + reserved_slots < capacity || (capacity == 0 && !getters.empty()); }
    // An item was stored: the oldest getter may have it.
    void item_stored() noexcept;
    // An item was taken: the oldest putter may have its slot.
    void item_taken() noexcept;
    // A getter left without its item: the next one may have it.
    void item_promise_broken() noexcept;
    void promise_item() noexcept;
    void close(bool discard) noexcept;
    void finished_one();
    void item_dropped() noexcept;
    void check_open() const {
        if (closed) [[unlikely]] throw queue_closed();
    }

    parking_lot getters;
    parking_lot putters;
    parking_lot joiners;
    loop_owner loop;
    std::size_t capacity;
    std::size_t stored = 0;
    std::size_t reserved_items = 0;
    std::size_t reserved_slots = 0;
    std::size_t unfinished = 0;
    std::size_t peak = 0;
    std::uint64_t dropped = 0;
    overflow policy;
    bool closed = false;
    bool discarded = false;
};

// A ring that grows and never shrinks: no allocation in steady state.
template <class T>
class fifo_store {
public:
    void push(T&& item) {
        if (count_ == slots_.size()) grow();
        slots_[(first_ + count_) & (slots_.size() - 1)].emplace(std::move(item));
        ++count_;
    }
    T pop() {
        auto& slot = slots_[first_];
        T item = *std::move(slot);
        slot.reset();
        first_ = (first_ + 1) & (slots_.size() - 1);
        --count_;
        return item;
    }
    void drop_oldest() { (void)pop(); }
    void clear() {
        while (count_ > 0) drop_oldest();
    }

private:
    void grow() {
        std::vector<std::optional<T>> larger(slots_.empty() ? 8 : slots_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
        slots_ = std::move(larger);
        first_ = 0;
    }
    std::vector<std::optional<T>> slots_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

template <class T>
class lifo_store {
public:
    void push(T&& item) { items_.push_back(std::move(item)); }
    T pop() {
        T item = std::move(items_.back());
        items_.pop_back();
        return item;
    }
    void drop_oldest() { items_.erase(items_.begin()); }
    void clear() { items_.clear(); }

private:
    std::vector<T> items_;
};

// Smallest first; first in, first out among equals.
template <class T, class Less>
class priority_store {
    struct entry {
        T item;
        std::uint64_t number;
    };
    struct later {
        bool operator()(const entry& a, const entry& b) const {
            if (Less()(a.item, b.item)) return false;
            if (Less()(b.item, a.item)) return true;
            return a.number > b.number;
        }
    };

public:
    void push(T&& item) {
        heap_.push_back({std::move(item), next_++});
        std::push_heap(heap_.begin(), heap_.end(), later());
    }
    T pop() {
        std::pop_heap(heap_.begin(), heap_.end(), later());
        T item = std::move(heap_.back().item);
        heap_.pop_back();
        return item;
    }
    void drop_oldest() {
        auto oldest = std::min_element(heap_.begin(), heap_.end(), [](const entry& a, const entry& b) { return a.number < b.number; });
        heap_.erase(oldest);
        std::make_heap(heap_.begin(), heap_.end(), later());
    }
    void clear() { heap_.clear(); }

private:
    std::vector<entry> heap_;
    std::uint64_t next_ = 0;
};

template <class T, class Store>
class basic_queue {
public:
    explicit basic_queue(std::size_t capacity, overflow policy = overflow::wait) noexcept : core_(capacity, policy) {}
    explicit basic_queue(concurrency unbounded_capacity) noexcept : core_(unbounded_capacity.limit, overflow::wait) {}
    basic_queue(const basic_queue&) = delete;
    basic_queue& operator=(const basic_queue&) = delete;

    class [[nodiscard("not awaited: write co_await")]] put_awaiter : public queue_wait {
    public:
        put_awaiter(basic_queue& target, T&& item) : queue_wait(ops), target_(target), item_(std::move(item)) {}
        bool await_ready() {
            auto& core = target_.core_;
            core.loop.check("the queue");
            if (begin_wait(*this)) return true;
            core.check_open();
            if (!target_.store_or_drop(item_)) return false;
            stored_ = true;
            return complete_now(*this);
        }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.core_.putters.park(*this);
        }
        void await_resume() {
            end_wait(*this);
            if (stored_) return;
            auto& core = target_.core_;
            if (promised) --core.reserved_slots;
            core.check_open();
            target_.store(item_);
        }

    private:
        friend class basic_queue;
        static bool abort(wait_node& node) noexcept {
            static_cast<put_awaiter&>(node).target_.core_.putters.remove(node);
            return true;
        }
        static bool revoke(wait_node& node) noexcept {
            auto& self = static_cast<put_awaiter&>(node);
            if (self.stored_) return false;  // the item is in the queue, or with a getter
            if (self.promised) {
                --self.target_.core_.reserved_slots;
                self.target_.core_.item_taken();
            }
            return true;
        }
        static constexpr wait_ops ops{"queue.put", abort, revoke};
        basic_queue& target_;
        T item_;
        bool stored_ = false;
    };

    class [[nodiscard("not awaited: write co_await")]] get_awaiter : public queue_wait {
    public:
        explicit get_awaiter(basic_queue& target) noexcept : queue_wait(ops), target_(target) {}
        bool await_ready() {
            auto& core = target_.core_;
            core.loop.check("the queue");
            if (begin_wait(*this)) return true;
            if (target_.meet_putter()) {
                // A rendezvous: the putter's item is in the store now.
            } else if (!core.can_get()) {
                core.check_open();
                return false;
            }
            ++core.reserved_items;
            promised = true;
            return complete_now(*this);
        }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.core_.getters.park(*this);
        }
        T await_resume() {
            end_wait(*this);
            auto& core = target_.core_;
            if (core.discarded || !promised) throw queue_closed();
            --core.reserved_items;
            return target_.take();
        }

    private:
        static bool abort(wait_node& node) noexcept {
            static_cast<get_awaiter&>(node).target_.core_.getters.remove(node);
            return true;
        }
        static bool revoke(wait_node& node) noexcept {
            auto& self = static_cast<get_awaiter&>(node);
            if (self.promised) self.target_.core_.item_promise_broken();
            return true;
        }
        static constexpr wait_ops ops{"queue.get", abort, revoke};
        basic_queue& target_;
    };

    class [[nodiscard("not awaited: write co_await")]] join_awaiter : public wait_node {
    public:
        explicit join_awaiter(queue_core& core) noexcept : wait_node(ops), core_(core) {}
        bool await_ready() { return begin_wait(*this) || (core_.unfinished == 0 && complete_now(*this)); }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) core_.joiners.park(*this);
        }
        void await_resume() { end_wait(*this); }

    private:
        static bool abort(wait_node& node) noexcept {
            static_cast<join_awaiter&>(node).core_.joiners.remove(node);
            return true;
        }
        static constexpr wait_ops ops{"queue.join", abort, nullptr};
        queue_core& core_;
    };

    // Waits for a free slot (or follows the overflow policy). Throws queue_closed. A cancel point; cancelled, nothing was put.
    put_awaiter put(T item) { return put_awaiter(*this, std::move(item)); }
    // Waits for an item. Throws queue_closed once the queue is closed and empty. A cancel point; cancelled, nothing was taken.
    get_awaiter get() noexcept { return get_awaiter(*this); }
    // Throws queue_full where put would wait, queue_closed.
    void put_nowait(T item) {
        core_.check_open();
        if (!store_or_drop(item)) throw queue_full();
    }
    // Throws queue_empty where get would wait, queue_closed.
    T get_nowait() {
        if (auto item = try_get()) return *std::move(item);
        core_.check_open();
        throw queue_empty();
    }
    bool try_put(T item) {
        if (core_.closed || (core_.policy == overflow::fail && !core_.can_put())) return false;
        return store_or_drop(item);
    }
    std::optional<T> try_get() {
        if (!meet_putter() && !core_.can_get()) return std::nullopt;
        return take();
    }
    // One item that was got has been handled; one too many is usage_error.
    void task_done() { core_.finished_one(); }
    // Waits until every item that was put has been handled. A cancel point.
    join_awaiter join() noexcept { return join_awaiter(core_); }
    // No more puts; what is in the queue is still served. `immediate` discards it.
    void close(close_mode mode = graceful) {
        if (mode == immediate) store_.clear();
        core_.close(mode == immediate);
    }
    bool closed() const noexcept { return core_.closed; }
    std::size_t size() const noexcept { return core_.stored; }
    bool empty() const noexcept { return core_.stored == 0; }
    bool full() const noexcept { return core_.stored >= core_.capacity; }
    std::size_t capacity() const noexcept { return core_.capacity; }
    queue_statistics statistics() const noexcept {
        return {core_.stored, core_.capacity, core_.getters.size(), core_.putters.size(), core_.peak, core_.dropped, core_.unfinished};
    }

private:
    void store(T& item) {
        store_.push(std::move(item));
        ++core_.unfinished;
        core_.item_stored();
    }
    // False if the put has to wait.
    bool store_or_drop(T& item) {
        const bool in_order = core_.putters.empty();
        if (in_order && core_.can_put()) {
            store(item);
            return true;
        }
        switch (core_.policy) {
        case overflow::wait: return false;
        case overflow::fail: throw queue_full();
        case overflow::drop_newest: ++core_.dropped; return true;
        case overflow::drop_oldest:
            if (core_.stored == core_.reserved_items) {  // everything is promised to getters, or there is no room at all
                ++core_.dropped;
                return true;
            }
            store_.drop_oldest();
            core_.item_dropped();
            store(item);
            return true;
        }
        return false;
    }
    T take() {
        T item = store_.pop();
        --core_.stored;
        core_.item_taken();
        return item;
    }
    // Capacity 0: takes the item of the oldest putter that waits. True if there was one.
    bool meet_putter() {
        if (core_.capacity != 0 || core_.can_get() || core_.putters.empty()) return false;
        auto& putter = static_cast<put_awaiter&>(core_.putters.grant_first(&core_));
        putter.stored_ = true;
        store(putter.item_);
        return true;
    }

    queue_core core_;
    Store store_;
};

}  // namespace detail

// First in, first out.
template <class T>
class queue : public detail::basic_queue<T, detail::fifo_store<T>> {
    using detail::basic_queue<T, detail::fifo_store<T>>::basic_queue;
};
// Last in, first out.
template <class T>
class lifo_queue : public detail::basic_queue<T, detail::lifo_store<T>> {
    using detail::basic_queue<T, detail::lifo_store<T>>::basic_queue;
};

namespace detail {
struct less_than {
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return a < b;
    }
};
}  // namespace detail

// The smallest first, first in first out among equals.
template <class T, class Less = detail::less_than>
class priority_queue : public detail::basic_queue<T, detail::priority_store<T, Less>> {
    using detail::basic_queue<T, detail::priority_store<T, Less>>::basic_queue;
};

}  // namespace hem
