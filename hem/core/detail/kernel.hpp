// The loop's state and its hot paths. One kernel per thread and run; everything but the inbox belongs to that thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/cancel_watch.hpp"
#include "hem/core/detail/outbound_call.hpp"
#include "hem/core/detail/reactor.hpp"
#include "hem/core/detail/scope_state.hpp"
#include "hem/core/detail/task_header.hpp"
#include "hem/core/detail/timer.hpp"
#include "hem/core/random.hpp"

namespace hem {
class loop;
struct instrument;
}  // namespace hem

namespace hem::detail {

class pool_core;
class watchdog;

// A callback that waits in the loop's queue of posts. Made and destroyed by whoever posts it.
struct post_node {
    post_node* next = nullptr;
    void (*run)(post_node*) = nullptr;  // runs and destroys; what it throws ends the run
    void (*destroy)(post_node*) noexcept = nullptr;
};

// Posts from other threads: any thread pushes, the loop takes the whole stack and reverses it. One eventfd write per sleep, not per push:
// `armed_` is set by the loop before it sleeps, and it looks at the stack again after setting it. Shared by the loop and by whoever may
// still post when the loop has ended.
class inbox {
public:
    explicit inbox(std::uint32_t loop);
    ~inbox();
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    // False if the loop has ended: the node stays the caller's. Thread-safe.
    bool push(post_node* node) noexcept;
    // Loop side: everything pushed so far, oldest first.
    post_node* take() noexcept;
    bool empty() const noexcept { return head_.load(std::memory_order_acquire) == nullptr; }
    // Loop side: declares that the loop is about to sleep; false if something came in between.
    bool prepare_sleep() noexcept;
    void end_sleep() noexcept { armed_.store(false, std::memory_order_relaxed); }
    // Loop side: later pushes fail. Returns what was pushed before.
    post_node* close() noexcept;
    int wake_fd() const noexcept { return wake_fd_; }
    // The number of the loop that it belongs to.
    std::uint32_t loop() const noexcept { return loop_; }

private:
    static post_node* closed_mark() noexcept;
    static post_node* reverse(post_node* newest) noexcept;
    std::atomic<post_node*> head_{nullptr};
    std::atomic<bool> armed_{false};
    int wake_fd_;
    std::uint32_t loop_;
};

// The lowest number that no other living loop of the process has: 0 for the only one.
class loop_number {
public:
    loop_number();
    ~loop_number();
    loop_number(const loop_number&) = delete;
    loop_number& operator=(const loop_number&) = delete;
    std::uint32_t value() const noexcept { return value_; }
    // From 1, given once in the life of the process.
    std::uint64_t serial() const noexcept { return serial_; }
    // Thread-safe.
    static bool is_living(std::uint32_t value, std::uint64_t serial) noexcept;

private:
    std::uint32_t value_;
    std::uint64_t serial_;
};

// Who waits until nothing can run, and for how much real time that must have lasted.
struct blocked_wait : wait_node {
    blocked_wait(const wait_ops& operations, duration real) noexcept : wait_node(operations), cushion(real) {}
    duration cushion;
};

struct kernel_options {
    bool virtual_clock = false;
    bool shuffle = false;
    bool autojump = true;
    std::uint64_t seed = 0;
    duration default_grace = std::chrono::seconds(5);
    reactor_choice reactor = reactor_choice::epoll;
    std::size_t workers = 40;
    duration shutdown_timeout = std::chrono::seconds(5);
    bool checks = false;
    const instrument* instrumented = nullptr;
};

// Resumes by their length: bucket i counts those of 2^i microseconds and more (bucket 0: shorter ones, too).
struct resume_histogram {
    static constexpr int buckets = 24;
    std::uint64_t counts[buckets] = {};
    void add(duration d) noexcept;
};

struct kernel {
    static constexpr std::int32_t resume_budget = 128;                     // completions without suspension in one resume
    static constexpr duration resume_time = std::chrono::milliseconds(1);  // of a resume that calls yield_if_due
    static constexpr int poll_interval = 16;                               // ticks with work between two looks at the reactor
    static constexpr std::uint64_t sample_every = 64;                      // ticks between two whose resumes are timed
    // What is done around a resume besides resuming; each is rare or for people who look.
    static constexpr unsigned char look_checks = 1, look_instrument = 2, look_timing = 4, look_sample = 8;

    explicit kernel(const kernel_options& options);
    ~kernel();
    kernel(const kernel&) = delete;
    kernel& operator=(const kernel&) = delete;

