// Queues between tasks: bounded by construction (or `unbounded`, said aloud), first come first served on both sides, and safe under
// cancellation: a cancelled get took nothing and a cancelled put left nothing, even when both happen in one tick.
//
//     hem::queue<job> jobs(100);
//     co_await jobs.put(job);                           // waits while 100 are in it
//     job one = co_await jobs.get();                    // waits while it is empty
//     while (auto next = co_await jobs.next()) { ... }  // until it is closed and empty
//     jobs.close();                                     // putters get queue_closed; getters take what is left first
//
// A queue may be made anywhere; it belongs to the loop that uses it first. It must outlive the tasks that wait for it.
#pragma once

#include <optional>
#include <utility>

#include "hem/core/detail/queue_core.hpp"
#include "hem/core/detail/queue_stores.hpp"
#include "hem/core/gather.hpp"

namespace hem {
namespace detail {

template <class T, class Store>
class basic_queue {
public:
    using value_type = T;

    // Capacity 0 is a rendezvous: a put waits until its item is taken.
    explicit basic_queue(std::size_t capacity, overflow policy = overflow::wait, std::string name = {}) noexcept
        : core_(capacity, policy, std::move(name)) {}
    explicit basic_queue(std::size_t capacity, std::string name) noexcept : core_(capacity, overflow::wait, std::move(name)) {}
    explicit basic_queue(concurrency unbounded_capacity, std::string name = {}) noexcept
        : core_(unbounded_capacity.limit, overflow::wait, std::move(name)) {}
    basic_queue(const basic_queue&) = delete;
    basic_queue& operator=(const basic_queue&) = delete;

    class [[nodiscard("not awaited: write co_await")]] put_awaiter : public queue_wait {
    public:
        put_awaiter(basic_queue& target, T&& item) : put_awaiter(target, std::move(item), ops) {}
        bool await_ready() {
            auto& core = target_.core_;
            if (core.put_is_free() && may_complete_at_once(core.owner)) [[likely]] {
                state = status::idle;
                target_.store(item_);
                return true;
            }
            return ready_slowly();
        }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.core_.putters.park(*this);
        }
        void await_resume() {
            if (state == status::idle) [[likely]]
                return;
            end_wait(*this);
            if (placed_) return;
            target_.core_.settle_put(*this);
            target_.store(item_);
        }

    protected:
        bool placed() const noexcept { return placed_; }
        put_awaiter(basic_queue& target, T&& item, const wait_ops& operations)
            : queue_wait(operations), target_(target), item_(std::move(item)) {}
        static bool abort(wait_node& node) noexcept {
            static_cast<put_awaiter&>(node).target_.core_.putters.remove(node);
            return true;
        }
        static bool revoke(wait_node& node) noexcept {
            auto& self = static_cast<put_awaiter&>(node);
            if (self.placed_) return false;  // the item is gone: with a getter, or dropped
            self.target_.core_.give_slot_back(self);
            return true;
        }
        static wait_target target(const wait_node& node) noexcept { return static_cast<const put_awaiter&>(node).target_.core_.target(); }

    private:
        friend class basic_queue;
        [[gnu::noinline]] bool ready_slowly() {
            auto& core = target_.core_;
            if (begin_wait(*this, core.owner, "queue", core.name)) return true;
            core.check_open();
            if (core.capacity != 0 && core.can_put()) {
                if (core.put_is_free() && complete_now(*this)) {
                    target_.store(item_);
                    return true;
                }
                core.reserve_slot(*this);  // behind putters that have their slot and have not resumed
                return false;
            }
            placed_ = target_.store_or_drop(item_);
            return placed_ && complete_now(*this);
        }
        static constexpr wait_ops ops{"queue.put", abort, revoke, target};
        basic_queue& target_;
        T item_;
        bool placed_ = false;  // handed over while it waited, or dropped
    };

    // What get and next have in common.
    class take_awaiter : public queue_wait {
    public:
        bool await_ready() {
            auto& core = target_.core_;
            if (core.get_is_free() && may_complete_at_once(core.owner)) [[likely]] {
                state = status::idle;
                return true;
            }
            return ready_slowly();
        }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.core_.getters.park(*this);
        }

    protected:
        take_awaiter(basic_queue& target, const wait_ops& operations) noexcept : queue_wait(operations), target_(target) {}
        // True if there is an item to take, false if the queue has ended.
        bool settle() {
            if (state == status::idle) [[likely]]
                return target_.core_.can_get();
            end_wait(*this);
            return target_.core_.settle_get(*this);
        }
        static bool abort(wait_node& node) noexcept {
            static_cast<take_awaiter&>(node).target_.core_.getters.remove(node);
            return true;
        }
        static bool revoke(wait_node& node) noexcept {
            auto& self = static_cast<take_awaiter&>(node);
            return self.target_.core_.give_item_back(self);
        }
        static wait_target target(const wait_node& node) noexcept { return static_cast<const take_awaiter&>(node).target_.core_.target(); }
        basic_queue& target_;

    private:
        [[gnu::noinline]] bool ready_slowly() {
            auto& core = target_.core_;
            if (begin_wait(*this, core.owner, "queue", core.name)) return true;
            if (!target_.meet_putter() && !core.can_get()) return core.closed;
            if (core.reserved_items == 0 && complete_now(*this)) return true;
            core.reserve_item(*this);  // behind getters that have their item and have not resumed
            return false;
        }
    };
    class [[nodiscard("not awaited: write co_await")]] get_awaiter : public take_awaiter {
    public:
        explicit get_awaiter(basic_queue& target) noexcept : take_awaiter(target, ops) {}
        T await_resume() {
            if (!this->settle()) [[unlikely]]
                throw queue_closed();
            return this->target_.take();
        }

