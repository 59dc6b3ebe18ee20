#include "hem/core/task.hpp"

#include "hem/core/detail/exit_chain.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

constinit thread_local std::coroutine_handle<> running_frame;

void root_finished(promise_base&) noexcept {
    kernel& loop = *running.loop;
    loop.just_finished = loop.current;
}

namespace {
void report_never_awaited(const promise_base& promise, const char* what) noexcept {
    // Unwinding destroys tasks that were made and not yet awaited; the error on its way is the cause to look at.
    if (std::uncaught_exceptions() > 0) return;
    send_report_if_possible([&] {
        return report{.kind = report_kind::never_awaited,
                      .text = std::string(what) + " of '" + promise.created.function_name() + "' (" + to_string(promise.created) +
                              ") was destroyed before it ran: write co_await, or pass the function to create_task",
                      .task = running.loop && running.loop->current ? running.loop->current->display_name() : std::string(),
                      .location = promise.created};
    });
}
}  // namespace

void drop_exits(promise_base& promise, const char* what) noexcept {
    if (promise.started()) {
        delete promise.exits;
    } else {
        report_never_awaited(promise, what);
    }
}

void report_unread(const std::exception_ptr& error) noexcept {
    if (std::uncaught_exceptions() > 0) return;  // as above: the error on its way is the cause to look at
    send_report_if_possible([&] {
        const auto task = running.loop && running.loop->current ? running.loop->current->display_name() : std::string();
        return report{.kind = report_kind::suppressed_error,
                      .text = "the error of an outcome" + (task.empty() ? std::string() : " in task '" + task + "'") +
                              " was never read: " + describe(error) + "; call value(), or check has_value()",
                      .task = task};
    });
}

void throw_empty_task() { throw usage_error("this task was moved from or awaited before: a task is awaited once"); }

void throw_task_cancelled() { throw task_cancelled("the task was cancelled before it had a result"); }

}  // namespace hem::detail