    // ---- hot paths
    void make_ready(task_header& task) noexcept {
        task.ready_next = nullptr;
        *ready_tail = &task;
        ready_tail = &task.ready_next;
    }
    // Ends a parked wait with its grant; the task resumes in a later tick.
    void grant(wait_node& node) noexcept {
        node.state = wait_node::status::granted;
        make_ready(*node.task);
    }
    // One completion without suspension; false when the budget is used up and the task should yield.
    bool spend_budget() noexcept { return --budget > 0; }
    time_point now() noexcept {
        if (!now_known) [[unlikely]]
            read_clock();
        return current_time;
    }

    // ---- life of a task
    void adopt(task_header& task, group_core* group, scope_state& scope) noexcept;  // registers, does not queue
    void start_now(task_header& task);                                              // eager start inside the creator's resume
    void interrupt(task_header& task) noexcept;                                     // its scope was cancelled
    bool resume(task_header& task);                                                 // true if it ended; it may be gone then
    void finish(task_header& task);
    void resume_observed(task_header& task);

    // ---- the loop
    void run_until_finished(task_header& main);
    void drain_posts_once();
    void close_inbox() noexcept;  // destroys what was posted and not run; later posts from other threads fail
    void reset_root_scope() noexcept { root_storage.emplace(); }  // between two runs of one runner
    void post(post_node* node) noexcept;
    void jump_to(time_point t) noexcept;        // virtual clock only
    void set_clock_rate(double rate) noexcept;  // virtual clock only
    void add_timer(timer& t, time_point deadline) noexcept { timers.add(t, deadline); }

    void read_clock() noexcept;
    // True if this resume has used its time budget; the time since its first call counts.
    bool resume_is_due() noexcept;
    void tick();
    void wait_for_work();
    bool spin_for_answer() noexcept;
    void wait_on_virtual_time();
    void advance_by_rate() noexcept;
    int sleep_in_poll(duration timeout);  // number of events
    bool nothing_can_wake() noexcept;     // and no other thread: real clock
    void run_posts();
    void run_batch();
    void run_sampled_batch();
    void shuffle_batch(task_header*& head);