    private:
        static constexpr wait_ops ops{"queue.get", take_awaiter::abort, take_awaiter::revoke, take_awaiter::target};
    };
    class [[nodiscard("not awaited: write co_await")]] next_awaiter : public take_awaiter {
    public:
        explicit next_awaiter(basic_queue& target) noexcept : take_awaiter(target, ops) {}
        std::optional<T> await_resume() {
            if (!this->settle()) return std::nullopt;
            return this->target_.take();
        }

    protected:
        next_awaiter(basic_queue& target, const wait_ops& operations) noexcept : take_awaiter(target, operations) {}

    private:
        static constexpr wait_ops ops{"queue.next", take_awaiter::abort, take_awaiter::revoke, take_awaiter::target};
    };

    // Waits for a free slot, or follows the overflow policy. Throws queue_closed. A cancel point; cancelled, nothing was put.
    put_awaiter put(T item) { return put_awaiter(*this, std::move(item)); }
    // Waits for an item. Throws queue_closed once the queue is closed and empty. A cancel point; cancelled, nothing was taken.
    get_awaiter get() noexcept { return get_awaiter(*this); }
    // The same, but empty once the queue is closed and empty.
    next_awaiter next() noexcept { return next_awaiter(*this); }
    // Throws queue_full where put would wait, queue_closed.
    void put_nowait(T item) {
        core_.touch();
        core_.check_open();
        if (!store_or_drop(item)) throw queue_full();
    }
    // Throws queue_empty where get would wait, queue_closed.
    T get_nowait() {
        if (auto item = try_get()) return *std::move(item);
        core_.check_open();
        throw queue_empty();
    }
    // False where put would wait or throw. An item that the policy drops counts as put.
    bool try_put(T item) {
        core_.touch();
        if (core_.closed || (core_.policy == overflow::fail && !core_.can_put())) return false;
        return store_or_drop(item);
    }
    // Empty where get would wait or throw.
    std::optional<T> try_get() {
        core_.touch();
        if (!meet_putter() && !core_.can_get()) return std::nullopt;
        return take();
    }
    // One item that was got has been handled; one too many is usage_error.
    void task_done() { core_.finished_one(); }
    // Waits until every item that was put has been handled. A cancel point.
    queue_join_awaiter join() noexcept { return queue_join_awaiter(core_); }
    // No more puts; what is in the queue is still served. `immediate` discards it and breaks what was promised to getters. Resumes nobody
    // inside the call; again has no effect.
    void close(close_mode mode = graceful) {
        core_.touch();
        if (mode == immediate) {
            discard();
        } else {
            core_.close(false);
        }
    }
    bool closed() const noexcept { return core_.closed; }
    std::size_t size() const noexcept { return core_.stored; }
    bool empty() const noexcept { return core_.stored == 0; }
    bool full() const noexcept { return core_.stored >= core_.capacity; }
    std::size_t capacity() const noexcept { return core_.capacity; }
    queue_statistics statistics() const noexcept { return core_.statistics(); }

    // ---- for the runtime
    queue_core& core() noexcept { return core_; }
    void discard() noexcept {
        core_.close(true);
        store_.clear();
    }

private:
    void store(T& item) {
        store_.push(std::move(item));
        core_.item_stored();
    }
    // False if the put has to wait.
    bool store_or_drop(T& item) {
        if (core_.can_put()) {
            store(item);
            return true;
        }
        switch (core_.policy) {
        case overflow::wait: return false;
        case overflow::fail: throw queue_full();
        case overflow::drop_newest: ++core_.dropped; return true;
        case overflow::drop_oldest:
            if (core_.stored == 0) {
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
        core_.item_taken();
        return item;
    }
    // Capacity 0: takes the item of the oldest putter that waits. True if there was one.
    bool meet_putter() {
        if (core_.capacity != 0 || core_.can_get() || core_.putters.empty()) return false;
        auto& putter = static_cast<put_awaiter&>(core_.putters.front());
        store(putter.item_);
        putter.placed_ = true;
        core_.putters.grant_first(&core_);
        return true;
    }

    queue_core core_;
    Store store_;
};

}  // namespace detail

// First in, first out.
template <class T>
class queue : public detail::basic_queue<T, detail::fifo_store<T>> {
public:
    queue() = delete("a queue needs a capacity: queue<T>(100), or hem::unbounded");
    using detail::basic_queue<T, detail::fifo_store<T>>::basic_queue;
};
// Last in, first out.
template <class T>
class lifo_queue : public detail::basic_queue<T, detail::lifo_store<T>> {
public:
    lifo_queue() = delete("a queue needs a capacity: lifo_queue<T>(100), or hem::unbounded");
    using detail::basic_queue<T, detail::lifo_store<T>>::basic_queue;
};
// The smallest first, first in first out among equals. The item is picked when the getter goes on, so it is the smallest of that moment.
template <class T, class Less = detail::less_than>
class priority_queue : public detail::basic_queue<T, detail::priority_store<T, Less>> {
public:
    priority_queue() = delete("a queue needs a capacity: priority_queue<T>(100), or hem::unbounded");
    using detail::basic_queue<T, detail::priority_store<T, Less>>::basic_queue;
};

}  // namespace hem
