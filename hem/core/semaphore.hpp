// Permits with first-come-first-served hand-over. A semaphore bounds concurrency; it is no rate limit (resilience has one).
//
//     hem::semaphore permits(10);
//     auto permit = co_await permits.acquire();    // given back by the guard
//
// bounded_semaphore refuses to be released above its start value: use it where every release belongs to an acquire.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class semaphore {
public:
    // Starts with `permits`, which may be 0. std::invalid_argument for less.
    explicit semaphore(std::ptrdiff_t permits, std::string name = {});
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
            if (target_.permits_ != 0 && target_.unresumed_ == 0 && may_complete_at_once(target_.owner_)) [[likely]] {
                state = status::idle;
                --target_.permits_;
                return true;
            }
            return ready_slowly();
        }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        guard await_resume() {
            end_wait(*this);
            if (state == status::granted) --target_.unresumed_;
            return guard(target_);
        }

    private:
        bool ready_slowly();
        static bool abort(detail::wait_node& node) noexcept {
            static_cast<acquire_awaiter&>(node).target_.waiters_.remove(node);
            return true;
        }
        static bool revoke(detail::wait_node& node) noexcept {
            semaphore& from = static_cast<acquire_awaiter&>(node).target_;
            --from.unresumed_;
            from.give_back();
            return true;
        }
        static detail::wait_target target(const detail::wait_node& node) noexcept {
            const semaphore& waited_for = static_cast<const acquire_awaiter&>(node).target_;
            return {.name = waited_for.name_, .object = &waited_for};
        }
        static constexpr detail::wait_ops ops{"semaphore", abort, revoke, target};
        semaphore& target_;
    };
    // Waits for a permit; gives a guard. A cancel point; cancelled, it took nothing.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }
    // An empty guard if there is no permit or somebody waits.
    guard try_acquire() {
        owner_.touch("semaphore", name_);
        return take() ? guard(*this) : guard();
    }
    // Adds permits: one wakes one waiter. May be called by any task of the loop. A bounded semaphore refuses, with usage_error and without
    // effect, to go above its start value. std::invalid_argument for a negative number.
    void release(std::ptrdiff_t permits = 1);
    std::size_t available() const noexcept { return permits_; }
    bool locked() const noexcept { return permits_ == 0; }

    struct statistics_type : wait_statistics {
        std::size_t available = 0;
    };
    statistics_type statistics() const noexcept { return {waiters_.statistics(), permits_}; }

protected:
    static constexpr std::size_t no_bound = static_cast<std::size_t>(-1);
    semaphore(std::ptrdiff_t permits, std::size_t bound, std::string name);

private:
    bool take() noexcept {
        if (permits_ == 0) return false;
        --permits_;
        return true;
    }
    void give_back() noexcept {
        if (!waiters_.empty()) {
            ++unresumed_;
            waiters_.grant_first(this);
        } else if (permits_ != bound_) [[likely]] {
            ++permits_;
        } else {
            report_surplus();
        }
    }
    void report_surplus() noexcept;

    std::size_t permits_;
    std::size_t unresumed_ = 0;  // granted waiters that have not resumed
    const std::size_t bound_;
    detail::parking_lot waiters_;
    detail::loop_owner owner_;
    std::string name_;
};

// A semaphore whose permits can never be more than it began with.
class bounded_semaphore : public semaphore {
public:
    explicit bounded_semaphore(std::ptrdiff_t permits, std::string name = {})
        : semaphore(permits, static_cast<std::size_t>(permits), std::move(name)) {}
};

}  // namespace hem
