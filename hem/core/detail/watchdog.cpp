#include "hem/core/detail/watchdog.hpp"

#include <errno.h>
#include <execinfo.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/symbols.hpp"
#include "hem/core/report.hpp"
#include "hem/core/task.hpp"

// The C library has no name for the member.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace hem::detail {
namespace {

constinit thread_local watchdog* of_this_thread = nullptr;

int watchdog_signal() noexcept { return SIGRTMIN + 11; }

std::int64_t monotonic_ns() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);  // async-signal-safe
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

const void* interrupted_at(void* machine_state) noexcept {
    const auto& context = *static_cast<const ucontext_t*>(machine_state);
#if defined(__x86_64__)
    return reinterpret_cast<const void*>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const void*>(context.uc_mcontext.pc);
#else
    (void)context;
    return nullptr;
#endif
}

}  // namespace

watchdog::watchdog(kernel& loop, const stall_watchdog& options) : loop_(loop), options_(options) {
    static std::once_flag installed;
    std::call_once(installed, [] {
        // The first call loads the unwinder, which a handler may not do.
        void* prime[4];
        ::backtrace(prime, 4);
        // For good: a signal may still be on its way when its timer is gone, and the default action would end the process.
        struct sigaction action{};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_RESTART | SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        ::sigaction(watchdog_signal(), &action, nullptr);
    });
    ::sem_init(&wake_, 0, 0);
    struct sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = watchdog_signal();
    event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
    has_timer_ = true;
    // The reporter takes no signals: they are for the program's threads.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        reporter_ = std::thread([this] { work(); });
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        ::timer_delete(timer_);
        has_timer_ = false;
        return;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    of_this_thread = this;
    loop_.guard = this;
    start_timer();
}

watchdog::~watchdog() {
    if (has_timer_) {
        of_this_thread = nullptr;
        ::timer_delete(timer_);
        loop_.guard = nullptr;
        stopping_.store(true, std::memory_order_release);
        ::sem_post(&wake_);
        reporter_.join();
    }
    ::sem_destroy(&wake_);
}

void watchdog::start_timer() noexcept {
    asleep_.store(false, std::memory_order_relaxed);
    idle_ = 0;
    const auto period = std::max<std::int64_t>(options_.threshold.count() / looks, 1'000'000);
    itimerspec spec{};
    spec.it_interval.tv_sec = period / 1'000'000'000;
    spec.it_interval.tv_nsec = period % 1'000'000'000;
    spec.it_value = spec.it_interval;
    ::timer_settime(timer_, 0, &spec, nullptr);
}

void watchdog::stop_timer() noexcept {
    asleep_.store(true, std::memory_order_relaxed);
    const itimerspec none{};
    ::timer_settime(timer_, 0, &none, nullptr);  // async-signal-safe
}

void watchdog::on_signal(int, siginfo_t*, void* machine_state) noexcept {
    const int saved = errno;
    if (watchdog* self = of_this_thread) self->look(machine_state);
    errno = saved;
}

void watchdog::look(void* machine_state) noexcept {
    if (loop_.polling.load(std::memory_order_relaxed)) {
        same_ = 0;
        seen_since_ = 0;
        if (++idle_ == 2) stop_timer();
        return;
    }
    idle_ = 0;
    const std::int64_t now = monotonic_ns();
    if (seen_since_ == 0 || loop_.total_resumes != seen_resumes_ || loop_.ticks != seen_ticks_) {
        seen_resumes_ = loop_.total_resumes;
        seen_ticks_ = loop_.ticks;
        seen_since_ = now;
        same_ = 0;
        tries_ = 0;
        reported_ = reported_endless_ = false;
        return;
    }
    // Looks are counted, too: a thread that the machine does not let run takes a single signal for many periods, and that is not its fault.
    const std::int64_t elapsed = now - seen_since_;
    if (++same_ < looks || elapsed < options_.threshold.count()) return;
    if (!reported_) {
        if (tries_ == 0) {
            ++loop_.stalls;
            stall_began_.store(seen_since_, std::memory_order_relaxed);
        }
        reported_ = note(elapsed, false, machine_state);
    } else if (!reported_endless_ && elapsed >= 1'000'000'000 && loop_.current) {
        reported_endless_ = note(elapsed, true, machine_state);
    }
}

