// Structured log: an event name, which is a literal, and fields. A record carries time, level, event, loop, task, trace id and place by
// itself.
//
//     log::info("orders_fetched", {{"user", user_id}, {"orders", orders.size()}});
//     auto bound = log::bind({{"request_id", id}});          // until the guard's end, in this task and what it starts
//
// Console form on a terminal, JSON lines elsewhere, to standard error. HEM_LOG=json|console and HEM_LOG_LEVEL=debug|info|warning|error|off
// decide before any code does. Control characters are escaped, invalid UTF-8 is marked, secrets are masked: no input can forge a record.
// Until `install` records are written at once by the caller; after it a thread writes them and the caller never waits longer than 10 ms.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "hem/core/clock.hpp"
#include "hem/core/context.hpp"
#include "hem/core/task.hpp"

namespace hem::log {

enum class level : std::uint8_t { debug, info, warning, error, off };
enum class form : std::uint8_t { automatic, console, json };

// A named value of a record. Holds views: make it inside the call only.
class field {
public:
    enum class kind : std::uint8_t { text, boolean, integer, natural, real, nanoseconds, failure };

    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    field(std::string_view name, const T& value) : name_(name) {
        if constexpr (std::is_convertible_v<const T&, const char*>) {
            const char* chars = value;
            text_ = chars ? std::string_view(chars) : std::string_view("null");
        } else {
            text_ = value;
        }
    }
    field(std::string_view name, bool value) noexcept : name_(name), kind_(kind::boolean), integer_(value) {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    field(std::string_view name, T value) noexcept
        : name_(name), kind_(std::is_signed_v<T> ? kind::integer : kind::natural), integer_(static_cast<std::int64_t>(value)) {}
    template <std::floating_point T>
    field(std::string_view name, T value) noexcept : name_(name), kind_(kind::real), real_(static_cast<double>(value)) {}
    // Written in seconds.
    template <class Rep, class Period>
    field(std::string_view name, std::chrono::duration<Rep, Period> value)
        : name_(name), kind_(kind::nanoseconds), integer_(hem::detail::to_duration(value).count()) {}
    // Written as type and message.
    field(std::string_view name, const std::exception_ptr& value) noexcept : name_(name), kind_(kind::failure), failure_(&value) {}
    field(std::string_view name, const std::exception& value) noexcept : name_(name), text_(value.what()) {}

    std::string_view name() const noexcept { return name_; }
    field::kind type() const noexcept { return kind_; }
    std::string_view text() const noexcept { return text_; }
    std::int64_t integer() const noexcept { return integer_; }
    double real() const noexcept { return real_; }
    const std::exception_ptr& failure() const noexcept { return *failure_; }

private:
    std::string_view name_;
    field::kind kind_ = kind::text;
    std::string_view text_;
    union {
        std::int64_t integer_ = 0;
        double real_;
        const std::exception_ptr* failure_;
    };
};

using fields = std::initializer_list<field>;

// An event's name and the place of the call. Only a literal converts: what varies belongs into fields.
class event_name {
public:
    consteval event_name(const char* literal, std::source_location where = std::source_location::current())
        : text_(literal), where_(where) {}
    std::string_view text() const noexcept { return text_; }
    const std::source_location& where() const noexcept { return where_; }

private:
    std::string_view text_;
    std::source_location where_;
};

namespace detail {
extern std::atomic<level> threshold;
void write(level at, const event_name& event, fields values) noexcept;
struct bound_fields;
inline context_var<std::shared_ptr<const bound_fields>> bound{"hem.log.bound"};
std::shared_ptr<const bound_fields> with_more(fields more);

template <class F>
auto run_bound(std::shared_ptr<const bound_fields> values, F body) -> decltype(body()) {
    auto guard = bound.bind(std::move(values));
    co_return co_await body();
}
}  // namespace detail

inline bool enabled(level at) noexcept { return at >= detail::threshold.load(std::memory_order_relaxed); }

// Write a record. Never suspend, never throw; an error inside is counted in hem_log_dropped_total. Callable on every thread.
inline void debug(const event_name& event, fields values = {}) noexcept {
    if (enabled(level::debug)) detail::write(level::debug, event, values);
}
inline void info(const event_name& event, fields values = {}) noexcept {
    if (enabled(level::info)) detail::write(level::info, event, values);
}
inline void warning(const event_name& event, fields values = {}) noexcept {
    if (enabled(level::warning)) detail::write(level::warning, event, values);
}
inline void error(const event_name& event, fields values = {}) noexcept {
    if (enabled(level::error)) detail::write(level::error, event, values);
}

// Adds fields to every record of this task and of what it starts, to worker threads too, until the guard ends. A name that is bound again
// or given in the call takes the newer value.
[[nodiscard("the fields are dropped at once: keep the guard in a variable")]] inline auto bind(fields more) {
    return detail::bound.bind(detail::with_more(more));
}
// The same for the length of `body()`, a function that returns a task.
template <class F>
HEM_CORO_WRAPPER auto bind(fields more, F body) {
    return detail::run_bound(detail::with_more(more), std::move(body));
}

level current_level() noexcept;
void set_level(level at) noexcept;

// Where lines go. Calls are serialised; an exception makes the log fall back to standard error and say so once.
class sink {
public:
    virtual ~sink() = default;
    // Whole lines, each ending in a newline.
    virtual void write(std::string_view lines) = 0;
    virtual void flush() {}
};
std::unique_ptr<sink> stderr_sink();
// Appends to `path`; when it would exceed `max_bytes`, app.log becomes app.1.log and so on, up to `max_files`. Throws std::runtime_error
// with the path.
std::unique_ptr<sink> rotating_file_sink(const std::string& path, std::size_t max_bytes = 64u << 20, std::size_t max_files = 5);

// Puts a sink in place and gives the one before. `automatic` means console on a terminal if the sink is standard error, else JSON.
std::unique_ptr<sink> set_sink(std::unique_ptr<sink> next, form as = form::automatic);

// What a program calls once at its start: begins the writer thread and takes the runtime's reports as records and as the counter
// hem_reports_total{kind}. A second call does nothing. The log drains itself when the program exits normally.
void install();

// Waits until what was logged before is written, at most `limit` of real time. False if it was not. Blocks the calling thread.
bool flush(duration limit) noexcept;

// Records that were dropped because the writer could not follow.
std::uint64_t dropped() noexcept;

}  // namespace hem::log
