// A meeting point for n tasks: all wait until the n-th has come, then all go on, each with an index of its own. It can be used again and
// again.
//
//     hem::barrier round(3);
//     if (co_await round.wait() == 0) collect_results();       // one of the three does this
//
// A waiter that leaves by cancellation or timeout does not break the barrier; reset() and abort() do, for those they name.
#pragma once

#include <cstddef>
#include <string>

#include "hem/core/detail/parking_lot.hpp"

namespace hem {

class barrier {
public:
    // std::invalid_argument for less than one.
    explicit barrier(std::ptrdiff_t parties, std::string name = {});
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    class [[nodiscard("not awaited: write co_await")]] wait_awaiter : public detail::wait_node {
    public:
        explicit wait_awaiter(barrier& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        std::size_t await_resume();

    private:
        friend class barrier;
        enum class place : unsigned char { round, held_back, passed, broken };
        static bool abort(detail::wait_node& node) noexcept;
        static bool revoke(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        barrier& target_;
        std::size_t index_ = 0;
        place place_ = place::round;
    };
    // Waits for the others; gives 0 ... n-1 in the order of arrival, each once. Who comes while a round that is complete has not drained
    // waits for the next one. A cancel point; cancelled, it was not counted. Throws broken_barrier.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

    // Gives broken_barrier to the tasks of the current round, those that passed and have not resumed included, not to those held back for
    // the next round. The barrier is usable afterwards, also if it was broken. Not a checkpoint.
    void reset();
    // Breaks the barrier for everybody who waits and everybody who comes, until reset(). Not a checkpoint.
    void abort();
    bool broken() const noexcept { return broken_; }
    // Tasks in the round that is being filled.
    std::size_t n_waiting() const noexcept { return round_.size(); }
    std::size_t parties() const noexcept { return parties_; }

    struct statistics_type : wait_statistics {
        std::size_t held_back = 0;  // of the waiters: came while a complete round was leaving
        std::uint64_t rounds = 0;   // that were completed
    };
    statistics_type statistics() const noexcept;

private:
    void pass_round() noexcept;
    void admit() noexcept;
    void break_lot(detail::parking_lot& lot) noexcept;
    void break_passed() noexcept;

    std::size_t parties_;
    detail::parking_lot round_;
    detail::parking_lot held_back_;
    detail::wait_list passed_;  // granted, not yet resumed
    detail::loop_owner owner_;
    std::uint64_t rounds_ = 0;
    std::string name_;
    bool broken_ = false;
};

}  // namespace hem
