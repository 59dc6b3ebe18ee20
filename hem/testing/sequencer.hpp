// Puts steps of different tasks into one order: `co_await seq(n)` goes on when the steps 0 to n-1 have been passed, whichever task they
// are in. What a task does between two of its steps, without an await, happens in that order, whatever the scheduler does.
//
//     hem::testing::sequencer seq;
//     group.create_task([&]() -> hem::task<> { co_await seq(0); a(); co_await seq(2); c(); });
//     group.create_task([&]() -> hem::task<> { co_await seq(1); b(); });
//
// Nothing hangs on a broken order: a step that is taken twice, or whose wait is cancelled, makes every later step throw usage_error.
#pragma once

#include <cstddef>

#include "hem/core/detail/kernel.hpp"

namespace hem::testing {

class sequencer {
public:
    sequencer() noexcept = default;
    sequencer(const sequencer&) = delete;
    sequencer& operator=(const sequencer&) = delete;

    class [[nodiscard("not awaited: write co_await")]] step_awaiter : public hem::detail::wait_node {
    public:
        step_awaiter(sequencer& target, std::size_t step) noexcept : wait_node(ops), target_(target), step_(step) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        void await_resume();

    private:
        friend class sequencer;
        static bool abort(hem::detail::wait_node& node) noexcept;
        static bool revoke(hem::detail::wait_node& node) noexcept;
        static const hem::detail::wait_ops ops;
        sequencer& target_;
        std::size_t step_;
        bool broken_ = false;
    };
    // A cancel point. A wait that is cancelled throws `cancelled` and breaks the order.
    step_awaiter operator()(std::size_t step) noexcept { return step_awaiter(*this, step); }

    // The step that may pass next.
    std::size_t next() const noexcept { return next_; }

private:
    void passed() noexcept;
    void break_from(std::size_t step) noexcept;

    std::size_t next_ = 0;
    bool passing_ = false;  // the step before `next_` was let through and has not resumed
    std::size_t broken_from_ = static_cast<std::size_t>(-1);
    hem::detail::intrusive_list<hem::detail::wait_node, hem::detail::wait_tag> waiters_;
};

}  // namespace hem::testing
