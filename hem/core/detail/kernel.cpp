#include "hem/core/detail/kernel.hpp"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <system_error>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/held_lock.hpp"
#include "hem/core/detail/interrupts.hpp"
#include "hem/core/detail/wait_graph.hpp"
#include "hem/core/detail/watchdog.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/instrument.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

namespace hem {
namespace {

std::int64_t read_ns(clockid_t id) noexcept {
    timespec t;
    ::clock_gettime(id, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Numbers of living loops. A number is free again when its loop has ended, so that logs of a long life stay readable.
std::mutex loop_ids_mutex;
std::vector<std::uint64_t> loop_ids;  // by number the serial of the loop that has it, 0 if it is free
std::uint64_t last_serial = 0;
constexpr std::chrono::sys_time<std::chrono::nanoseconds> virtual_epoch{std::chrono::seconds(1'735'689'600)};  // 2025-01-01T00:00:00Z

}  // namespace

time_point clock::now() noexcept {
    if (detail::running.loop) return detail::running.loop->now();
    return time_point(duration(read_ns(CLOCK_MONOTONIC)));
}

std::chrono::sys_time<std::chrono::nanoseconds> system_now() noexcept {
    if (auto* loop = detail::running.loop; loop && loop->virtual_clock) return loop->system_base + loop->now().time_since_epoch();
    return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(read_ns(CLOCK_REALTIME)));
}

namespace detail {

constinit thread_local running_state running;

kernel& current_kernel() {
    if (!running.loop) throw usage_error("there is no running loop on this thread: call this from a task, started by hem::run");
    return *running.loop;
}

void throw_outside_task() {
    throw usage_error("there is no running task on this thread: await this inside a coroutine that hem::run started");
}

std::string task_header::display_name() const { return name ? *name : "task-" + std::to_string(id); }

scope_state& task_header::own_scope() {
    if (!handle_scope) {
        handle_scope = std::make_unique<scope_state>();
        handle_scope->insert_around(*this);
    }
    return *handle_scope;
}

// ---- inbox ------------------------------------------------------------------------------------------------------------------------------

inbox::inbox(std::uint32_t loop) : wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), loop_(loop) {
    if (wake_fd_ < 0) throw std::system_error(errno, std::system_category(), "cannot make the loop's event descriptor");
}

inbox::~inbox() { ::close(wake_fd_); }

post_node* inbox::closed_mark() noexcept {
    static post_node mark;
    return &mark;
}

bool inbox::push(post_node* node) noexcept {
    post_node* head = head_.load(std::memory_order_relaxed);
    do {
        if (head == closed_mark()) return false;
        node->next = head;
    } while (!head_.compare_exchange_weak(head, node, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (armed_.exchange(false, std::memory_order_seq_cst)) {
        const std::uint64_t one = 1;
        while (::write(wake_fd_, &one, sizeof one) < 0 && errno == EINTR) {
        }
    }
    return true;
}

post_node* inbox::reverse(post_node* newest) noexcept {
    post_node* oldest = nullptr;
    while (newest) {
        post_node* next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

post_node* inbox::take() noexcept { return reverse(head_.exchange(nullptr, std::memory_order_acquire)); }

post_node* inbox::close() noexcept {
    post_node* newest = head_.exchange(closed_mark(), std::memory_order_acquire);
    return newest == closed_mark() ? nullptr : reverse(newest);
}

bool inbox::prepare_sleep() noexcept {
    armed_.store(true, std::memory_order_seq_cst);
    if (head_.load(std::memory_order_seq_cst) == nullptr) return true;
    end_sleep();
    return false;
}

// ---- kernel -----------------------------------------------------------------------------------------------------------------------------

loop_number::loop_number() {
    const std::lock_guard guard(loop_ids_mutex);
    auto place = std::find(loop_ids.begin(), loop_ids.end(), 0);
    if (place == loop_ids.end()) place = loop_ids.insert(place, 0);
    value_ = static_cast<std::uint32_t>(place - loop_ids.begin());
    *place = serial_ = ++last_serial;
}

loop_number::~loop_number() {
    const std::lock_guard guard(loop_ids_mutex);
    loop_ids[value_] = 0;
}

bool loop_number::is_living(std::uint32_t value, std::uint64_t serial) noexcept {
    const std::lock_guard guard(loop_ids_mutex);
    return loop_ids[value] == serial;
}

kernel::kernel(const kernel_options& options)
    : virtual_clock(options.virtual_clock), autojump(options.autojump), shuffle(options.shuffle),
      looking(static_cast<unsigned char>((options.checks ? look_checks : 0) | (options.instrumented ? look_instrument : 0))),
      current_time(options.virtual_clock ? time_point(duration::zero()) : time_point(duration(read_ns(CLOCK_MONOTONIC)))),
      system_base(virtual_epoch), timers(current_time), remote(std::make_shared<inbox>(id.value())),
      io_owner(reactor::make(options.reactor, remote->wake_fd())), io(*io_owner), random(options.seed),
      shuffle_random(options.seed ^ 0x5DEECE66Du), default_grace(options.default_grace), default_workers(options.workers),
      shutdown_timeout(options.shutdown_timeout), instrumented(options.instrumented) {
    now_known = virtual_clock;
}

kernel::~kernel() { close_inbox(); }

void kernel::close_inbox() noexcept {
    for (post_node* node : {std::exchange(posts_head, nullptr), remote->close()}) {
        while (node) {
            post_node* next = node->next;
            node->destroy(node);
            node = next;
        }
    }
    posts_tail = &posts_head;
}

void kernel::read_clock() noexcept {
    current_time = time_point(duration(read_ns(CLOCK_MONOTONIC)));
    now_known = true;
}

bool kernel::resume_is_due() noexcept {
    const auto time = virtual_clock ? current_time : time_point(duration(read_ns(CLOCK_MONOTONIC)));
    if (due_resume != total_resumes) {
        due_resume = total_resumes;
        due_since = time;
        return false;
    }
    return time - due_since >= resume_time;
}

void kernel::jump_to(time_point t) noexcept { current_time = std::max(current_time, t); }

void kernel::post(post_node* node) noexcept {
    node->next = nullptr;
    *posts_tail = node;
    posts_tail = &node->next;
}

void kernel::adopt(task_header& task, group_core* group, scope_state& scope) noexcept {
    task.loop = this;
    task.group = group;
    task.birth_scope = &scope;
    task.id = next_task_id++;
    task.born = current_time;
    scope.add_task(task);
    tasks.push_back(task);
    ++live_tasks;
    if (instrumented && instrumented->spawned) [[unlikely]]
        instrumented->spawned(instrumented->context, event_of(task));
}

void kernel::interrupt(task_header& task) noexcept {
    wait_node* node = task.waiting;
    if (!node) return;  // running, or not started: it meets the cancellation at its next cancel point
    if (node->state == wait_node::status::parked) {
        if (node->ops->abort && node->ops->abort(*node)) {
            node->state = wait_node::status::cancelled;
            make_ready(task);
        }
    } else if (node->state == wait_node::status::granted) {
        if (!node->ops->revoke || node->ops->revoke(*node)) node->state = wait_node::status::cancelled;
    }
}

bool kernel::resume(task_header& task) {
    current = &task;
    budget = budget_limit;
    ++task.resumes;
    ++total_resumes;
    task.waiting = nullptr;
    task.woken_by = nullptr;
    if (task.resume_point) {
        running_frame = task.frame;
        task.resume_point.resume();
    } else {
        task.start();
    }
    task.frame = std::exchange(running_frame, {});
    if (after_resume) [[unlikely]]
        after_resume(*this, task, just_finished != nullptr);
    const bool ended = just_finished != nullptr;
    if (ended) {
        finish(*std::exchange(just_finished, nullptr));
    } else if (!task.waiting) [[unlikely]] {
        report_lost_wake(task);
    }
    current = nullptr;
    return ended;
}

void kernel::finish(task_header& done) {
    done.frame = {};
    std::exception_ptr error = done.finish();
    bool was_cancelled = false;
    if (error && *error.__cxa_exception_type() == typeid(cancelled)) {
        if (done.birth_scope->cancelled()) {
            was_cancelled = true;
            error = nullptr;
            done.set_cancelled();
        } else {
            error = std::make_exception_ptr(
                usage_error("task '" + done.display_name() + "' threw a stored hem::cancelled although nothing cancelled it"));
            done.set_error(error);
        }
    }
    if (done.cancel_met && !error && !was_cancelled) [[unlikely]]
        report_swallowed(done);
    if (done.held_locks) [[unlikely]]
        abandon_locks(done);
    if (instrumented && instrumented->ended) [[unlikely]]
        instrumented->ended(instrumented->context, event_of(done));
    done.finished = true;
    done.scope->remove_task(done);
    if (done.handle_scope) done.handle_scope->forget();
    tasks.erase(done);
    --live_tasks;
    if (done.group) done.group->child_finished(done, std::move(error), was_cancelled);
    done.release();
}

void kernel::resume_observed(task_header& task) {
    const auto with = looking;
    const bool timed = with & (look_timing | look_sample);
    const bool callbacks = with & look_instrument;
    const std::int64_t begin = timed ? read_ns(CLOCK_MONOTONIC) : 0;
    if (callbacks && instrumented->resumed) instrumented->resumed(instrumented->context, event_of(task));
    const bool ended = resume(task);
    if (timed) {
        const duration took(read_ns(CLOCK_MONOTONIC) - begin);
        resume_times.add(took);
        // A sample stands for the ticks that nobody timed.
        if (!ended) task.busy += (with & look_timing) ? took : took * static_cast<std::int64_t>(sample_every);
    }
    if (ended) return;
    if (callbacks && instrumented->suspended && task.waiting) {
        instrumented->suspended(instrumented->context, event_of(task), task.waiting->ops->kind);
    }
    if ((with & look_checks) && task.waiting && task.waiting->state == wait_node::status::parked) check_wait_cycle(task);
}

void resume_histogram::add(duration d) noexcept {
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count() / 1000, 1));
    ++counts[std::min<int>(std::bit_width(microseconds) - 1, buckets - 1)];
}

void kernel::start_now(task_header& task) {
    task_header* creator = current;
    const auto left = budget;
    creator->frame = std::exchange(running_frame, {});
    creator->creating = true;
    if (looking) {
        resume_observed(task);
    } else {
        resume(task);
    }
    creator->creating = false;
    running_frame = creator->frame;
    current = creator;
    budget = left;
}

namespace {
void take_remote_posts(kernel& loop) noexcept {
    for (post_node* node = loop.remote->take(); node;) {
        post_node* next = node->next;
        loop.post(node);
        node = next;
    }
}
}  // namespace

void kernel::run_posts() {
    post_node* node = posts_head;
    posts_head = nullptr;
    posts_tail = &posts_head;
    while (node) {
        post_node* next = node->next;
        __builtin_prefetch(next);
        try {
            node->run(node);
        } catch (...) {
            if (!callback_error) {
                callback_error = std::current_exception();
                root().cancel({.kind = cancel_kind::shutdown, .text = "a callback threw " + describe(callback_error), .task = {}});
            }
        }
        node = next;
    }
}

void kernel::drain_posts_once() {
    take_remote_posts(*this);
    run_posts();
}

void kernel::shuffle_batch(task_header*& head) {
    static thread_local std::vector<task_header*> batch, original;  // kept: what a test counts is its own allocations
    batch.clear();
    for (task_header* task = head; task; task = task->ready_next) batch.push_back(task);
    original = batch;
    for (std::size_t i = batch.size(); i > 1; --i) std::swap(batch[i - 1], batch[shuffle_random.below(i)]);
    // Waiters that one primitive woke keep their order: that order is a promise of the primitive.
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const void* source = batch[i]->woken_by;
        if (!source) continue;
        std::size_t seen = 0;
        for (std::size_t k = 0; k < i; ++k) seen += batch[k]->woken_by == source;
        if (seen) continue;
        std::size_t slot = i;
        for (task_header* task : original) {
            if (task->woken_by != source) continue;
            while (batch[slot]->woken_by != source) ++slot;
            batch[slot++] = task;
        }
    }
    head = nullptr;
    task_header** tail = &head;
    for (task_header* task : batch) {
        *tail = task;
        task->ready_next = nullptr;
        tail = &task->ready_next;
    }
}

void kernel::run_batch() {
    task_header* task = ready_head;
    ready_head = nullptr;
    ready_tail = &ready_head;
    if (shuffle && task && task->ready_next) shuffle_batch(task);
    while (task) {
        task_header* next = task->ready_next;
        if (looking) [[unlikely]] {
            resume_observed(*task);
        } else {
            resume(*task);
        }
        task = next;
    }
}

void kernel::set_clock_rate(double rate) noexcept {
    clock_rate = rate;
    rate_real_base = time_point(duration(read_ns(CLOCK_MONOTONIC)));
}

void kernel::advance_by_rate() noexcept {
    const auto real = time_point(duration(read_ns(CLOCK_MONOTONIC)));
    const auto passed = std::chrono::duration<double, std::nano>(real - rate_real_base) * clock_rate;
    rate_real_base = real;
    if (freeze_count == 0) current_time = saturating_add(current_time, duration(static_cast<std::int64_t>(passed.count())));
}

void kernel::run_sampled_batch() {
    if (!now_known) read_clock();
    looking |= look_sample;
    run_batch();
    looking &= static_cast<unsigned char>(~look_sample);
}

void kernel::tick() {
    ++ticks;
    now_known = virtual_clock;
    if (virtual_clock && clock_rate != 0) [[unlikely]]
        advance_by_rate();
    if (!ready_head && !posts_head && remote->empty() && !signals_pending(*this) && (timers.size() == 0 || timers.next() > now())) {
        wait_for_work();
        polls_skipped = 0;
    } else if (io.waiters() != 0 && ++polls_skipped >= poll_interval) {
        polls_skipped = 0;
        io.poll(*this, duration::zero());
    }
    if (!remote->empty()) take_remote_posts(*this);
    if (signals_pending(*this)) [[unlikely]]
        dispatch_signals(*this);
    if (timers.size() != 0 && timers.next() <= now()) {
        lag = now() - timers.next();
        longest_lag = std::max(longest_lag, lag);
        timers.expire(now());
    }
    if (advice_due() != time_point::max()) [[unlikely]] {
        if (cancellations.due() <= now()) cancellations.look(now());
        if (outbound.due() <= now()) outbound.look(now());
    }
    if (guard && (ready_head || posts_head)) guard->woke();
    if (posts_head) run_posts();
    if (ticks % sample_every == 0 && !virtual_clock) [[unlikely]] {
        run_sampled_batch();
    } else {
        run_batch();
    }
    if (guard) guard->tick_ended();
}

void kernel::run_until_finished(task_header& main) {
    while (!main.finished) tick();
}

}  // namespace detail
}  // namespace hem
