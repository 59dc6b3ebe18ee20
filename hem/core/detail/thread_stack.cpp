#include "hem/core/detail/thread_stack.hpp"

#include <cxxabi.h>
#include <execinfo.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace hem::detail {
namespace {

constexpr int frame_limit = 48;

// Written by the interrupted thread, read by the one that asks.
struct answer {
    void* frames[frame_limit];
    int count = 0;
    std::atomic<int> asked{0};  // number of the question that may still be answered
    sem_t ready;
};

answer& the_answer() {
    static answer& single = []() -> answer& {
        auto& made = *new answer;
        ::sem_init(&made.ready, 0, 0);
        return made;
    }();
    return single;
}

int stack_signal() noexcept { return SIGRTMAX - 3; }

void note_stack(int, siginfo_t* info, void*) {
    const int saved = errno;
    answer& record = the_answer();
    int question = info->si_value.sival_int;
    // One that comes after its time must not write: the next question may be under way.
    if (question != 0 && record.asked.compare_exchange_strong(question, 0, std::memory_order_acq_rel)) {
        record.count = ::backtrace(record.frames, frame_limit);
        ::sem_post(&record.ready);
    }
    errno = saved;
}

std::string readable(const char* symbol) {
    // "program(mangled+0x12) [0x...]"
    const char* open = std::strchr(symbol, '(');
    const char* plus = open ? std::strchr(open, '+') : nullptr;
    if (!open || !plus || plus == open + 1) return symbol;
    const std::string mangled(open + 1, plus);
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
    return status == 0 ? name.get() : mangled;
}

}  // namespace

std::string stack_of_thread(pid_t id, duration limit) {
    static std::mutex one_at_a_time;
    static int question = 0;
    const std::lock_guard guard(one_at_a_time);
    answer& record = the_answer();
    [[maybe_unused]] static const bool prepared = [] {
        void* primed[2];
        ::backtrace(primed, 2);  // loads what it needs now, not inside a handler
        struct sigaction action{};
        action.sa_sigaction = note_stack;
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        sigemptyset(&action.sa_mask);
        // Stays installed: an answer may come when nobody waits for it any more.
        return ::sigaction(stack_signal(), &action, nullptr) == 0;
    }();

    const int mine = ++question;
    record.asked.store(mine, std::memory_order_release);
    siginfo_t info{};
    info.si_signo = stack_signal();
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    info.si_value.sival_int = mine;
    if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), id, stack_signal(), &info) != 0) return "(the thread has ended)";

    timespec until;
    ::clock_gettime(CLOCK_REALTIME, &until);  // sem_timedwait knows no other clock
    const auto nanoseconds = until.tv_nsec + limit.count();
    until.tv_sec += nanoseconds / 1'000'000'000;
    until.tv_nsec = nanoseconds % 1'000'000'000;
    int waited;
    while ((waited = ::sem_timedwait(&record.ready, &until)) != 0 && errno == EINTR) {
    }
    if (waited != 0) {
        int expected = mine;
        if (record.asked.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) return "(it did not answer)";
        while (::sem_wait(&record.ready) != 0 && errno == EINTR) {  // it is writing its answer now
        }
    }

    const std::unique_ptr<char*, void (*)(void*)> symbols(::backtrace_symbols(record.frames, record.count), std::free);
    if (!symbols) return "(no memory for its stack)";
    std::string text;
    // The first two frames are the handler's and the kernel's.
    for (int i = 2; i < record.count; ++i) {
        if (!text.empty()) text += " < ";
        text += readable(symbols.get()[i]);
    }
    return text.empty() ? "(an empty stack)" : text;
}

}  // namespace hem::detail
