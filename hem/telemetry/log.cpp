#include "hem/telemetry/log.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/report.hpp"
#include "hem/telemetry/detail/log_record.hpp"
#include "hem/telemetry/detail/log_ring.hpp"
#include "hem/telemetry/metrics.hpp"
#include "hem/telemetry/trace.hpp"

namespace hem::log {
namespace {

using namespace std::chrono_literals;
using detail::log_ring;

constexpr auto longest_wait = 10ms;  // of a warning or error for room in its ring

struct environment {
    log::level level = log::level::info;
    log::form form = log::form::automatic;
    std::string bad_level, bad_form;
};

environment read_environment() {
    environment found;
    if (const char* text = std::getenv("HEM_LOG_LEVEL"); text && *text) {
        bool known = false;
        for (const auto at : {level::debug, level::info, level::warning, level::error, level::off}) {
            if (detail::to_string(at) != text) continue;
            found.level = at;
            known = true;
        }
        if (!known) found.bad_level = text;
    }
    if (const char* text = std::getenv("HEM_LOG"); text && *text) {
        const std::string_view value(text);
        if (value == "json" || value == "console") {
            found.form = value == "json" ? form::json : form::console;
        } else {
            found.bad_form = text;
        }
    }
    return found;
}

// Never destroyed, so that whatever ends late may still log.
class logger {
public:
    static logger& get() {
        static logger& only = *new logger;
        return only;
    }

    void write(level at, std::string_view event, const std::source_location& where, fields values) noexcept;
    std::unique_ptr<sink> set_sink(std::unique_ptr<sink> next, form as);
    bool start();
    void stop() noexcept;
    bool flush(std::chrono::nanoseconds limit) noexcept;
    std::uint64_t dropped() const noexcept { return dropped_total_.load(std::memory_order_relaxed); }

private:
    logger() : output_(stderr_sink()) { choose_form(form::automatic, true); }
    void choose_form(form as, bool to_stderr);
    void append(std::string& line, level at, std::string_view event, const std::source_location& where, fields values) const;
    log_ring* own_ring();
    void run();
    bool drain_all();
    void say_dropped(log_ring& ring, std::string& out);
    void write_out(std::string_view lines);  // with output_mutex_ held
    void wake() noexcept {
        signal_.fetch_add(1, std::memory_order_release);
        signal_.notify_one();
    }

    environment environment_ = read_environment();
    std::atomic<bool> json_{false};
    std::atomic<bool> color_{false};

    std::timed_mutex output_mutex_;
    std::unique_ptr<sink> output_;

    std::mutex rings_mutex_;
    std::vector<std::shared_ptr<log_ring>> rings_;
    std::atomic<bool> running_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<int> signal_{0};
    std::atomic<std::uint64_t> dropped_total_{0};
    std::thread writer_;

