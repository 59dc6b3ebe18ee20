// Bounds how many borrowers do something at once: one token per task, or per borrower that is named. Unlike a semaphore it knows who holds
// a token, so asking twice and giving back what one does not have are errors, and its size can change while it is in use.
//
//     hem::capacity_limiter connections(20);
//     auto token = co_await connections.acquire();
//     connections.set_total_tokens(40);                 // wakes waiters at once
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class capacity_limiter {
public:
    // Whoever holds a token, by address: a task unless the caller names something else.
    using borrower = const void*;

    // std::invalid_argument for less than one.
    explicit capacity_limiter(std::ptrdiff_t total_tokens, std::string name = {});
    capacity_limiter(const capacity_limiter&) = delete;
    capacity_limiter& operator=(const capacity_limiter&) = delete;

    // Gives the borrower's token back.
    class [[nodiscard("released at once: keep the guard in a variable")]] guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)), who_(other.who_) {}
        guard& operator=(guard&& other) noexcept {
            if (this != &other) {
                release();
                limiter_ = std::exchange(other.limiter_, nullptr);
                who_ = other.who_;
            }
            return *this;
        }
        ~guard() { release(); }
        void release() noexcept {
            if (limiter_) std::exchange(limiter_, nullptr)->give_back(who_);
        }
        bool owns() const noexcept { return limiter_ != nullptr; }
        // Keeps the token beyond the guard: it is given back by capacity_limiter::release.
        void disown() noexcept { limiter_ = nullptr; }

    private:
        friend class capacity_limiter;
        guard(capacity_limiter& from, borrower who) noexcept : limiter_(&from), who_(who) {}
        capacity_limiter* limiter_ = nullptr;
        borrower who_ = nullptr;
    };

    class [[nodiscard("not awaited: write co_await")]] acquire_awaiter : public detail::wait_node {
    public:
        acquire_awaiter(capacity_limiter& target, borrower who) noexcept : wait_node(ops), target_(target), who_(who) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        guard await_resume();

    private:
        friend class capacity_limiter;
        static bool abort(detail::wait_node& node) noexcept;
        static bool revoke(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        capacity_limiter& target_;
        borrower who_;
    };
    // Waits for a token for the current task. A cancel point; cancelled, it took none. usage_error if the borrower has one or waits for
    // one.
    acquire_awaiter acquire() noexcept { return {*this, nullptr}; }
    acquire_awaiter acquire_on_behalf_of(borrower who) noexcept { return {*this, who}; }
    // An empty guard if there is no token or somebody waits.
    guard try_acquire();
    guard try_acquire_on_behalf_of(borrower who);
    // Without the guard; usage_error if the borrower has no token.
    void release();
    void release_on_behalf_of(borrower who);

    std::size_t total_tokens() const noexcept { return total_; }
    std::size_t borrowed_tokens() const noexcept { return borrowers_.size(); }
    std::size_t available_tokens() const noexcept { return total_ > borrowers_.size() ? total_ - borrowers_.size() : 0; }
    // More tokens wake waiters at once; fewer take effect as tokens come back. std::invalid_argument for less than one.
    void set_total_tokens(std::ptrdiff_t total);

    struct statistics_type : wait_statistics {
        std::size_t total = 0;
        std::size_t borrowed = 0;
        std::size_t peak_borrowed = 0;
    };
    statistics_type statistics() const noexcept;

private:
    std::vector<borrower>::iterator place_of(borrower who) noexcept;
    bool has(borrower who) noexcept;
    void check_new(borrower who);
    void make_room();
    void lend(borrower who) noexcept;
    void give_back(borrower who) noexcept;
    void serve() noexcept;

    std::size_t total_;
    std::size_t peak_borrowed_ = 0;
    std::size_t unresumed_ = 0;        // granted waiters that have not resumed
    std::vector<borrower> borrowers_;  // sorted; room for everybody who waits, too, so that a grant allocates nothing
    detail::parking_lot waiters_;
    detail::loop_owner owner_;
    std::string name_;
};

}  // namespace hem
