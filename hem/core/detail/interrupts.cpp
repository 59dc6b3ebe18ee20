#include "hem/core/detail/interrupts.hpp"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <system_error>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"

namespace hem::detail {
namespace {

constexpr int signal_limit = 65;
std::atomic<unsigned> arrived_count[signal_limit];
std::atomic<bool> any_arrived{false};
std::atomic<int> wake_descriptor{-1};
std::atomic<const kernel*> signal_loop{nullptr};
// How often SIGINT came while `run` itself is the one who gets it, negative otherwise.
std::atomic<int> interrupts{-1};
const signal_subscription* run_subscription = nullptr;  // main thread only

void count_interrupts_for(int number, const signal_subscription* top) noexcept {
    if (number == SIGINT) interrupts.store(top && top == run_subscription ? 0 : -1, std::memory_order_relaxed);
}

struct slot {
    signal_subscription* top = nullptr;
    struct sigaction before{};  // the program's own
};
slot slots[signal_limit];  // main thread only

void on_signal(int number) {
    const int saved = errno;
    // The third SIGINT must work in a program whose loop stands still, too.
    if (number == SIGINT && interrupts.load(std::memory_order_relaxed) >= 0 &&
        interrupts.fetch_add(1, std::memory_order_relaxed) + 1 >= 3) {
        ::signal(SIGINT, SIG_DFL);
        ::raise(SIGINT);
    }
    arrived_count[number].fetch_add(1, std::memory_order_relaxed);
    any_arrived.store(true, std::memory_order_release);
    if (const int fd = wake_descriptor.load(std::memory_order_relaxed); fd >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
    errno = saved;
}

bool any_subscriber() noexcept {
    for (const slot& one : slots) {
        if (one.top) return true;
    }
    return false;
}

}  // namespace

bool on_main_thread() noexcept { return ::getpid() == static_cast<pid_t>(::syscall(SYS_gettid)); }

bool signals_pending(const kernel& loop) noexcept {
    return any_arrived.load(std::memory_order_relaxed) && signal_loop.load(std::memory_order_relaxed) == &loop;
}

void dispatch_signals(kernel& loop) {
    if (!on_main_thread() || !any_arrived.exchange(false, std::memory_order_acq_rel)) return;
    for (int number = 1; number < signal_limit; ++number) {
        auto* subscriber = slots[number].top;
        if (!subscriber || subscriber->loop != &loop) continue;
        if (const auto times = arrived_count[number].exchange(0, std::memory_order_relaxed)) subscriber->arrived(*subscriber, times);
    }
}

void signal_subscription::install(kernel& on) {
    if (number < 1 || number >= signal_limit || number == SIGKILL || number == SIGSTOP) {
        throw std::invalid_argument("signal " + std::to_string(number) + " cannot be handled");
    }
    if (!on_main_thread()) throw usage_error("signals are handled by the main thread's loop only");
    slot& mine = slots[number];
    if (!mine.top) {
        struct sigaction action{};
        action.sa_handler = on_signal;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        arrived_count[number].store(0, std::memory_order_relaxed);
        wake_descriptor.store(on.remote->wake_fd(), std::memory_order_relaxed);
        signal_loop.store(&on, std::memory_order_relaxed);
        if (::sigaction(number, &action, &mine.before) != 0) {
            const int why = errno;
            if (!any_subscriber()) wake_descriptor.store(-1, std::memory_order_relaxed);
            throw std::invalid_argument("signal " + std::to_string(number) + " cannot be handled: " + std::system_category().message(why));
        }
    }
    loop = &on;
    below = mine.top;
    mine.top = this;
    installed = true;
    count_interrupts_for(number, mine.top);
    on.signal_sources += counts;
}

void signal_subscription::remove(bool untaken) noexcept {
    if (!installed) return;
    installed = false;
    loop->signal_sources -= counts;
    slot& mine = slots[number];
    if (mine.top != this) {
        signal_subscription* above = mine.top;
        while (above->below != this) above = above->below;
        above->below = below;
        return;
    }
    mine.top = below;
    count_interrupts_for(number, mine.top);
    untaken = arrived_count[number].exchange(0, std::memory_order_relaxed) > 0 || untaken;
    if (!mine.top) {
        // Somebody may have put a handler of his own over ours: it stays.
        struct sigaction now{};
        ::sigaction(number, nullptr, &now);
        if (now.sa_handler == on_signal) ::sigaction(number, &mine.before, nullptr);
        if (!any_subscriber()) {
            wake_descriptor.store(-1, std::memory_order_relaxed);
            signal_loop.store(nullptr, std::memory_order_relaxed);
        }
    }
    if (untaken) ::raise(number);
}

interrupt_guard::interrupt_guard(kernel& loop, bool wanted) : loop_(loop) {
    if (!wanted || !on_main_thread()) return;
    struct sigaction now{};
    ::sigaction(SIGINT, nullptr, &now);
    if (now.sa_handler != SIG_DFL) return;  // the program's own handler is left alone
    subscription_.number = SIGINT;
    subscription_.owner = this;
    subscription_.counts = false;
    subscription_.arrived = [](signal_subscription& s, unsigned times) noexcept {
        for (; times != 0; --times) static_cast<member&>(s).owner->step();
    };
    run_subscription = &subscription_;
    subscription_.install(loop);
}

interrupt_guard::~interrupt_guard() {
    if (!subscription_.installed) return;
    run_subscription = nullptr;
    interrupts.store(-1, std::memory_order_relaxed);
    subscription_.remove();
}

void interrupt_guard::step() noexcept {
    if (++count_ == 1) {
        too_late_ = loop_.main_task && loop_.main_task->birth_scope->cancelled();
        loop_.root().cancel({.kind = cancel_kind::interrupt, .text = "SIGINT", .task = {}});
    } else if (count_ == 2) {
        loop_.graces_over = true;
        while (!loop_.graces.empty()) loop_.graces.front().drop_shield(false);
    }
}

bool interrupt_guard::interrupted() noexcept {
    if (subscription_.installed) {
        for (auto times = arrived_count[SIGINT].exchange(0, std::memory_order_relaxed); times != 0; --times) step();
    }
    return count_ > 0;
}

}  // namespace hem::detail
