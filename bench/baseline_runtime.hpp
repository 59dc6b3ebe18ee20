// The floor under runtime_bench: the least that a single-threaded coroutine runtime can do for the same work. Recycled frames, a ring of
// ready coroutines, intrusive waiters, a 4-ary timer heap. No cancellation, no errors, no names, no scopes.
#pragma once

#include <time.h>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

namespace hem::bench::floor {

// Freed frames by size class of 32 bytes.
class frame_list {
public:
    static void* allocate(std::size_t bytes) {
        std::size_t size_class = (bytes + 31) / 32;
        if (size_class < 64 && heads[size_class]) return std::exchange(heads[size_class], heads[size_class]->next);
        return std::malloc(size_class * 32);
    }
    static void deallocate(void* memory, std::size_t bytes) {
        std::size_t size_class = (bytes + 31) / 32;
        if (size_class >= 64) return std::free(memory);
        auto* block = static_cast<node*>(memory);
        block->next = heads[size_class];
        heads[size_class] = block;
    }

private:
    struct node {
        node* next;
    };
    static inline thread_local node* heads[64] = {};
};

class ready_ring {
public:
    void push(std::coroutine_handle<> handle) { slots_[tail_++ & (slots_.size() - 1)] = handle; }
    std::coroutine_handle<> pop() { return slots_[head_++ & (slots_.size() - 1)]; }
    bool empty() const { return head_ == tail_; }

private:
    std::vector<std::coroutine_handle<>> slots_ = std::vector<std::coroutine_handle<>>(1 << 20);
    std::size_t head_ = 0, tail_ = 0;
};
inline thread_local ready_ring ready;

struct recycled {
    static void* operator new(std::size_t bytes) { return frame_list::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) { frame_list::deallocate(memory, bytes); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    void unhandled_exception() const { std::terminate(); }
};

struct task_promise_base : recycled {
    std::coroutine_handle<> awaiting;
    struct to_awaiting {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
            return handle.promise().awaiting;
        }
        void await_resume() const noexcept {}
    };
    to_awaiting final_suspend() const noexcept { return {}; }
};

template <class T>
struct task_promise : task_promise_base {
    T value;
    void return_value(T result) { value = result; }
    T take() const { return value; }
    auto get_return_object();
};
template <>
struct task_promise<void> : task_promise_base {
    void return_void() const {}
    void take() const {}
    auto get_return_object();
};

template <class T = void>
struct task {
    using promise_type = task_promise<T>;
    explicit task(std::coroutine_handle<promise_type> coroutine) : handle(coroutine) {}
    task(task&& other) noexcept : handle(std::exchange(other.handle, {})) {}
    ~task() {
        if (handle) handle.destroy();
    }
    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const {
        handle.promise().awaiting = awaiting;
        return handle;
    }
    T await_resume() const { return handle.promise().take(); }

    std::coroutine_handle<promise_type> handle;
};
template <class T>
auto task_promise<T>::get_return_object() {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline auto task_promise<void>::get_return_object() { return task<void>(std::coroutine_handle<task_promise>::from_promise(*this)); }

inline void run(task<void> main) {
    main.handle.promise().awaiting = std::noop_coroutine();
    ready.push(main.handle);
    while (!ready.empty()) ready.pop().resume();
}

struct yield {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) const { ready.push(handle); }
    void await_resume() const {}
};

// Counts its jobs; awaiting it waits for the last.
struct group {
    long left = 1;
    std::coroutine_handle<> waiter;
    void done() {
        if (--left == 0) ready.push(waiter);
    }
    bool await_ready() { return --left == 0; }
    void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
    void await_resume() const {}
};

// A spawned coroutine: destroys itself and tells its group.
struct job {
    struct promise_type : recycled {
        group* owner = nullptr;
        struct finish {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> handle) const noexcept {
                group* owner = handle.promise().owner;
                handle.destroy();
                owner->done();
            }
            void await_resume() const noexcept {}
        };
        job get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        finish final_suspend() const noexcept { return {}; }
        void return_void() const {}
    };
    std::coroutine_handle<promise_type> handle;
};

