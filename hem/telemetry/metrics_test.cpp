// Counters, gauges, histograms and their text form.
#include "hem/telemetry/metrics.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

namespace metrics = hem::metrics;

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Metrics, MT1_TheSameNameAndLabelsAreOneSeries) {
    const metrics::counter a("test_same_total", "help", {{"method", "GET"}, {"route", "/x"}});
    const metrics::counter b("test_same_total", "help", {{"route", "/x"}, {"method", "GET"}});
    const metrics::counter other("test_same_total", "help", {{"method", "PUT"}, {"route", "/x"}});
    a.increment();
    b.increment(4);
    EXPECT_EQ(a.value(), 5u);
    EXPECT_EQ(other.value(), 0u);
}

TEST(Metrics, MT1_MisuseIsNamed) {
    const metrics::counter first("test_misuse_total", "help", {{"a", "1"}});
    EXPECT_THROW(metrics::gauge("test_misuse_total", "help", {{"a", "1"}}), hem::usage_error);
    EXPECT_THROW(metrics::counter("test_misuse_total", "help", {{"b", "1"}}), hem::usage_error);
    EXPECT_THROW(metrics::counter("test misuse", "help"), hem::usage_error);
    EXPECT_THROW(metrics::counter("test_label_total", "help", {{"__name__", "x"}}), hem::usage_error);
    EXPECT_THROW(metrics::counter("test_label_total", "help", {{"a", "x"}, {"a", "y"}}), hem::usage_error);
    const double falling[] = {2, 1};
    EXPECT_THROW(metrics::histogram("test_falling", "help", {}, falling), hem::usage_error);
}

TEST(Metrics, MT2_TextForm) {
    metrics::counter("test_text_total", "Things \\ counted", {{"path", "a\"b\nc"}}).increment(3);
    metrics::gauge("test_text_depth", "Depth").set(2.5);
    const double bounds[] = {1, 2};
    const metrics::histogram times("test_text_seconds", "Times", {}, bounds);
    for (const double value : {0.5, 1.0, 1.5, 9.0}) times.observe(value);
    const auto text = metrics::expose();
    EXPECT_TRUE(has(text, "# TYPE test_text_total counter\n")) << text;
    EXPECT_TRUE(has(text, "test_text_total{path=\"a\\\"b\\nc\"} 3\n")) << text;
    EXPECT_TRUE(has(text, "test_text_depth 2.5\n")) << text;
    EXPECT_TRUE(has(text, "test_text_seconds_bucket{le=\"1\"} 2\n")) << text;
    EXPECT_TRUE(has(text, "test_text_seconds_bucket{le=\"2\"} 3\n")) << text;
    EXPECT_TRUE(has(text, "test_text_seconds_bucket{le=\"+Inf\"} 4\n")) << text;
    EXPECT_TRUE(has(text, "test_text_seconds_count 4\n")) << text;
    EXPECT_TRUE(has(text, "test_text_seconds_sum 12\n")) << text;
}

TEST(Metrics, MT1_TooManySeriesFoldIntoOther) {
    for (int i = 0; i < 1200; ++i) metrics::counter("test_folded_total", "help", {{"user", std::to_string(i)}}).increment();
    EXPECT_EQ(metrics::counter("test_folded_total", "help", {{"user", "other"}}).value(), 200u);
    EXPECT_EQ(metrics::counter("test_folded_total", "help", {{"user", "7"}}).value(), 1u);
}

ASYNC_TEST(Metrics, MT2_ScrapeHasTheLoopsStatistics) {
    const auto text = co_await metrics::scrape();
    EXPECT_TRUE(has(text, "hem_tasks 1\n")) << text;
    EXPECT_TRUE(has(text, "hem_loop_ticks_total "));
    EXPECT_TRUE(has(text, "hem_log_dropped_total "));
}

}  // namespace
