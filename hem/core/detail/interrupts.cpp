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
std::atomic<std::uint32_t> arrived_count[signal_limit];
std::atomic<bool> any_arrived{false};
std::atomic<int> wake_descriptor{-1};
signal_subscription* subscribers[signal_limit];  // main thread only

void on_signal(int number) {
    const int saved = errno;
    arrived_count[number].fetch_add(1, std::memory_order_relaxed);
    any_arrived.store(true, std::memory_order_release);
    if (const int fd = wake_descriptor.load(std::memory_order_relaxed); fd >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
    errno = saved;
}

}  // namespace

bool on_main_thread() noexcept { return ::getpid() == static_cast<pid_t>(::syscall(SYS_gettid)); }

bool signals_pending() noexcept { return any_arrived.load(std::memory_order_relaxed); }

void dispatch_signals(kernel& loop) {
    if (!on_main_thread() || !any_arrived.exchange(false, std::memory_order_acq_rel)) return;
    for (int number = 1; number < signal_limit; ++number) {
        auto* subscriber = subscribers[number];
        if (!subscriber || subscriber->loop != &loop) continue;
        if (arrived_count[number].exchange(0, std::memory_order_relaxed) > 0) subscriber->arrived(*subscriber);
    }
}

void signal_subscription::install(kernel& on) {
    if (number < 1 || number >= signal_limit || number == SIGKILL || number == SIGSTOP) {
        throw std::invalid_argument("signal " + std::to_string(number) + " cannot be handled");
    }
    if (!on_main_thread()) throw usage_error("signals are handled by the main thread's loop only");
    if (subscribers[number]) throw usage_error("signal " + std::to_string(number) + " is handled already");
    loop = &on;
    arrived_count[number].store(0, std::memory_order_relaxed);
    wake_descriptor.store(on.remote->wake_fd(), std::memory_order_relaxed);
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (::sigaction(number, &action, &previous) != 0) {
        throw std::invalid_argument("signal " + std::to_string(number) + " cannot be handled: " + std::system_category().message(errno));
    }
    subscribers[number] = this;
    installed = true;
}

void signal_subscription::remove() noexcept {
    if (!installed) return;
    installed = false;
    // Somebody may have put a handler of his own over ours: it stays.
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler == on_signal) ::sigaction(number, &previous, nullptr);
    subscribers[number] = nullptr;
    if (arrived_count[number].exchange(0, std::memory_order_relaxed) > 0) ::raise(number);
    bool any = false;
    for (auto* other : subscribers) any = any || other;
    if (!any) wake_descriptor.store(-1, std::memory_order_relaxed);
}

interrupt_guard::interrupt_guard(kernel& loop, bool wanted) {
    if (!wanted || !on_main_thread()) return;
    struct sigaction now {};
    ::sigaction(SIGINT, nullptr, &now);
    if (now.sa_handler != SIG_DFL) return;  // the program's own handler is left alone
    subscription_.number = SIGINT;
    subscription_.owner = this;
    subscription_.arrived = [](signal_subscription& s) {
        auto& guard = *static_cast<member&>(s).owner;
        kernel& kernel = *s.loop;
        ++guard.count_;
        if (guard.count_ == 1) {
            kernel.root().cancel({.kind = cancel_kind::interrupt, .text = "SIGINT", .task = {}});
        } else if (guard.count_ == 2) {
            while (!kernel.graces.empty()) kernel.graces.front().drop_shield(false);
        } else {
            s.remove();
            ::raise(SIGINT);
        }
    };
    subscription_.install(loop);
}

interrupt_guard::~interrupt_guard() {
    if (!subscription_.installed) return;
    subscription_.remove();
}

bool interrupt_guard::interrupted() noexcept {
    if (subscription_.installed && arrived_count[SIGINT].exchange(0, std::memory_order_relaxed) > 0) ++count_;
    return count_ > 0;
}

}  // namespace hem::detail
