// What as_completed stands on: children of which at most `limit` run, and a line of consumers that take those that have ended, in order of
// their ends.
#pragma once

#include <cstddef>

#include "hem/core/detail/joined_child.hpp"
#include "hem/core/detail/parking_lot.hpp"

namespace hem::detail {

class completion_queue final : private child_listener {
public:
    completion_queue() noexcept : group_(child_errors::isolate) {}
    completion_queue(const completion_queue&) = delete;
    completion_queue& operator=(const completion_queue&) = delete;

    // In order, before open; the child must stay where it is.
    void add(watched_node& child) noexcept;
    // Enters the children's scope and starts the first ones.
    void open(std::size_t limit);
    // Cancels what still runs; then await wait_for_children().
    void call_off() noexcept;
    auto wait_for_children() noexcept { return group_.wait_for_children(); }
    // Leaves the scope. Errors that nobody took are reported; `cancelled` leaves if children were cut from outside and `body_failed` is
    // false.
    void conclude(bool body_failed);

    // Gives the next child that has ended; null after the last one. A cancel point; cancelled, it took nothing.
    class [[nodiscard("not awaited: write co_await")]] take_awaiter : public wait_node {
    public:
        explicit take_awaiter(completion_queue& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle) noexcept {
            if (suspend_wait(*this, handle)) target_.consumers_.park(*this);
        }

    protected:
        // For await_resume.
        watched_node* take();

    private:
        friend class completion_queue;
        static bool abort(wait_node& node) noexcept;
        static bool revoke(wait_node& node) noexcept;
        static const wait_ops ops;
        completion_queue& target_;
        watched_node* granted_ = nullptr;
    };

private:
    void child_ended(watched_node& child) noexcept override;
    void start_next() noexcept;
    void hand_out() noexcept;

    group_core group_;
    watched_list waiting_;  // not started yet
    watched_list ended_;    // not taken yet
    parking_lot consumers_;
    task_header* owner_ = nullptr;
    std::size_t limit_ = 0;
    std::size_t count_ = 0;
    std::size_t untaken_ = 0;
    bool called_off_ = false;
};

}  // namespace hem::detail