    loop_number id;
    task_header* ready_head = nullptr;
    task_header** ready_tail = &ready_head;
    task_header* current = nullptr;
    task_header* just_finished = nullptr;
    std::int32_t budget = resume_budget;
    std::int32_t budget_limit = resume_budget;
    bool now_known = false;
    bool virtual_clock;
    bool autojump;
    bool shuffle;
    std::atomic<bool> polling{false};  // blocked in the reactor: for the watchdog's handler, on the same thread
    unsigned char looking = 0;
    int freeze_count = 0;
    double clock_rate = 0;          // virtual seconds that pass in a real one, while the clock does not jump
    duration autojump_threshold{};  // real time for which nothing may happen before it jumps
    time_point rate_real_base{};    // machine's time up to which the rate was applied
    time_point current_time{};
    std::chrono::sys_time<std::chrono::nanoseconds> system_base{};
    timer_queue timers;
    std::shared_ptr<inbox> remote;
    std::unique_ptr<reactor> io_owner;
    reactor& io;
    std::optional<scope_state> root_storage{std::in_place};
    scope_state& root() noexcept { return *root_storage; }
    intrusive_list<task_header, all_tasks_tag> tasks;
    intrusive_list<timed_scope, shield_tag> graces;          // shields whose grace time runs
    intrusive_list<blocked_wait, wait_tag> blocked_waiters;  // wait_all_tasks_blocked, by cushion then arrival
    post_node* posts_head = nullptr;
    post_node** posts_tail = &posts_head;
    random_generator random;
    random_generator shuffle_random;
    duration default_grace;
    bool graces_over = false;     // the second SIGINT came: cleanup gets no time any more
    std::size_t default_workers;  // threads of the loop's own pool, at most
    duration shutdown_timeout;    // of worker pools
    std::uint64_t next_task_id = 1;
    std::uint64_t ticks = 0;
    std::uint64_t total_resumes = 0;
    std::uint64_t due_resume = 0;  // the resume that last asked whether it is due
    time_point due_since{};
    std::uint64_t wakeups = 0;  // returns from a blocking poll
    std::size_t live_tasks = 0;
    int polls_skipped = 0;
    std::size_t outside_work = 0;       // worker jobs in flight: the virtual clock waits for them
    std::size_t callbacks_pending = 0;  // waits that another thread may end: no deadlock, but the virtual clock goes on
    int spin_credit = 4;                // how promising it is to wait actively for a worker's answer
    unsigned spins_skipped = 0;
    std::size_t signal_sources = 0;      // signals that somebody subscribed to, the runner's own aside
    long inbox_holders = 1;              // of the loop and its runner: any other may post from another thread
    std::uint64_t deadlock_seen_at = 0;  // total_resumes when a deadlock was reported
    cancel_watch cancellations;
    call_watch outbound;
    // When the next of these two has something to say.
    time_point advice_due() const noexcept { return cancellations.due() < outbound.due() ? cancellations.due() : outbound.due(); }
    watchdog* guard = nullptr;
    const instrument* instrumented = nullptr;
    resume_histogram resume_times;
    std::uint64_t stalls = 0;  // seen by the watchdog
    duration longest_stall{};
    duration lag{};  // by how much the last timers that were due were late, and the most so far
    duration longest_lag{};
    std::vector<std::source_location> advised;  // places whose tasks were reported as busy
    struct frame_place {
        std::source_location created;
        std::size_t made;
    };
    std::vector<frame_place> large_frames;  // coroutines whose frames are over promise_base::large, and how many were made
    std::string name;                       // of the run
    std::exception_ptr callback_error;
    task_header* main_task = nullptr;
    std::shared_ptr<pool_core> default_pool;
    void (*after_resume)(kernel&, task_header&, bool ended) = nullptr;  // for test runners; null otherwise
    void* after_resume_data = nullptr;
    loop* owner = nullptr;
};

// What runs on this thread now.
struct running_state {
    kernel* loop = nullptr;
};
extern constinit thread_local running_state running;

// The running loop; throws usage_error outside of one, naming what was called.
kernel& current_kernel();
[[noreturn]] void throw_outside_task();
inline task_header& current_task_header() {
    kernel* loop = running.loop;
    if (!loop || !loop->current) [[unlikely]]
        throw_outside_task();
    return *loop->current;
}

const wait_ops* sleep_ops() noexcept;  // of a wait for time, to tell it from other waits

// ---- advice (lints.cpp)
// It suspended in an await that told Hem nothing: nobody can wake it.
void report_lost_wake(task_header& task) noexcept;
// A cancellation was thrown into it and it ended with a value.
void report_swallowed(task_header& task) noexcept;
// The task gave up its turn and is ready at once: too many in a row are reported.
void report_busy_task(task_header& task) noexcept;
inline void woke_itself(task_header& task) noexcept {
    if (++task.self_wakes > 500) [[unlikely]]
        report_busy_task(task);
}

[[noreturn]] void throw_cancelled(task_header& task);
// On a worker, where the task's scopes cannot be looked at.
[[noreturn]] void throw_cancelled_because(std::shared_ptr<const cancel_reason> reason);

// ---- for awaiters of leaf operations ------------------------------------------------------------------------------------------------
// A leaf awaiter derives from wait_node and is written as
//     bool await_ready()               { return begin_wait(*this) || (try_it() && complete_now(*this)); }
//     void await_suspend(handle h)     { if (suspend_wait(*this, h)) queue(*this); }
//     T    await_resume()              { end_wait(*this); return take(); }

// True if the scope is cancelled: the operation must not have any effect.
inline bool begin_wait(wait_node& node) {
    task_header& task = current_task_header();
    node.task = &task;
    if (task.scope->cancelled()) [[unlikely]] {
        node.state = wait_node::status::cancelled;
        return true;
    }
    node.state = wait_node::status::idle;
    return false;
}

// The operation has completed at once: true to go on, false to yield first because the resume's budget is used up. The state stays idle in
// the first case, so `granted` at the resume means that there was a suspension.
inline bool complete_now(wait_node& node) noexcept {
    if (node.task->loop->spend_budget()) [[likely]]
        return true;
    node.state = wait_node::status::granted;
    return false;
}

// The operation has completed, but its task lets others go first: it resumes in the order of `source`'s grants.
inline void complete_later(wait_node& node, const void* source) noexcept {
    node.state = wait_node::status::granted;
    node.task->woken_by = source;
}

// True if the caller has to queue the node now; false if it completed and only yields.
inline bool suspend_wait(wait_node& node, std::coroutine_handle<> handle) noexcept {
    task_header& task = *node.task;
    task.resume_point = handle;
    task.waiting = &node;
    if (node.state == wait_node::status::granted) {
        task.loop->make_ready(task);
        return false;
    }
    node.state = wait_node::status::parked;
    return true;
}

inline void end_wait(wait_node& node) {
    if (node.state == wait_node::status::cancelled) [[unlikely]]
        throw_cancelled(*node.task);
}

}  // namespace hem::detail