// False to try again at the next look: the signal struck where no stack can be unwound, in the linkage table for example.
bool watchdog::note(std::int64_t elapsed, bool endless, void* machine_state) noexcept {
    record* found = nullptr;
    for (record& one : records_) {
        if (!one.full.load(std::memory_order_acquire)) {
            found = &one;
            break;
        }
    }
    if (!found) {
        lost_.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    record& stall = *found;
    stall.interrupted = interrupted_at(machine_state);
    stall.native_count = ::backtrace(stall.native, most_native);
    if (stall.native_count > 0 && stall.native[stall.native_count - 1] == stall.interrupted && ++tries_ < most_tries) return false;
    stall.endless = endless;
    stall.elapsed = elapsed;
    stall.in_task = loop_.current != nullptr;
    stall.task = stall.in_task ? loop_.current->id : 0;
    stall.name[0] = '\0';
    if (stall.in_task && loop_.current->name) {
        const std::string& name = *loop_.current->name;
        const std::size_t length = std::min(name.size(), sizeof stall.name - 1);
        std::memcpy(stall.name, name.data(), length);
        stall.name[length] = '\0';
    }
    stall.frame_count = 0;
    for (auto frame = running_frame; frame && stall.frame_count < most_frames;) {
        const promise_base& promise = promise_base::of(frame);
        stall.frames[stall.frame_count++] = {promise.created, promise.awaiting};
        frame = promise.continuation;
    }
    stall.full.store(true, std::memory_order_release);
    ::sem_post(&wake_);  // async-signal-safe
    return true;
}

// The tick in which a stall was seen is over.
void watchdog::note_end() noexcept {
    const std::int64_t began = stall_began_.exchange(0, std::memory_order_relaxed);
    loop_.longest_stall = std::max(loop_.longest_stall, duration(monotonic_ns() - began));
}

void watchdog::work() {
    ::pthread_setname_np(::pthread_self(), "hem-watchdog");
    for (;;) {
        while (::sem_wait(&wake_) != 0) {
        }
        report_records();
        if (stopping_.load(std::memory_order_acquire)) return;
    }
}

void watchdog::report_records() {
    for (record& one : records_) {
        if (!one.full.load(std::memory_order_acquire)) continue;
        const std::int64_t now = monotonic_ns();
        if (minute_began_ == 0 || now - minute_began_ >= 60'000'000'000) {
            minute_began_ = now;
            in_minute_ = 0;
        }
        if (in_minute_ < options_.reports_per_minute) {
            ++in_minute_;
            send(one);
        } else {
            ++unreported_;
        }
        one.full.store(false, std::memory_order_release);
    }
}

void watchdog::send(const record& stall) {
    std::string who = "a callback";
    if (stall.in_task) who = "task '" + (stall.name[0] ? std::string(stall.name) : "task-" + std::to_string(stall.task)) + "'";
    std::string place;
    if (stall.frame_count > 0) {
        const coroutine& inner = stall.frames[0];
        place = " in the coroutine of " + to_string(inner.created);
        place += inner.awaiting.line() == 0 ? ", before its first await" : ", after its await at " + to_string(inner.awaiting);
    }
    const std::string spent = std::to_string(stall.elapsed / 1'000'000) + " ms";
    std::string text;
    if (stall.endless) {
        text = who + " has not suspended for " + spent + place +
               ": what computes goes to hem::to_thread, or awaits hem::yield_if_due now and then";
    } else {
        text = who + " holds loop " + std::to_string(loop_.id.value()) + " for " + spent + place;
    }
    unreported_ += lost_.exchange(0, std::memory_order_relaxed);
    if (const auto missing = std::exchange(unreported_, 0); missing != 0) {
        text += " (" + std::to_string(missing) + (missing == 1 ? " more stall was" : " more stalls were") + " not reported)";
    }
    // The handler's own frames are not of interest: the stack begins where it struck.
    int first = 0;
    for (int i = 0; i < stall.native_count; ++i) {
        if (stall.native[i] == stall.interrupted) first = i;
    }
    std::string stack;
    for (int i = first; i < stall.native_count; ++i) {
        // Return addresses point behind the call.
        const auto* at = static_cast<const char*>(stall.native[i]) - (i == first ? 0 : 1);
        stack += "  at " + symbol_of(at) + "\n";
    }
    for (int i = 0; i < stall.frame_count; ++i) {
        stack += std::string("  coroutine ") + stall.frames[i].created.function_name() + " (" + to_string(stall.frames[i].created);
        if (stall.frames[i].awaiting.line() != 0) stack += ", await at " + to_string(stall.frames[i].awaiting);
        stack += ")\n";
    }
    send_report({.kind = stall.endless ? report_kind::lint : report_kind::stall,
                 .text = std::move(text),
                 .task = stall.in_task ? (stall.name[0] ? std::string(stall.name) : "task-" + std::to_string(stall.task)) : std::string(),
                 .location = stall.frame_count > 0 ? stall.frames[0].created : std::source_location(),
                 .stack = std::move(stack)});
}

}  // namespace hem::detail
