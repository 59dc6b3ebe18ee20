// A mutual exclusion lock for tasks: strictly first come, first served, handed over without a gap. The guard releases it. Between two
// awaits a task has the loop's state to itself anyway: a lock is for what must stay whole across an await.
//
//     auto guard = co_await lock.acquire();
//
// It belongs to the task that acquired it. If that task ends without releasing, what the lock protects is in doubt: everybody who waits for
// it or asks for it later gets broken_resource.
#pragma once

#include <string>
#include <utility>

#include "hem/core/detail/held_lock.hpp"
#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class condition;
namespace detail {
struct condition_tag;
}

class lock final : private detail::held_lock {
public:
    explicit lock(std::string name = {}) : name_(std::move(name)) {}

    class [[nodiscard("released at once: keep the guard in a variable")]] guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), holding_(other.holding_) {}
        guard& operator=(guard&& other) noexcept {
            if (this != &other) {
                release();
                lock_ = std::exchange(other.lock_, nullptr);
                holding_ = other.holding_;
            }
            return *this;
        }
        ~guard() { release(); }
        // Does nothing if lock::release() was called before.
        void release() noexcept {
            if (lock_) std::exchange(lock_, nullptr)->end_holding(holding_);
        }
        bool owns() const noexcept { return lock_ != nullptr; }

    private:
        friend class lock;
        explicit guard(lock& held) noexcept : lock_(&held), holding_(held.holding_) {}
        lock* lock_ = nullptr;
        std::uint64_t holding_ = 0;
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
            if (target_.owner() != task) [[unlikely]]
                target_.throw_broken();
            return guard(target_);
        }

    private:
        static bool abort(detail::wait_node& node) noexcept;
        static bool revoke(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        lock& target_;
    };
    // Waits for the lock; gives a guard. A cancel point; cancelled, it took nothing. A second acquire by the owner is usage_error.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }
    // An empty guard if somebody holds the lock or waits for it.
    guard try_acquire();
    // Without the guard, by the owner; usage_error otherwise.
    void release();
    bool locked() const noexcept { return owner() != nullptr; }

    struct statistics_type : wait_statistics {
        std::uint64_t owner = 0;  // task id, 0 if free
    };
    statistics_type statistics() const noexcept;

private:
    friend class condition;
    void take(detail::task_header& task) noexcept {
        set_owner(&task);
        holding_ = ++holdings_;
    }
    void end_holding(std::uint64_t holding) noexcept {
        if (owner() && holding == holding_) hand_over();
    }
    void hand_over() noexcept;
    void abandoned(detail::task_header& owner) noexcept override;
    bool broken() const noexcept { return broken_; }
    [[noreturn]] void throw_broken() const;

    detail::parking_lot waiters_;
    detail::intrusive_list<condition, detail::condition_tag> conditions_;
    detail::loop_owner loop_;
    std::uint64_t holding_ = 0;  // number of the acquisition that holds: a guard releases only its own
    std::uint64_t holdings_ = 0;
    std::string name_;
    std::string broken_by_;
    bool broken_ = false;
};

}  // namespace hem