    std::mutex flush_mutex_;
    std::condition_variable flushed_;
    std::uint64_t flush_wanted_ = 0;
    std::uint64_t flush_done_ = 0;
};

// What a thread keeps for its records. `ended` outlives it: records of later destructors go out without it.
constinit thread_local bool thread_ended = false;
struct thread_state {
    std::string line;
    std::shared_ptr<log_ring> ring;
    ~thread_state() {
        thread_ended = true;
        if (ring) ring->abandoned.store(true, std::memory_order_release);
    }
};
thread_local thread_state own;

void logger::choose_form(form as, bool to_stderr) {
    if (as == form::automatic) as = environment_.form;
    const bool terminal = to_stderr && ::isatty(STDERR_FILENO) == 1;
    if (as == form::automatic) as = terminal ? form::console : form::json;
    const char* no_color = std::getenv("NO_COLOR");
    json_.store(as == form::json, std::memory_order_relaxed);
    color_.store(as == form::console && terminal && !(no_color && *no_color), std::memory_order_relaxed);
}

// With what surrounds the caller: loop, task, trace and bound fields. The writer thread has none of them.
void logger::append(std::string& line, level at, std::string_view event, const std::source_location& where, fields values) const {
    detail::record_head head{.time = system_now(), .level = at, .event = event, .where = where};
    std::string task, trace_id;
    if (const auto* loop = hem::detail::running.loop) {
        head.loop = loop->id.value();
        if (loop->current) head.task = task = loop->current->display_name();
    }
    if (const auto& here = trace::current()) head.trace_id = trace_id = here.trace_id();
    detail::append_record(line, head, detail::bound.get().get(), values, json_.load(std::memory_order_relaxed),
                          color_.load(std::memory_order_relaxed));
}

log_ring* logger::own_ring() {
    if (!own.ring) {
        auto fresh = std::make_shared<log_ring>();
        const std::lock_guard guard(rings_mutex_);
        rings_.push_back(fresh);
        own.ring = std::move(fresh);
    }
    return own.ring.get();
}

void logger::write(level at, std::string_view event, const std::source_location& where, fields values) noexcept {
    try {
        std::string late;
        std::string& line = thread_ended ? late : own.line;
        line.clear();
        append(line, at, event, where, values);
        if (!running_.load(std::memory_order_acquire) || thread_ended) {
            const std::lock_guard guard(output_mutex_);
            write_out(line);
            return;
        }
        log_ring& ring = *own_ring();
        if (ring.push(line)) {
            wake();
            return;
        }
        if (at >= level::warning) {
            const auto deadline = std::chrono::steady_clock::now() + longest_wait;
            while (std::chrono::steady_clock::now() < deadline) {
                std::this_thread::sleep_for(200us);
                if (ring.push(line)) {
                    wake();
                    return;
                }
            }
            if (output_mutex_.try_lock()) {
                const std::lock_guard guard(output_mutex_, std::adopt_lock);
                write_out(line);
                return;
            }
        }
        ring.dropped.fetch_add(1, std::memory_order_relaxed);
        dropped_total_.fetch_add(1, std::memory_order_relaxed);
    } catch (...) {
        dropped_total_.fetch_add(1, std::memory_order_relaxed);
    }
}

void logger::write_out(std::string_view lines) {
    try {
        output_->write(lines);
        return;
    } catch (const std::exception& e) {
        output_ = stderr_sink();
        std::string line;
        append(line, level::error, "log_sink_failed", std::source_location::current(),
               {{"error", e}, {"now", "records go to standard error"}});
        line += lines;
        try {
            output_->write(line);
        } catch (const std::exception&) {
            dropped_total_.fetch_add(1, std::memory_order_relaxed);  // standard error is closed, too: nobody listens
        }
    }
}

std::unique_ptr<sink> logger::set_sink(std::unique_ptr<sink> next, form as) {
    const bool to_stderr = !next;
    if (!next) next = stderr_sink();
    const std::lock_guard guard(output_mutex_);
    choose_form(as, to_stderr);
    output_.swap(next);
    return next;
}

void logger::say_dropped(log_ring& ring, std::string& out) {
    if (const auto count = ring.dropped.exchange(0, std::memory_order_relaxed); count != 0) {
        append(out, level::warning, "log_records_dropped", std::source_location::current(), {{"count", count}});
    }
}

bool logger::drain_all() {
    std::vector<std::shared_ptr<log_ring>> rings;
    {
        const std::lock_guard guard(rings_mutex_);
        rings = rings_;
    }
    bool any = false;
    std::string lines;
    for (const auto& ring : rings) {
        const bool abandoned = ring->abandoned.load(std::memory_order_acquire);
        lines.clear();
        ring->drain(lines);
        say_dropped(*ring, lines);
        if (!lines.empty()) {
            any = true;
            const std::lock_guard guard(output_mutex_);
            write_out(lines);
        }
        if (abandoned) {
            const std::lock_guard guard(rings_mutex_);
            std::erase(rings_, ring);
        }
    }
    return any;
}

void logger::run() {
    std::uint64_t done = 0;
    while (true) {
        const int seen = signal_.load(std::memory_order_acquire);
        const bool stop = stopping_.load(std::memory_order_acquire);
        std::uint64_t wanted = 0;
        {
            const std::lock_guard guard(flush_mutex_);
            wanted = flush_wanted_;
        }
        while (drain_all()) {
        }
        if (wanted != done) {
            {
                const std::lock_guard output(output_mutex_);
                try {
                    output_->flush();
                } catch (const std::exception&) {
                    // the next write says so
                }
            }
            const std::lock_guard guard(flush_mutex_);
            done = flush_done_ = wanted;
            flushed_.notify_all();
        }
        if (stop) return;
        signal_.wait(seen, std::memory_order_acquire);
    }
}

bool logger::start() {
    if (running_.exchange(true)) return false;
    // The program's signals are for its own threads; a closed pipe is an error of the sink, not the end of the program.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    writer_ = std::thread([this] { run(); });
    ::pthread_setname_np(writer_.native_handle(), "hem-log");
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    const auto where = std::source_location::current();
    if (!environment_.bad_level.empty()) {
        write(level::warning, "bad_setting", where,
              {{"variable", "HEM_LOG_LEVEL"}, {"value", environment_.bad_level}, {"accepted", "debug, info, warning, error, off"}});
    }
    if (!environment_.bad_form.empty()) {
        write(level::warning, "bad_setting", where,
              {{"variable", "HEM_LOG"}, {"value", environment_.bad_form}, {"accepted", "json, console"}});
    }
    return true;
}

void logger::stop() noexcept {
    const bool drained = flush(5s);
    running_.store(false, std::memory_order_release);
    stopping_.store(true, std::memory_order_release);
    wake();
    if (drained) {
        writer_.join();
    } else {
        writer_.detach();  // stuck in its sink: the program may end all the same
    }
}

bool logger::flush(std::chrono::nanoseconds limit) noexcept {
    limit = std::clamp<std::chrono::nanoseconds>(limit, 0ns, std::chrono::hours(1));
    if (!running_.load(std::memory_order_acquire)) {
        if (!output_mutex_.try_lock_for(limit)) return false;
        const std::lock_guard guard(output_mutex_, std::adopt_lock);
        try {
            output_->flush();
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::unique_lock lock(flush_mutex_);  // never held while the sink works
    const auto ticket = ++flush_wanted_;
    wake();
    return flushed_.wait_until(lock, deadline, [&] { return flush_done_ >= ticket; });
}

void take_report(const report& r, void*) {
    std::string kind(to_string(r.kind));
    std::replace(kind.begin(), kind.end(), ' ', '_');
    const metrics::label with[] = {{"kind", kind}};
    metrics::counter("hem_reports_total", "Run-time reports: what the runtime noticed about the program", with).increment();
    const auto at = r.kind == report_kind::lint ? level::info : level::warning;
    if (enabled(at)) {
        logger::get().write(
            at, "runtime_report", r.location,
            {{"kind", kind}, {"text", r.text}, {"about", r.task.empty() ? std::string_view("-") : std::string_view(r.task)}});
    }
}

}  // namespace

namespace detail {

std::atomic<level> threshold{read_environment().level};

void write(level at, const event_name& event, fields values) noexcept { logger::get().write(at, event.text(), event.where(), values); }

}  // namespace detail

level current_level() noexcept { return detail::threshold.load(std::memory_order_relaxed); }
void set_level(level at) noexcept { detail::threshold.store(at, std::memory_order_relaxed); }
std::unique_ptr<sink> set_sink(std::unique_ptr<sink> next, form as) { return logger::get().set_sink(std::move(next), as); }
bool flush(duration limit) noexcept { return logger::get().flush(limit); }
std::uint64_t dropped() noexcept { return logger::get().dropped(); }

void install() {
    if (!logger::get().start()) return;
    // A sink that the program installed itself stays.
    if (const auto before = on_report(take_report, nullptr); before.sink) on_report(before.sink, before.context);
    std::atexit([] { logger::get().stop(); });
}

}  // namespace hem::log
