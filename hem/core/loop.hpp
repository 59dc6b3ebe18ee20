// The event loop of one thread. Programs do not drive it: `run` makes one, tasks run on it, and it ends with the main task. This header is
// for callbacks, timers, other threads and statistics.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/guest_room.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/signal_callback.hpp"
#include "hem/core/errors.hpp"

namespace hem {

struct loop_statistics {
    std::uint64_t ticks = 0;
    std::uint64_t resumes = 0;
    std::uint64_t wakeups = 0;  // returns from a blocking wait
    std::size_t tasks = 0;      // alive
    std::size_t timers = 0;     // armed
    std::size_t io_waiters = 0;
    std::size_t outside_work = 0;  // worker jobs in flight
    std::uint64_t stalls = 0;      // resumes over the watchdog's threshold
    duration longest_stall{};
    duration lag{};  // by how much the timers that were due last were late
    duration longest_lag{};
};

namespace detail {

struct kernel_access;
struct loop_access;

template <class F>
struct post_call final : post_node {
    explicit post_call(F&& given) : f(std::move(given)) {
        run = [](post_node* self) {
            const std::unique_ptr<post_call> owned(static_cast<post_call*>(self));
            owned->f();
        };
        destroy = [](post_node* self) noexcept { delete static_cast<post_call*>(self); };
    }
    F f;
};

// A callback that waits for a time, then in the queue of posts. Counted, because its handle and the loop may outlive each other; all on
// one thread.
class timed_call : public timer, public post_node {
public:
    explicit timed_call(kernel& loop) noexcept;
    void begin(time_point deadline) noexcept;
    void cancel() noexcept;
    // It waits no more: cancelled, called, or never to be called.
    void let_go() noexcept {
        destroy_function();
        drop();
    }
    void hold() noexcept { ++holders_; }
    void drop() noexcept {
        if (--holders_ == 0) delete this;
    }
    // Recycled like frames.
    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::deallocate(memory, bytes); }

protected:
    virtual ~timed_call() = default;
    virtual void call() = 0;
    virtual void destroy_function() noexcept = 0;

private:
    static void on_due(timer& t) noexcept;
    kernel* loop_;
    std::uint32_t holders_ = 1;  // the loop, until let_go, and the handles
    bool cancelled_ = false;
};

template <class F>
class timed_call_of final : public timed_call {
public:
    timed_call_of(kernel& loop, F&& given) : timed_call(loop), f_(std::move(given)) {}

private:
    void call() override { (*f_)(); }
    void destroy_function() noexcept override { f_.reset(); }
    std::optional<F> f_;
};

}  // namespace detail

// Cancels a callback that has not run yet. Dropping the handle does not.
class timer_handle {
public:
    timer_handle() noexcept = default;
    timer_handle(const timer_handle& other) noexcept : call_(other.call_) {
        if (call_) call_->hold();
    }
    timer_handle(timer_handle&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    timer_handle& operator=(timer_handle other) noexcept {
        std::swap(call_, other.call_);
        return *this;
    }
    ~timer_handle() {
        if (call_) call_->drop();
    }
    void cancel() noexcept {
        if (call_) call_->cancel();
    }

private:
    friend class loop;
    explicit timer_handle(detail::timed_call& call) noexcept : call_(&call) { call.hold(); }
    detail::timed_call* call_ = nullptr;
};

class loop;

// A loop as other threads may hold it: posting to one that has ended fails instead of crashing.
class loop_handle {
public:
    loop_handle(const loop& running) noexcept;  // NOLINT(google-explicit-constructor)

    // Runs `f()` on the loop's thread in one of its next ticks; false if the loop has ended. Thread-safe, never blocks, allocates one node.
    template <std::invocable F>
    bool call_soon_threadsafe(F f) const {
        auto node = std::make_unique<detail::post_call<F>>(std::move(f));
        if (!inbox_->push(node.get())) return false;
        node.release();
        return true;
    }

    // For calls across threads.
    const std::shared_ptr<detail::inbox>& inbox() const noexcept { return inbox_; }

private:
    friend class loop;
    explicit loop_handle(std::shared_ptr<detail::inbox> inbox) noexcept : inbox_(std::move(inbox)) {}
    std::shared_ptr<detail::inbox> inbox_;
};

class loop {
public:
    // The loop that runs on this thread; usage_error outside of one.
    static loop& current();

    // Which of the process's loops it is: the lowest number that no other living loop has.
    std::uint32_t id() const noexcept { return kernel_.id.value(); }
    // The time of the current tick.
    time_point now() noexcept { return kernel_.now(); }
    // The generator that all jitter and shuffling uses; seeded by the run's options.
    random_generator& random() noexcept { return kernel_.random; }

    // Runs `f()` in a later tick, in the order of posting. A callback that throws cancels the main task; `run` throws internal_error.
    template <std::invocable F>
    void call_soon(F f) {
        kernel_.post(new detail::post_call<F>(std::move(f)));
    }
    template <std::invocable F>
    timer_handle call_at(time_point t, F f) {
        auto* call = new detail::timed_call_of<F>(kernel_, std::move(f));
        call->begin(t);
        return timer_handle(*call);
    }
    template <class Rep, class Period, std::invocable F>
    timer_handle call_later(std::chrono::duration<Rep, Period> d, F f) {
        return call_at(detail::saturating_add(now(), detail::to_duration(d)), std::move(f));
    }

    // From any thread while the loop runs; use handle() where that is not certain. Throws run_finished if it has ended.
    template <std::invocable F>
    void call_soon_threadsafe(F f) {
        if (!handle().call_soon_threadsafe(std::move(f))) throw run_finished("the loop has ended");
    }
    loop_handle handle() const noexcept { return loop_handle(kernel_.remote); }

    // Calls the plain function `f()` on the loop whenever the signal has come; several that came together are one. One function per number:
    // another replaces it. It ends with the run, or by remove_signal_handler, which says whether there was one. Only on the main thread's
    // loop (usage_error); std::invalid_argument for a number that cannot be handled. An error of `f` ends the run like any callback's.
    template <class F>
    void add_signal_handler(int number, F f) {
        static_assert(std::is_invocable_v<F&>, "a signal handler is called without arguments");
        static_assert(!detail::is_task<std::invoke_result_t<F&>>,
                      "a signal handler is a plain function, called between tasks: to await something use signals() in a task of its own");
        add_signal_callback(std::make_shared<detail::signal_callback_of<F>>(number, std::move(f)));
    }
    bool remove_signal_handler(int number);

    loop_statistics statistics() const noexcept;
    // Tasks, scopes and counters as a JSON object, for tools. On the loop's thread; see all_tasks for another one.
    std::string snapshot();
    // How long resumes took: one tick in 64 is timed, all of them while measure(true). Bucket i counts 2^i microseconds and more.
    const detail::resume_histogram& resume_times() const noexcept { return kernel_.resume_times; }
    // Times every resume, so that the busy time of tasks is exact; otherwise it is estimated from samples. Costs two clock reads per
    // resume.
    void measure(bool every_resume) noexcept;

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

private:
    friend class runner;
    friend struct detail::kernel_access;
    friend struct detail::loop_access;
    explicit loop(const detail::kernel_options& options);
    ~loop();
    void report_what_is_left() const;
    void add_signal_callback(std::shared_ptr<detail::signal_callback> callback);
    detail::kernel kernel_;
    detail::guest_room guests_;
    std::vector<std::shared_ptr<detail::signal_callback>> signal_callbacks_;
};

inline loop_handle::loop_handle(const loop& running) noexcept : loop_handle(running.handle()) {}

}  // namespace hem
