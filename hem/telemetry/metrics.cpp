#include "hem/telemetry/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "hem/core/errors.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/sleep.hpp"
#include "hem/telemetry/log.hpp"

namespace hem::metrics {

namespace detail {

struct histogram_cell {
    explicit histogram_cell(std::span<const double> ends)
        : bounds(ends.begin(), ends.end()), counts(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}
    std::vector<double> bounds;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts;
    shard sums[shard_count];
};

unsigned next_shard() noexcept {
    static std::atomic<unsigned> next{0};
    return next.fetch_add(1, std::memory_order_relaxed) % shard_count;
}

namespace {

constexpr std::size_t max_series = 1000;

using label_values = std::vector<std::string>;

struct series {
    std::unique_ptr<counter_cell> as_counter;
    std::unique_ptr<gauge_cell> as_gauge;
    std::unique_ptr<histogram_cell> as_histogram;
};

struct family {
    std::string help;
    prometheus::MetricType type = prometheus::MetricType::Untyped;
    std::vector<std::string> label_names;
    std::vector<double> bounds;
    std::map<label_values, series> members;
    bool folded = false;
};

// Never destroyed: handles live in statics of any order.
struct registry {
    std::mutex mutex;
    std::map<std::string, family, std::less<>> families;
    static registry& get() {
        static registry& only = *new registry;
        return only;
    }
};

bool is_name(std::string_view name, bool colon) noexcept {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (colon && c == ':');
    });
}

template <class Fill>
void resolve(std::string_view name, std::string_view help, prometheus::MetricType type, std::span<const label> with,
             std::span<const double> bounds, Fill fill) {
    const std::string quoted = "metric '" + std::string(name) + "'";
    if (!is_name(name, true)) throw usage_error(quoted + ": names are letters, digits, '_' and ':', and begin with no digit");
    std::vector<label> sorted(with.begin(), with.end());
    std::sort(sorted.begin(), sorted.end(), [](const label& a, const label& b) { return a.name < b.name; });
    std::vector<std::string> names;
    label_values values;
    for (const label& at : sorted) {
        if (!is_name(at.name, false) || at.name.starts_with("__") || at.name == "le") {
            throw usage_error(quoted + ": label name '" + std::string(at.name) + "' is not allowed");
        }
        if (!names.empty() && names.back() == at.name) throw usage_error(quoted + ": label '" + names.back() + "' is given twice");
        names.emplace_back(at.name);
        values.emplace_back(at.value);
    }
    bool alarm = false;
    {
        registry& all = registry::get();
        const std::lock_guard guard(all.mutex);
        auto found = all.families.find(name);
        if (found == all.families.end()) {
            found = all.families.emplace(std::string(name), family{}).first;
            found->second.help = help;
            found->second.type = type;
            found->second.label_names = names;
            found->second.bounds.assign(bounds.begin(), bounds.end());
        }
        family& in = found->second;
        if (in.type != type) throw usage_error(quoted + " exists already as another kind of metric");
        if (in.label_names != names) throw usage_error(quoted + " exists already with other label names: all its series have the same");
        if (!std::equal(bounds.begin(), bounds.end(), in.bounds.begin(), in.bounds.end())) {
            throw usage_error(quoted + " exists already with other bounds");
        }
        auto member = in.members.find(values);
        if (member == in.members.end()) {
            if (in.members.size() >= max_series) {
                std::fill(values.begin(), values.end(), "other");
                alarm = !std::exchange(in.folded, true);
            }
            member = in.members.try_emplace(std::move(values)).first;
        }
        fill(member->second);
    }
    if (alarm) log::warning("metric_folded", {{"metric", name}, {"series", max_series}, {"advice", "use fewer label values"}});
}

std::uint64_t total(const shard* shards) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < shard_count; ++i) sum += shards[i].count.load(std::memory_order_relaxed);
    return sum;
}
double total_sum(const shard* shards) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < shard_count; ++i) sum += shards[i].sum.load(std::memory_order_relaxed);
    return sum;
}

