// Signals as the loop sees them. A handler only notes the number and wakes the loop; the loop calls whoever subscribed, between tasks.
// Handlers belong to the process, so only the loop of the main thread may have any.
#pragma once

#include <signal.h>

#include <cstdint>
#include <vector>

namespace hem::detail {

struct kernel;

// Someone who wants a signal. `arrived` runs on the loop, outside of any task.
struct signal_subscription {
    int number = 0;
    void (*arrived)(signal_subscription&) = nullptr;
    kernel* loop = nullptr;
    struct sigaction previous {};
    bool installed = false;

    // Installs the handler; std::invalid_argument for a bad number, usage_error on another thread than the main one or if the signal is taken.
    void install(kernel& on);
    // Restores what was there before; a signal that came and was not taken is raised again for it.
    void remove() noexcept;
};

// Set by handlers; the loop looks at it once per tick.
bool signals_pending() noexcept;
void dispatch_signals(kernel& loop);
bool on_main_thread() noexcept;

// SIGINT for `run`: first cancels main, second ends the grace times, third gets the default action.
class interrupt_guard {
public:
    interrupt_guard(kernel& loop, bool wanted);
    ~interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    // Asked at the end of the run; one that came in the last step counts, too.
    bool interrupted() noexcept;

private:
    struct member : signal_subscription {
        interrupt_guard* owner = nullptr;
    };
    member subscription_;
    int count_ = 0;
};

}  // namespace hem::detail
