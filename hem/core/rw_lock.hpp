// A lock that many readers or one writer hold. Strictly first come, first served: a reader behind a waiting writer waits, so writers do not
// starve. A task that reads must not ask for the write side as well: it would wait for itself.
//
//     auto reading = co_await table.acquire_shared();
//     auto writing = co_await table.acquire();
//
// A writer that ends without releasing breaks the lock like a `lock`: who waits or comes later gets broken_resource.
#pragma once

#include <string>
#include <utility>

#include "hem/core/detail/held_lock.hpp"
#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class rw_lock final : private detail::held_lock {
public:
    explicit rw_lock(std::string name = {}) : name_(std::move(name)) {}

    // Releases either side.
    class [[nodiscard("released at once: keep the guard in a variable")]] guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), exclusive_(other.exclusive_) {}
        guard& operator=(guard&& other) noexcept {
            if (this != &other) {
                release();
                lock_ = std::exchange(other.lock_, nullptr);
                exclusive_ = other.exclusive_;
            }
            return *this;
        }
        ~guard() { release(); }
        void release() noexcept {
            if (lock_) std::exchange(lock_, nullptr)->give_back(exclusive_);
        }
        bool owns() const noexcept { return lock_ != nullptr; }
        bool exclusive() const noexcept { return exclusive_; }

    private:
        friend class rw_lock;
        guard(rw_lock& held, bool exclusive) noexcept : lock_(&held), exclusive_(exclusive) {}
        rw_lock* lock_ = nullptr;
        bool exclusive_ = false;
    };

    class [[nodiscard("not awaited: write co_await")]] acquire_awaiter : public detail::wait_node {
    public:
        acquire_awaiter(rw_lock& target, bool exclusive) noexcept : wait_node(ops), target_(target), exclusive_(exclusive) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        guard await_resume();

    private:
        friend class rw_lock;
        static bool abort(detail::wait_node& node) noexcept;
        static bool revoke(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        rw_lock& target_;
        bool exclusive_;
        bool taken_ = false;  // what it waits for is counted as held
    };
    // Waits until no writer holds it and none waits before; gives a guard. A cancel point; cancelled, it took nothing. usage_error for the
    // writer.
    acquire_awaiter acquire_shared() noexcept { return {*this, false}; }
    // Waits until nobody holds it. The same otherwise.
    acquire_awaiter acquire() noexcept { return {*this, true}; }
    // An empty guard if it would have to wait.
    guard try_acquire_shared() { return try_take(false); }
    guard try_acquire() { return try_take(true); }

    // True while a writer holds it.
    bool locked() const noexcept { return owner() != nullptr; }
    std::size_t readers() const noexcept { return readers_; }

    struct statistics_type : wait_statistics {
        std::size_t readers = 0;
        std::uint64_t owner = 0;  // task id of the writer, 0 if there is none
    };
    statistics_type statistics() const noexcept;

private:
    bool may_take(bool exclusive) const noexcept { return !owner() && (!exclusive || readers_ == 0); }
    void take(bool exclusive, detail::task_header& task) noexcept;
    guard try_take(bool exclusive);
    void give_back(bool exclusive) noexcept;
    void serve() noexcept;
    void abandoned(detail::task_header& owner) noexcept override;
    [[noreturn]] void throw_broken() const;

    detail::parking_lot waiters_;
    detail::loop_owner loop_;
    std::size_t readers_ = 0;
    std::size_t unresumed_ = 0;  // granted waiters that have not resumed
    std::string name_;
    std::string broken_by_;
    bool broken_ = false;
};

}  // namespace hem
