// Signals as the loop sees them. A handler only counts the number and wakes the loop; the loop calls whoever subscribed, between tasks.
// Handlers belong to the process, so only the loop of the main thread may have any. Of several subscribers to one number the newest gets
// it.
#pragma once

#include <signal.h>

#include <cstdint>

namespace hem::detail {

struct kernel;

// Someone who wants a signal. `arrived` runs on the loop, outside of any task; `times` signals have come since it was asked last.
struct signal_subscription {
    int number = 0;
    void (*arrived)(signal_subscription&, unsigned times) noexcept = nullptr;
    kernel* loop = nullptr;
    signal_subscription* below = nullptr;  // who had the signal before and gets it again
    bool installed = false;
    bool counts = true;  // a loop that waits for it is not dead

    // Installs the handler. std::invalid_argument for a number that cannot be handled, usage_error on another thread than the main one.
    void install(kernel& on);
    // Gives the signal back to who had it before: a subscriber, or the program's own handler. One that came and was not taken, here or,
    // with `untaken`, by the subscriber, is raised once for it.
    void remove(bool untaken = false) noexcept;
};

// True if signals came that `loop` has to look at.
bool signals_pending(const kernel& loop) noexcept;
void dispatch_signals(kernel& loop);
bool on_main_thread() noexcept;

// SIGINT for `run`: the first cancels main, the second ends the grace times, the third gets its default action, even
// while a task holds the loop.
class interrupt_guard {
public:
    interrupt_guard(kernel& loop, bool wanted);
    ~interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    // Asked at the end of the run; one that came in the last step counts, too.
    bool interrupted() noexcept;
    // Main was cancelled for another reason before the interrupt came: that reason decides.
    bool came_too_late() const noexcept { return too_late_; }

private:
    struct member : signal_subscription {
        interrupt_guard* owner = nullptr;
    };
    void step() noexcept;
    member subscription_;
    kernel& loop_;
    unsigned count_ = 0;
    bool too_late_ = false;
};

}  // namespace hem::detail