inline void spawn(group& owner, job work) {
    ++owner.left;
    work.handle.promise().owner = &owner;
    ready.push(work.handle);
}

// For one producer and one consumer.
struct queue {
    static constexpr unsigned capacity = 100;
    int items[128];
    unsigned head = 0, tail = 0;
    std::coroutine_handle<> producer, consumer;

    struct put_awaiter {
        queue& self;
        int item;
        bool await_ready() const { return self.tail - self.head < capacity; }
        void await_suspend(std::coroutine_handle<> handle) const { self.producer = handle; }
        void await_resume() const {
            self.items[self.tail++ & 127] = item;
            if (self.consumer) ready.push(std::exchange(self.consumer, {}));
        }
    };
    struct get_awaiter {
        queue& self;
        bool await_ready() const { return self.tail != self.head; }
        void await_suspend(std::coroutine_handle<> handle) const { self.consumer = handle; }
        int await_resume() const {
            int item = self.items[self.head++ & 127];
            if (self.producer) ready.push(std::exchange(self.producer, {}));
            return item;
        }
    };
    put_awaiter put(int item) { return {*this, item}; }
    get_awaiter get() { return {*this}; }
};

class semaphore {
public:
    explicit semaphore(long permits) : permits_(permits) {}

    struct acquire_awaiter {
        semaphore& self;
        std::coroutine_handle<> handle{};
        acquire_awaiter* next = nullptr;
        bool await_ready() const {
            if (self.permits_ == 0) return false;
            --self.permits_;
            return true;
        }
        void await_suspend(std::coroutine_handle<> waiting) {
            handle = waiting;
            (self.last_ ? self.last_->next : self.first_) = this;
            self.last_ = this;
        }
        void await_resume() const {}
    };
    acquire_awaiter acquire() { return {*this}; }
    void release() {
        if (!first_) {
            ++permits_;
            return;
        }
        acquire_awaiter* woken = std::exchange(first_, first_->next);
        if (!first_) last_ = nullptr;
        ready.push(woken->handle);
    }

private:
    long permits_;
    acquire_awaiter *first_ = nullptr, *last_ = nullptr;
};

inline long now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

struct timer {
    long when = 0;  // nanoseconds
    unsigned index = 0;
};

class timer_heap {
public:
    void add(timer* added) {
        heap_.push_back(added);
        added->index = unsigned(heap_.size() - 1);
        up(added->index);
    }
    bool empty() const { return heap_.empty(); }
    timer* top() const { return heap_.front(); }
    void remove(timer* removed) {
        unsigned index = removed->index;
        timer* last = heap_.back();
        heap_.pop_back();
        if (last == removed) return;
        set(index, last);
        up(index);
        down(last->index);
    }

private:
    void set(unsigned index, timer* moved) {
        heap_[index] = moved;
        moved->index = index;
    }
    void up(unsigned index) {
        timer* moved = heap_[index];
        while (index > 0) {
            unsigned parent = (index - 1) / 4;
            if (heap_[parent]->when <= moved->when) break;
            set(index, heap_[parent]);
            index = parent;
        }
        set(index, moved);
    }
    void down(unsigned index) {
        timer* moved = heap_[index];
        auto size = unsigned(heap_.size());
        for (;;) {
            unsigned first = 4 * index + 1, least = first;
            if (first >= size) break;
            for (unsigned child = first + 1; child < std::min(first + 4, size); ++child) {
                if (heap_[child]->when < heap_[least]->when) least = child;
            }
            if (heap_[least]->when >= moved->when) break;
            set(index, heap_[least]);
            index = least;
        }
        set(index, moved);
    }
    std::vector<timer*> heap_;
};
inline thread_local timer_heap timers;

}  // namespace hem::bench::floor