prometheus::ClientMetric snapshot(const family& in, const label_values& values, const series& of) {
    prometheus::ClientMetric metric;
    for (std::size_t i = 0; i < values.size(); ++i) {
        prometheus::ClientMetric::Label made;
        made.name = in.label_names[i];
        made.value = values[i];
        metric.label.push_back(std::move(made));
    }
    if (of.as_counter) metric.counter.value = static_cast<double>(total(of.as_counter->shards));
    if (of.as_gauge) metric.gauge.value = of.as_gauge->value.load(std::memory_order_relaxed);
    if (of.as_histogram) {
        const histogram_cell& cell = *of.as_histogram;
        std::uint64_t below = 0;
        for (std::size_t i = 0; i <= cell.bounds.size(); ++i) {
            below += cell.counts[i].load(std::memory_order_relaxed);
            prometheus::ClientMetric::Bucket bucket;
            bucket.cumulative_count = below;
            bucket.upper_bound = i < cell.bounds.size() ? cell.bounds[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back(bucket);
        }
        metric.histogram.sample_count = below;
        metric.histogram.sample_sum = total_sum(cell.sums);
    }
    return metric;
}

std::string serialize(std::vector<prometheus::MetricFamily> families) {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
}

prometheus::MetricFamily single(const char* name, const char* help, prometheus::MetricType type, double value) {
    prometheus::MetricFamily made;
    made.name = name;
    made.help = help;
    made.type = type;
    made.metric.emplace_back();
    (type == prometheus::MetricType::Counter ? made.metric[0].counter.value : made.metric[0].gauge.value) = value;
    return made;
}

std::string built_in() {
    using enum prometheus::MetricType;
    std::vector<prometheus::MetricFamily> made;
    made.push_back(single("hem_log_dropped_total", "Log records that were dropped", Counter, static_cast<double>(log::dropped())));
    if (hem::detail::running.loop) {
        const auto now = loop::current().statistics();
        const auto add = [&](const char* name, const char* help, prometheus::MetricType type, auto value) {
            made.push_back(single(name, help, type, static_cast<double>(value)));
        };
        add("hem_loop_ticks_total", "Turns of the event loop", Counter, now.ticks);
        add("hem_loop_resumes_total", "Resumes of tasks", Counter, now.resumes);
        add("hem_loop_wakeups_total", "Returns from a blocking wait", Counter, now.wakeups);
        add("hem_tasks", "Tasks alive", Gauge, now.tasks);
        add("hem_timers", "Timers armed", Gauge, now.timers);
        add("hem_io_waiters", "Tasks that wait for a descriptor", Gauge, now.io_waiters);
        add("hem_worker_jobs", "Worker jobs in flight", Gauge, now.outside_work);
    }
    return serialize(std::move(made));
}

// The family after `last`, or the first; empty when there is none. Families are never removed.
std::optional<prometheus::MetricFamily> next_family(const std::optional<std::string>& last) {
    registry& all = registry::get();
    const std::lock_guard guard(all.mutex);
    const auto at = last ? all.families.upper_bound(*last) : all.families.begin();
    if (at == all.families.end()) return std::nullopt;
    prometheus::MetricFamily made;
    made.name = at->first;
    made.help = at->second.help;
    made.type = at->second.type;
    for (const auto& [values, member] : at->second.members) made.metric.push_back(snapshot(at->second, values, member));
    return made;
}

}  // namespace
}  // namespace detail

counter::counter(std::string_view name, std::string_view help, labels with)
    : counter(name, help, std::span<const label>(with.begin(), with.size())) {}
counter::counter(std::string_view name, std::string_view help, std::span<const label> with) {
    detail::resolve(name, help, prometheus::MetricType::Counter, with, {}, [&](detail::series& of) {
        if (!of.as_counter) of.as_counter = std::make_unique<detail::counter_cell>();
        cell_ = of.as_counter.get();
    });
}
std::uint64_t counter::value() const noexcept { return detail::total(cell_->shards); }

gauge::gauge(std::string_view name, std::string_view help, labels with) {
    detail::resolve(name, help, prometheus::MetricType::Gauge, {with.begin(), with.size()}, {}, [&](detail::series& of) {
        if (!of.as_gauge) of.as_gauge = std::make_unique<detail::gauge_cell>();
        cell_ = of.as_gauge.get();
    });
}

histogram::histogram(std::string_view name, std::string_view help, labels with, std::span<const double> bounds) {
    if (std::adjacent_find(bounds.begin(), bounds.end(), [](double a, double b) { return !(a < b); }) != bounds.end()) {
        throw usage_error("metric '" + std::string(name) + "': bounds must rise");
    }
    detail::resolve(name, help, prometheus::MetricType::Histogram, {with.begin(), with.size()}, bounds, [&](detail::series& of) {
        if (!of.as_histogram) of.as_histogram = std::make_unique<detail::histogram_cell>(bounds);
        cell_ = of.as_histogram.get();
    });
}
void histogram::observe(double value) const noexcept {
    if (std::isnan(value)) return;
    const auto& bounds = cell_->bounds;
    const auto at = static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
    cell_->counts[at].fetch_add(1, std::memory_order_relaxed);
    cell_->sums[detail::shard_index()].sum.fetch_add(value, std::memory_order_relaxed);
}
std::uint64_t histogram::count() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= cell_->bounds.size(); ++i) sum += cell_->counts[i].load(std::memory_order_relaxed);
    return sum;
}
double histogram::sum() const noexcept { return detail::total_sum(cell_->sums); }

task<std::string> scrape() {
    std::string text = detail::built_in();
    std::optional<std::string> last;
    while (auto family = detail::next_family(last)) {
        last = family->name;
        std::vector<prometheus::MetricFamily> one;
        one.push_back(std::move(*family));
        text += detail::serialize(std::move(one));
        co_await yield_now();
    }
    co_return text;
}

std::string expose() {
    std::string text = detail::built_in();
    std::optional<std::string> last;
    while (auto family = detail::next_family(last)) {
        last = family->name;
        std::vector<prometheus::MetricFamily> one;
        one.push_back(std::move(*family));
        text += detail::serialize(std::move(one));
    }
    return text;
}

}  // namespace hem::metrics
