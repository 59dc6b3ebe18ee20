// What race, any and staggered_race stand on: candidates that run side by side until one wins. The first end that the rule accepts cancels
// the others; the contest is over when everybody who started has ended.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hem/core/detail/joined_child.hpp"
#include "hem/core/detail/timer.hpp"

namespace hem::detail {

enum class contest_rule : std::uint8_t {
    first_end,    // a value or an error wins
    first_value,  // errors lose
};

[[noreturn]] void throw_no_candidates(const char* what);

class contest final : private child_listener, private timer {
public:
    // `what` names the combinator in reports and errors.
    contest(contest_rule rule, const char* what) noexcept;
    contest(const contest&) = delete;
    contest& operator=(const contest&) = delete;
    ~contest();

    // In order; the candidate must stay where it is until the contest is over.
    void add(watched_node& candidate) noexcept;
    // Enters the contest's scope and starts every candidate.
    void start_all();
    // Enters the scope and starts the first; each next one `delay` after the one before it, or at once when one fails.
    void start_staggered(duration delay);

    // Waits until everybody who started has ended. No cancel point: a cancellation reaches the candidates, and their ends decide.
    class over_awaiter;
    over_awaiter over() noexcept;

    // After that: leaves the scope and gives the winner's index. Throws a winning error; without a winner the errors of all as an
    // exception_group, or `cancelled` if that ended them. Errors of losers are reported, unless the caller hands them on.
    std::size_t conclude(bool hands_on_errors = false);

private:
    void child_ended(watched_node& child) noexcept override;
    void open();
    void start_next() noexcept;
    bool may_start() const noexcept { return !winner_ && !group_.scope.cancelled() && !waiting_.empty(); }
    static void on_due(timer& t) noexcept;

    group_core group_;
    watched_list waiting_;  // not started yet
    watched_list failed_;   // in order of arrival
    watched_node* winner_ = nullptr;
    wait_node* waiter_ = nullptr;
    task_header* owner_ = nullptr;
    const char* what_;
    duration delay_{};
    std::size_t count_ = 0;
    contest_rule rule_;
    bool staggered_ = false;
};

class contest::over_awaiter : public wait_node {
public:
    explicit over_awaiter(contest& target) noexcept : wait_node(ops), target_(target) {}
    bool await_ready() const noexcept { return target_.group_.live() == 0; }
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() const noexcept {}

private:
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    contest& target_;
};

inline contest::over_awaiter contest::over() noexcept { return over_awaiter(*this); }

}  // namespace hem::detail
