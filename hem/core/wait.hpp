// Waiting for some of several tasks. `wait` watches handles and owns nothing: it cancels no task and throws for none, and a timeout is no
// error. The tasks go on in the group that they belong to.
//
//     auto [done, pending] = co_await hem::wait(handles, hem::first_completed, {.timeout = 2s});
//     for (auto& handle : pending) handle.cancel();
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/spawned_task.hpp"
#include "hem/core/task_group.hpp"

namespace hem {

// When `wait` returns: at the first end; at the first failure (a cancelled task is none), else at the last end; at the last end.
enum wait_condition : unsigned char { first_completed, first_exception, all_completed };

struct wait_options {
    std::optional<duration> timeout;  // none: as long as it takes
};

template <class T>
struct [[nodiscard("look at done and pending")]] wait_result {
    std::vector<task_handle<T>> done;     // in input order; everything that had ended when the waiter went on
    std::vector<task_handle<T>> pending;  // in input order
};

namespace detail {

// The wait itself, over tasks of any type. `tasks` outlives it.
class [[nodiscard("not awaited: write co_await")]] tasks_wait : public wait_node, private timer {
public:
    // A task that stands twice counts once. std::invalid_argument for no task, usage_error if it is the caller.
    tasks_wait(const std::vector<spawned_base*>& tasks, wait_condition until, const std::optional<duration>& timeout);
    ~tasks_wait();

    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle) noexcept;
    void await_resume() { end_wait(*this); }

private:
    struct watcher : end_watcher {
        watcher(tasks_wait& wait, spawned_base& task) noexcept : end_watcher(on_end), owner(wait), watched(task) {}
        watcher(watcher&& other) noexcept : end_watcher(on_end), owner(other.owner), watched(other.watched) {}  // before it is linked only
        tasks_wait& owner;
        spawned_base& watched;
    };
    void note_end(const spawned_base& task) noexcept;
    bool satisfied() const noexcept;
    void stop_watching() noexcept;
    void wake() noexcept;
    static void on_end(end_watcher& w) noexcept;
    static void on_due(timer& t) noexcept;
    static bool abort(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;

    std::vector<watcher> watchers_;
    std::optional<duration> timeout_;
    std::size_t running_ = 0;
    std::size_t ended_ = 0;
    bool failed_ = false;
    wait_condition until_;
};

template <class Range>
concept handle_range = requires(Range& range) {
    range.end();
    handle_access::task(*range.begin());
};

// Which of these stand for the first time.
std::vector<bool> first_occurrences(const std::vector<spawned_base*>& tasks);

}  // namespace detail

// Waits until `until` holds for the tasks of a range of handles, or the timeout is over. Waiting for oneself is usage_error, an empty range
// std::invalid_argument. A cancel point that leaves the tasks alone.
template <detail::handle_range Range>
auto wait(Range handles, wait_condition until, wait_options options = {})
    -> task<wait_result<typename std::remove_cvref_t<decltype(*handles.begin())>::value_type>> {
    std::vector<detail::spawned_base*> tasks;
    for (const auto& handle : handles) tasks.push_back(&detail::handle_access::task(handle));
    co_await detail::tasks_wait(tasks, until, options.timeout);
    const auto first = detail::first_occurrences(tasks);
    wait_result<typename std::remove_cvref_t<decltype(*handles.begin())>::value_type> result;
    std::size_t at = 0;
    for (const auto& handle : handles) {
        if (first[at++]) (handle.done() ? result.done : result.pending).push_back(handle);
    }
    co_return result;
}
// wait({a, b}, first_completed)
template <class T>
HEM_CORO_WRAPPER auto wait(std::initializer_list<task_handle<T>> handles, wait_condition until, wait_options options = {}) {
    return wait(std::vector<task_handle<T>>(handles), until, options);
}
template <class T>
void wait(task_handle<T>) = delete("await the handle itself: co_await handle");
template <detail::handle_range Range>
void wait(Range) = delete("say what to wait for: wait(handles, first_completed), first_exception or all_completed");

}  // namespace hem
