// Counters, gauges and histograms for /metrics. A metric's object is a handle: make it once, keep it, count with it from any thread.
//
//     static const metrics::counter served{"http_requests_total", "Requests answered", {{"method", "GET"}}};
//     served.increment();
//     std::string text = co_await metrics::scrape();         // Prometheus text format
//
// An increment is one relaxed add on the calling thread's own cache line. More than 1000 label sets of one metric share the set `other`,
// and a record says so once. The same name and labels give the same series wherever the handle is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "hem/core/task.hpp"

namespace hem::metrics {

struct label {
    std::string_view name;
    std::string_view value;
};
using labels = std::initializer_list<label>;

namespace detail {

inline constexpr std::size_t shard_count = 8;
struct alignas(64) shard {
    std::atomic<std::uint64_t> count{0};
    std::atomic<double> sum{0};
};
unsigned next_shard() noexcept;
inline constinit thread_local unsigned own_shard = shard_count;
inline unsigned shard_index() noexcept {
    if (own_shard == shard_count) [[unlikely]]
        own_shard = next_shard();
    return own_shard;
}
struct counter_cell {
    shard shards[shard_count];
};
struct gauge_cell {
    std::atomic<double> value{0};
};
struct histogram_cell;

}  // namespace detail

// Handles are cheap to copy and live for the whole program. Making one throws usage_error for a name that Prometheus does not allow, or
// that is a metric of another kind, other label names or other bounds; it takes a lock.
class counter {
public:
    counter(std::string_view name, std::string_view help, labels with = {});
    counter(std::string_view name, std::string_view help, std::span<const label> with);
    void increment(std::uint64_t by = 1) const noexcept {
        cell_->shards[detail::shard_index()].count.fetch_add(by, std::memory_order_relaxed);
    }
    std::uint64_t value() const noexcept;

private:
    detail::counter_cell* cell_;
};

class gauge {
public:
    gauge(std::string_view name, std::string_view help, labels with = {});
    void set(double value) const noexcept { cell_->value.store(value, std::memory_order_relaxed); }
    void add(double by) const noexcept { cell_->value.fetch_add(by, std::memory_order_relaxed); }
    double value() const noexcept { return cell_->value.load(std::memory_order_relaxed); }

private:
    detail::gauge_cell* cell_;
};

// Buckets for durations in seconds, from 1 ms to 10 s.
inline constexpr double default_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

class histogram {
public:
    // `bounds`: upper ends of the buckets, rising; the last bucket, without an end, is added.
    histogram(std::string_view name, std::string_view help, labels with = {}, std::span<const double> bounds = default_bounds);
    // NaN is ignored.
    void observe(double value) const noexcept;
    std::uint64_t count() const noexcept;
    double sum() const noexcept;

private:
    detail::histogram_cell* cell_;
};

// Everything as Prometheus text, the running loop's statistics included. `scrape` gives other tasks a turn between families and is a
// cancel point; `expose` does it at once, on any thread.
task<std::string> scrape();
std::string expose();
inline constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace hem::metrics
