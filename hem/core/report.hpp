// Run-time reports: what the runtime noticed about a program that compiles and runs but is wrong (a task nobody awaited, an error nobody
// will see, a loop that stood still). Each goes to one process-wide sink. Without a sink, one line per report goes to standard error.
#pragma once

#include <exception>
#include <new>
#include <source_location>
#include <string>
#include <string_view>

namespace hem {

enum class report_kind {
    never_awaited,      // a task or generator was destroyed before it ran
    suppressed_error,   // an error that nobody will see, because another one left first
    swallowed_cancel,   // a body went on after its cancellation
    grace_expired,      // a shield's grace time ended before its work did
    unclosed_resource,  // a resource with an awaited close was dropped
    leak,               // something was left at the end of a run
    pool_stuck,         // a worker pool did not end in time
    callback_misuse,    // a resolve called twice, or the like
    interrupt_ignored,  // SIGINT came, but an error of main decided
    stall,              // a resume held the loop
    deadlock,           // nothing can wake what waits
    lint,               // advice
};

std::string_view to_string(report_kind kind) noexcept;

struct report {
    report_kind kind;
    std::string text;                 // one sentence with the names and places involved
    std::string task;                 // name of the task it is about, may be empty
    std::source_location location{};  // where it was created or noticed, if known
    std::string stack{};              // of a stall: what ran, a line per frame, the native frames first, then the awaiting coroutines
};

// Plain function, called on the thread that noticed; must not throw. `context` is what was given with it.
using report_sink = void (*)(const report&, void* context);

// Installs the process-wide sink and returns the one before; nullptr restores the default. Thread-safe. Never suspends.
struct installed_sink {
    report_sink sink = nullptr;
    void* context = nullptr;
};
installed_sink on_report(report_sink sink, void* context = nullptr) noexcept;

namespace checks {
// Makes a kind of report fatal: after the sink has heard of it the process aborts, so that a debugger or a core file shows the place.
// Thread-safe.
void abort_on(report_kind kind, bool fatal = true) noexcept;
}  // namespace checks

namespace detail {
void send_report(report&& r) noexcept;
// The same where nothing may be thrown: a report that there is no memory to word is lost.
template <class Make>
void send_report_if_possible(Make&& make) noexcept {
    try {
        send_report(make());
    } catch (const std::bad_alloc&) {
        return;
    }
}
// "file.cpp:12" without directories above the project's own.
std::string to_string(const std::source_location& location);
// What an exception says: its type and what().
std::string describe(const std::exception_ptr& error);
}  // namespace detail
}  // namespace hem
