// `run` makes a loop on this thread, runs a coroutine function as its main task, and gives the function's value or throws its error.
//
//     int main() { return hem::run(serve, 8080); }      // task<int> serve(int port)
//
// When it returns no task is left, posted callbacks have run, the signal handlers are restored and the loop's workers have ended. SIGINT on
// the main thread cancels the main task (first), ends every grace time (second), and gets its default action (third); `run` then throws
// `interrupted`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hem/core/detail/spawned_task.hpp"
#include "hem/core/instrument.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/stall_watchdog.hpp"
#include "hem/core/task.hpp"

namespace hem {

enum class clock_kind {
    real,
    virtual_time,  // stands still while anything can run, then jumps to the next timer
};

enum class reactor_kind {
    automatic,  // what HEM_REACTOR says, epoll without it
    epoll,
    io_uring,  // needs Linux 5.19; many container hosts forbid it
};

namespace detail {
extern const bool checks_by_default;
}

struct run_options {
    std::string name = "main";  // of the main task
    clock_kind clock = clock_kind::real;
    std::uint64_t seed = 0;    // of loop::random(); 0: taken from the system under the real clock, 0 under the virtual one
    bool shuffle = false;      // permute the ready tasks of each tick, seeded: for tests
    std::size_t workers = 40;  // threads of the loop's own worker pool, at most
    duration default_grace = std::chrono::seconds(5);     // of shields and cleanup
    duration shutdown_timeout = std::chrono::seconds(5);  // for worker pools to end; one that takes longer is reported with its stacks
    bool handle_interrupt = true;
    reactor_kind reactor = reactor_kind::automatic;
    stall_watchdog watchdog{};                // under the real clock
    bool checks = detail::checks_by_default;  // look for waits that wait for each other, at every suspension; on in debug builds and tests
    const hem::instrument* instrument = nullptr;  // callbacks at every spawn, resume, suspension and end; must outlive the run
};

namespace detail {
template <class F, class... Args>
concept runs_as_main =
    requires(F& f, Args&&... args) { f(static_cast<Args&&>(args)...); } && is_task<decltype(std::declval<F&>()(std::declval<Args&&>()...))>;
}  // namespace detail

// The pieces of `run`: one loop and one base context for several runs.
class runner {
public:
    // Throws std::system_error if the kernel has no such reactor, std::invalid_argument if HEM_REACTOR names none.
    explicit runner(run_options options = {});
    ~runner();
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;

    // Runs `f(args...)` to its end. usage_error inside a running loop or after close().
    template <class F, class... Args>
        requires(!detail::is_task<std::decay_t<F>>)
    auto run(F&& f, Args&&... args) {
        static_assert(detail::runs_as_main<std::decay_t<F>, std::decay_t<Args>...>,
                      "run takes a coroutine function and its arguments, or a task: hem::run(serve, 8080) with task<int> serve(int)");
        using call = detail::spawned_call<std::decay_t<F>, std::decay_t<Args>...>;
        check_may_run();
        detail::counted<call> main(*new call(std::forward<F>(f), std::forward<Args>(args)...));
        run_main(*main);
        return std::move(main->result).value();
    }

    // Cancels the main task of the run that is under way, of the next one if none is. From any thread. The run then throws task_cancelled,
    // unless main ended by itself. Without effect after close().
    void cancel(std::string reason = {});
    // Ends the loop: joins its workers, reports what is left. May be repeated.
    void close();
    loop& get_loop() noexcept { return *loop_; }

private:
    void check_may_run() const;
    void run_main(detail::spawned_base& main);
    struct loop_deleter {
        void operator()(loop* l) const noexcept { delete l; }
    };
    run_options options_;
    static loop* make_loop(const run_options& options);
    std::unique_ptr<loop, loop_deleter> loop_;
    loop_handle handle_;
    detail::context_pointer base_context_;
};

template <class F, class... Args>
    requires(!std::is_convertible_v<F, run_options>)
auto run(F&& f, Args&&... args) {
    return runner().run(std::forward<F>(f), std::forward<Args>(args)...);
}
template <class F, class... Args>
auto run(run_options options, F&& f, Args&&... args) {
    return runner(std::move(options)).run(std::forward<F>(f), std::forward<Args>(args)...);
}
template <class T>
T run(task<T> main) {
    return runner().run([](task<T> body) -> task<T> { co_return co_await std::move(body); }, std::move(main));
}
template <class T>
T run(run_options options, task<T> main) {
    return runner(std::move(options)).run([](task<T> body) -> task<T> { co_return co_await std::move(body); }, std::move(main));
}

}  // namespace hem
