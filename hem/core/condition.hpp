// Waits for a change of state that a lock protects. `wait` gives the lock up while it waits and always ends with the lock held again, also
// when it is cancelled. `notify` moves waiters to the lock's queue, so they go on one by one when it is released.
//
//     hem::condition stocked;                                      // or condition(lock) over a lock of your own
//     auto guard = co_await stocked.acquire();
//     co_await stocked.wait([&] { return !shelf.empty(); });       // with the predicate true, and the lock held
//     ...
//     shelf.push_back(item); stocked.notify();                     // also with the lock held
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "hem/core/lock.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task.hpp"

namespace hem {

class condition : private detail::list_link<detail::condition_tag> {
public:
    // Over a lock of its own.
    condition() : condition(std::string()) {}
    explicit condition(std::string name);
    // Over a lock that must outlive it.
    explicit condition(lock& over, std::string name = {});
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition();

    // The lock's acquire and lock.
    lock::acquire_awaiter acquire() noexcept { return lock_.acquire(); }
    lock& get_lock() noexcept { return lock_; }

    class [[nodiscard("not awaited: write co_await")]] wait_awaiter : public detail::wait_node {
    public:
        explicit wait_awaiter(condition& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        void await_resume();

    private:
        friend class condition;
        static bool abort(detail::wait_node& node) noexcept;
        static bool revoke(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        void pass_notification_on() noexcept;
        condition& target_;
        std::uint64_t holding_ = 0;  // of the caller's guard, which stays valid
        bool at_lock_ = false;       // waits in the lock's queue
        bool interrupted_ = false;   // `cancelled` leaves once the lock is held
    };
    // Gives the lock up and waits to be notified; holds it again when it ends, with `cancelled`, too. Wake-ups without a reason are
    // allowed: the form with a predicate hides them. A cancel point. usage_error without the lock; broken_resource if the lock breaks
    // meanwhile.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }
    // Returns with predicate() true and the lock held. Throws what the predicate throws.
    template <class Predicate>
    task<> wait(Predicate predicate) {
        check_held("waits for");
        co_await checkpoint_if_cancelled();
        while (!predicate()) co_await wait();
    }

    // Moves the oldest waiters to the lock's queue. Needs the lock: usage_error without it. Not a checkpoint.
    void notify(std::size_t waiters = 1);
    void notify_all() { notify(static_cast<std::size_t>(-1)); }

    // `grants` counts the waiters that were notified, `owner` is that of the lock.
    using statistics_type = lock::statistics_type;
    statistics_type statistics() const noexcept;

private:
    friend class lock;
    friend class detail::intrusive_list<condition, detail::condition_tag>;
    void check_held(const char* what) const;
    void notify_first() noexcept;
    void lock_is_broken() noexcept;

    std::unique_ptr<lock> own_;
    lock& lock_;
    detail::parking_lot waiters_;
    std::string name_;
    std::uint64_t notified_ = 0;
};

}  // namespace hem
