// A mutual exclusion lock for tasks: strictly first come, first served, handed over without a gap. The guard releases it.
//
//     auto guard = co_await lock.acquire();
#pragma once

#include <string>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class lock {
public:
    explicit lock(std::string name = {}) : name_(std::move(name)) {}
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;

    class [[nodiscard("released at once: keep the guard in a variable")]] guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
        guard& operator=(guard&& other) noexcept {
            if (this != &other) {
                release();
                lock_ = std::exchange(other.lock_, nullptr);
            }
            return *this;
        }
        ~guard() { release(); }
        void release() noexcept {
            if (lock_) std::exchange(lock_, nullptr)->hand_over();
        }
        bool owns() const noexcept { return lock_ != nullptr; }

    private:
        friend class lock;
        explicit guard(lock& held) noexcept : lock_(&held) {}
        lock* lock_ = nullptr;
    };

    class [[nodiscard("not awaited: write co_await")]] acquire_awaiter : public detail::wait_node {
    public:
        explicit acquire_awaiter(lock& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        guard await_resume() {
            end_wait(*this);
            return guard(target_);
        }

    private:
        static bool abort(detail::wait_node& node) noexcept {
            static_cast<acquire_awaiter&>(node).target_.waiters_.remove(node);
            return true;
        }
        static bool revoke(detail::wait_node& node) noexcept {
            static_cast<acquire_awaiter&>(node).target_.hand_over();
            return true;
        }
        static const detail::wait_ops ops;
        lock& target_;
    };
    // Waits for the lock; gives a guard. A cancel point; cancelled, it took nothing. A second acquire by the owner is usage_error.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }
    // An empty guard if somebody holds the lock or waits for it.
    guard try_acquire();
    // Without the guard, by the owner; usage_error otherwise.
    void release();
    bool locked() const noexcept { return owner_ != 0; }

    struct statistics_type {
        std::size_t waiters;
        std::uint64_t owner;  // task id, 0 if free
    };
    statistics_type statistics() const noexcept { return {waiters_.size(), owner_}; }

private:
    void hand_over() noexcept;
    detail::parking_lot waiters_;
    detail::loop_owner loop_;
    std::uint64_t owner_ = 0;  // id of the task
    std::string name_;
};

}  // namespace hem
