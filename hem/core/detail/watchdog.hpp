// The watchdog of one run on one thread. A timer sends the thread a signal each quarter of the threshold while the loop is busy. The
// handler compares the loop's counters with those of the time before: four looks at one and the same resume are a stall. It notes what runs
// in a record that was made beforehand, and a reporter thread gives it names and sends the report. (Arming a timer around each resume would
// cost 0.7 us each; a task that measures its own lateness misses stalls shorter than its period.)
//
// A loop that sleeps is left alone: the second look that finds it so stops the timer, and the loop starts it again when it wakes.
#pragma once

#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <source_location>
#include <thread>

#include "hem/core/clock.hpp"
#include "hem/core/stall_watchdog.hpp"

namespace hem::detail {

struct kernel;

class watchdog {
public:
    // On the loop's thread. Without a timer of the kernel's there is no watchdog; that is no error.
    watchdog(kernel& loop, const stall_watchdog& options);
    // Ends the reporter after what is noted has been reported.
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    // ---- the loop's side
    void woke() noexcept {
        if (asleep_.load(std::memory_order_relaxed)) [[unlikely]]
            start_timer();
    }
    void tick_ended() noexcept {
        if (stall_began_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            note_end();
    }

private:
    static constexpr int looks = 4;  // per threshold
    static constexpr int most_native = 48;
    static constexpr int most_frames = 24;
    static constexpr int most_records = 4;
    static constexpr int most_tries = 8;

    struct coroutine {
        std::source_location created;
        std::source_location awaiting;
    };
    struct record {
        std::atomic<bool> full{false};
        bool endless;  // over a second: the task never gives up its turn
        bool in_task;
        std::uint64_t task;
        char name[64];
        std::int64_t elapsed;
        const void* interrupted;
        int native_count;
        int frame_count;
        void* native[most_native];
        coroutine frames[most_frames];
    };

    static void on_signal(int, siginfo_t*, void* machine_state) noexcept;
    void look(void* machine_state) noexcept;
    bool note(std::int64_t elapsed, bool endless, void* machine_state) noexcept;
    void start_timer() noexcept;
    void stop_timer() noexcept;
    void note_end() noexcept;
    void report_records();
    void send(const record& stall);
    void work();

    kernel& loop_;
    stall_watchdog options_;
    timer_t timer_{};
    bool has_timer_ = false;

    // Handler's state, on the loop's thread.
    std::uint64_t seen_resumes_ = 0;
    std::uint64_t seen_ticks_ = 0;
    std::int64_t seen_since_ = 0;
    int same_ = 0;
    int idle_ = 0;
    int tries_ = 0;
    bool reported_ = false;
    bool reported_endless_ = false;
    std::atomic<bool> asleep_{false};
    std::atomic<std::int64_t> stall_began_{0};

    // Shared with the reporter.
    record records_[most_records];
    std::atomic<std::uint64_t> lost_{0};  // no record was free
    std::atomic<bool> stopping_{false};
    sem_t wake_;
    std::thread reporter_;

    // Reporter's state.
    std::uint64_t unreported_ = 0;
    std::int64_t minute_began_ = 0;
    int in_minute_ = 0;
};

}  // namespace hem::detail
