// Permits with first-come-first-served hand-over. A semaphore bounds concurrency; it is no rate limit (resilience has one).
#pragma once

#include <cstddef>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class semaphore {
public:
    // Starts with `permits`, which may be 0.
    explicit semaphore(std::size_t permits) noexcept : permits_(permits) {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    class [[nodiscard("released at once: keep the guard in a variable")]] guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
        guard& operator=(guard&& other) noexcept {
            if (this != &other) {
                release();
                semaphore_ = std::exchange(other.semaphore_, nullptr);
            }
            return *this;
        }
        ~guard() { release(); }
        void release() noexcept {
            if (semaphore_) std::exchange(semaphore_, nullptr)->give_back();
        }
        bool owns() const noexcept { return semaphore_ != nullptr; }
        // Keeps the permit beyond the guard: it is given back by semaphore::release().
        void disown() noexcept { semaphore_ = nullptr; }

    private:
        friend class semaphore;
        explicit guard(semaphore& held) noexcept : semaphore_(&held) {}
        semaphore* semaphore_ = nullptr;
    };

    class [[nodiscard("not awaited: write co_await")]] acquire_awaiter : public detail::wait_node {
    public:
        explicit acquire_awaiter(semaphore& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready() {
            target_.loop_.check("the semaphore");
            return begin_wait(*this) || (target_.take() && complete_now(*this));
        }
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
            static_cast<acquire_awaiter&>(node).target_.give_back();
            return true;
        }
        static constexpr detail::wait_ops ops{"semaphore", abort, revoke};
        semaphore& target_;
    };
    // Waits for a permit; gives a guard. A cancel point; cancelled, it took nothing.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }
    // An empty guard if there is no permit or somebody waits.
    guard try_acquire() { return take() ? guard(*this) : guard(); }
    // Adds permits: one wakes one waiter. May be called by anybody on the loop.
    void release(std::size_t permits = 1) noexcept {
        while (permits-- > 0) give_back();
    }
    std::size_t available() const noexcept { return permits_; }
    bool locked() const noexcept { return permits_ == 0; }

    struct statistics_type {
        std::size_t available;
        std::size_t waiters;
    };
    statistics_type statistics() const noexcept { return {permits_, waiters_.size()}; }

private:
    bool take() noexcept {
        if (permits_ == 0) return false;
        --permits_;
        return true;
    }
    void give_back() noexcept {
        if (waiters_.empty()) {
            ++permits_;
        } else {
            waiters_.grant_first(this);
        }
    }
    std::size_t permits_;
    detail::parking_lot waiters_;
    detail::loop_owner loop_;
};

}  // namespace hem
