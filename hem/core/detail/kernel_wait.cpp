// What a loop does when nothing is ready: it spins, sleeps in the reactor, lets virtual time jump, or sees that nothing can ever come.
#include <algorithm>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/pool_core.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

// The answer of a worker that had little to do comes within a microsecond or two, sooner than a sleeping loop would be up again. Tried as
// long as it pays, then now and then.
bool kernel::spin_for_answer() noexcept {
    if (outside_work == 0 || !has_spare_cpu()) return false;
    if (spin_credit == 0 && ++spins_skipped % 32 != 0) return false;
    for (int i = 0; i < spin_rounds; ++i) {
        if (!remote->empty()) {
            spin_credit = 4;
            return true;
        }
        pause_cpu();
    }
    if (spin_credit > 0) --spin_credit;
    return false;
}

int kernel::sleep_in_poll(duration timeout) {
    if (timeout <= duration::zero()) return io.poll(*this, duration::zero());
    if (!remote->prepare_sleep()) return 1;
    ++wakeups;
    polling.store(true, std::memory_order_relaxed);
    const int events = io.poll(*this, timeout);
    polling.store(false, std::memory_order_relaxed);
    remote->end_sleep();
    return events;
}

void kernel::wait_on_virtual_time() {
    if (outside_work == 0 && remote->empty()) {
        if (!blocked_waiters.empty()) {
            const auto cushion = blocked_waiters.front().cushion;
            if ((io.waiters() != 0 || cushion > duration::zero()) && sleep_in_poll(cushion) != 0) return;
            grant(blocked_waiters.pop_front());
            return;
        }
        const auto next = timers.next();
        const bool may_jump = autojump && freeze_count == 0 && next != time_point::max() && autojump_threshold != duration::max();
        if (io.waiters() == 0 && may_jump && clock_rate == 0 && autojump_threshold == duration::zero()) {
            current_time = std::max(current_time, std::min(next, advice_due()));
            return;
        }
        if (next != time_point::max() && freeze_count == 0 && (clock_rate != 0 || (io.waiters() == 0 && may_jump))) {
            // Real time passes: at the clock's rate, and until it has been still for long enough to jump.
            duration until = duration::max();
            if (clock_rate != 0) {
                const std::chrono::duration<double, std::nano> left =
                    std::chrono::duration<double, std::nano>(next - current_time) / clock_rate;
                until = to_duration(left) + duration(1);
            }
            const bool jumps = io.waiters() == 0 && may_jump && autojump_threshold < until;
            if (sleep_in_poll(jumps ? autojump_threshold : until) == 0 && jumps) current_time = std::max(current_time, next);
            return;
        }
        const bool moves = freeze_count == 0 && (clock_rate != 0 || may_jump);
        if (io.waiters() == 0 && (next == time_point::max() || !moves) && !callback_error && callbacks_pending == 0) {
            callback_error =
                std::make_exception_ptr(deadlock_error(std::string(next == time_point::max() ? "" : "the virtual clock is held, ") +
                                                       "nothing can wake any task any more: " + wait_graph(*this)));
            root().cancel({.kind = cancel_kind::shutdown, .text = "deadlock", .task = {}});
            return;
        }
    }
    if (!spin_for_answer()) sleep_in_poll(duration::max());
}

// Whoever may post from another thread holds the inbox. A task that sleeps for ever waits to be cancelled, by an interrupt or
// the runner: that is no deadlock.
bool kernel::nothing_can_wake() noexcept {
    if (io.waiters() != 0 || io.hooks() != 0 || outside_work != 0 || callbacks_pending != 0 || signal_sources != 0) return false;
    if (remote.use_count() != inbox_holders || tasks.empty()) return false;
    for (task_header& task : tasks) {
        if (task.waiting && task.waiting->ops == sleep_ops()) return false;
    }
    return true;
}

void kernel::wait_for_work() {
    if (virtual_clock) return wait_on_virtual_time();
    if (!blocked_waiters.empty() && outside_work == 0) {
        // At most until the next timer: a task that becomes ready meanwhile shows that not all were blocked.
        const auto next = timers.next();
        read_clock();
        const auto cushion = blocked_waiters.front().cushion;
        if (next == time_point::max() || next - current_time > cushion) {
            if (sleep_in_poll(cushion) == 0) grant(blocked_waiters.pop_front());
            now_known = false;
            return;
        }
    }
    const auto next = std::min(timers.next(), advice_due());
    duration timeout = duration::max();
    if (next != time_point::max()) {
        read_clock();
        timeout = next - current_time;
    } else if (deadlock_seen_at != total_resumes && nothing_can_wake()) {
        deadlock_seen_at = total_resumes;
        send_report({.kind = report_kind::deadlock,
                     .text = "nothing can wake any task any more: " + wait_graph(*this),
                     .task = main_task ? main_task->display_name() : std::string()});
    }
    if (timeout > duration::zero() && spin_for_answer()) timeout = duration::zero();
    sleep_in_poll(timeout);
    read_clock();  // once for the tick; ages of tasks stay true after a long sleep
}

}  // namespace hem::detail
