// The log's promises: LG-1 fields travel, LG-2 forms, LG-3 nothing waits, LG-4 nothing forges, LG-5 secrets stay, LG-8 reports.
#include "hem/telemetry/log.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "hem/core.hpp"
#include "hem/telemetry/detail/log_record.hpp"
#include "hem/telemetry/detail/log_ring.hpp"
#include "hem/telemetry/metrics.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
namespace log = hem::log;

// Everything that is logged while it lives, in one form.
class captured {
public:
    explicit captured(log::form form) : level_(log::current_level()) {
        struct to_string final : log::sink {
            explicit to_string(std::string& into) : out(into) {}
            void write(std::string_view lines) override { out += lines; }
            std::string& out;
        };
        log::set_level(log::level::debug);
        log::set_sink(std::make_unique<to_string>(text), form);
    }
    ~captured() {
        log::set_sink(nullptr);
        log::set_level(level_);
    }
    captured(const captured&) = delete;
    std::string text;

private:
    log::level level_;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::string escaped(std::string_view text) {
    std::string out;
    log::detail::append_escaped(out, text);
    return out;
}

ASYNC_TEST(Log, LG1_EventAndFieldsInJson) {
    captured lines(log::form::json);
    const auto error = std::make_exception_ptr(std::runtime_error("no route"));
    log::info("orders_fetch_failed", {{"error", error}, {"user", 7}, {"ratio", 0.5}, {"again", true}, {"took", 1500ms}, {"name", "Ann"}});
    EXPECT_TRUE(lines.text.starts_with(R"({"time":"2025-01-01T00:00:00.000000Z","level":"info","event":"orders_fetch_failed")"))
        << lines.text;
    EXPECT_TRUE(has(lines.text, R"("place":"log_test.cpp:)")) << lines.text;
    EXPECT_TRUE(has(lines.text, "no route")) << lines.text;
    EXPECT_TRUE(lines.text.ends_with("\"user\":7,\"ratio\":0.5,\"again\":true,\"took\":1.5,\"name\":\"Ann\"}\n")) << lines.text;
    co_return;
}

ASYNC_TEST(Log, LG2_ConsoleForm) {
    captured lines(log::form::console);
    log::warning("slow", {{"path", "/a b"}, {"took", 2s}, {"empty", ""}});
    EXPECT_TRUE(lines.text.starts_with("2025-01-01 00:00:00.000 warning slow path=\"/a b\" took=2 empty=\"\"  (")) << lines.text;
    EXPECT_TRUE(lines.text.ends_with(")\n"));
    co_return;
}

ASYNC_TEST(Log, LG1_BoundFieldsTravelWithTheTask) {
    captured lines(log::form::json);
    {
        auto outer = log::bind({{"request", "r1"}, {"tenant", "a"}});
        co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
            group.create_task([]() -> hem::task<> {
                co_await hem::sleep_for(1s);
                auto inner = log::bind({{"tenant", "b"}});
                log::info("child", {{"n", 1}});
            });
            co_return;
        });
        log::info("parent", {{"request", "mine"}});
        co_await hem::to_thread([] { log::info("worker"); });
    }
    log::info("outside");
    EXPECT_TRUE(has(lines.text, "\"request\":\"r1\",\"tenant\":\"b\",\"n\":1}")) << lines.text;
    EXPECT_TRUE(has(lines.text, "\"tenant\":\"a\",\"request\":\"mine\"}")) << lines.text;
    EXPECT_TRUE(has(lines.text.substr(lines.text.find("\"event\":\"worker\"")), "\"request\":\"r1\"")) << lines.text;
    EXPECT_FALSE(has(lines.text.substr(lines.text.find("\"event\":\"outside\"")), "r1")) << lines.text;
    EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 4);
}

ASYNC_TEST(Log, LG1_BindAroundABody) {
    captured lines(log::form::json);
    const int seven = co_await log::bind({{"job", 12}}, []() -> hem::task<int> {
        log::info("inside");
        co_return 7;
    });
    log::info("after");
    EXPECT_EQ(seven, 7);
    EXPECT_TRUE(has(lines.text, "\"job\":12"));
    EXPECT_FALSE(has(lines.text.substr(lines.text.find("after")), "job"));
}

TEST(Log, LevelsBelowTheThresholdWriteNothing) {
    captured lines(log::form::json);
    log::set_level(log::level::warning);
    log::debug("a");
    log::info("b");
    log::error("c");
    EXPECT_FALSE(has(lines.text, "\"a\""));
    EXPECT_FALSE(has(lines.text, "\"b\""));
    EXPECT_TRUE(has(lines.text, "\"event\":\"c\""));
}

TEST(Log, LG4_ControlCharactersAreEscaped) {
    EXPECT_EQ(escaped("a\nb\r\t\x1b[31m\x7f\"\\"), "a\\nb\\r\\t\\u001b[31m\\u007f\\\"\\\\");
    EXPECT_EQ(escaped("\xC2\x85\xE2\x80\xAE\xE2\x80\xA8"), "\\u0085\\u202e\\u2028");
    EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\u0000");
    EXPECT_EQ(escaped("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8D"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8D");
}

TEST(Log, LG4_InvalidUtf8IsMarked) {
    EXPECT_EQ(escaped("a\xFFz"), "a\xEF\xBF\xBDz");
    EXPECT_EQ(escaped("\xC3"), "\xEF\xBF\xBD");
    EXPECT_EQ(escaped("\xC0\x8A"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // an overlong newline
    EXPECT_EQ(escaped("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

TEST(Log, LG4_NoFieldForgesARecord) {
    for (const auto form : {log::form::json, log::form::console}) {
        captured lines(form);
        const std::string forged = "x\"}\n{\"level\":\"error\"} 2025-01-01 00:00:00.000 error fake";
        log::info("login", {{"user", forged}, {forged, 1}, {"level", "error"}});
        EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 1) << lines.text;
        EXPECT_TRUE(has(lines.text, form == log::form::json ? "\"level_\":\"error\"" : "level_=error")) << lines.text;
    }
}

TEST(Log, LG4_LongFieldsAndRecordsAreCutVisibly) {
    captured lines(log::form::json);
    log::info("big", {{"body", std::string(1u << 20, 'x')}});
    EXPECT_LT(lines.text.size(), 9u << 10);
    EXPECT_TRUE(has(lines.text, "...(+1040384 bytes)"));
    lines.text.clear();
    const std::string worst(8u << 10, '\x01');
    log::info("bigger", {{"a", worst}, {"b", worst}, {"c", "short"}});
    EXPECT_LE(lines.text.size(), 64u << 10);
    EXPECT_TRUE(has(lines.text, "\"c\":\"short\",\"cut_fields\":1}\n")) << lines.text.substr(lines.text.size() - 80);
    lines.text.clear();
    log::info("cut", {{"text", std::string(8191, 'x') + "\xC3\xBC"}});  // never inside a character
    EXPECT_TRUE(has(lines.text, "x...(+2 bytes)"));
}

TEST(Log, LG5_SecretsAreMasked) {
    captured lines(log::form::json);
    log::info("request", {{"Authorization", "Bearer hunter2"},
                          {"set-cookie", "hunter2"},
                          {"password", 1234567},
                          {"access_token", "hunter2"},
                          {"X-API-Key", "hunter2"},
                          {"tokens", 5},
                          {"url", "https://ann:hunter2@host.example/a?b=c@d"},
                          {"two", "x://u:hunter2@h y://hunter2@h z"}});
    EXPECT_FALSE(has(lines.text, "hunter2")) << lines.text;
    EXPECT_FALSE(has(lines.text, "1234567"));
    EXPECT_TRUE(has(lines.text, "\"tokens\":5"));
    EXPECT_TRUE(has(lines.text, "https://host.example/a?b=c@d"));
    EXPECT_TRUE(has(lines.text, "x://h y://h z"));
}

TEST(Log, LG6_AFailingSinkFallsBackToStandardErrorAndSaysSo) {
    struct failing final : log::sink {
        void write(std::string_view) override { throw std::runtime_error("disk full"); }
    };
    log::set_sink(std::make_unique<failing>(), log::form::json);
    testing::internal::CaptureStderr();
    log::error("first");
    log::error("second");
    const auto text = testing::internal::GetCapturedStderr();
    log::set_sink(nullptr);
    EXPECT_TRUE(has(text, "log_sink_failed")) << text;
    EXPECT_TRUE(has(text, "disk full"));
    EXPECT_TRUE(has(text, "\"event\":\"first\""));
    EXPECT_TRUE(has(text, "\"event\":\"second\""));
    EXPECT_EQ(text.find("log_sink_failed"), text.rfind("log_sink_failed"));
}

TEST(Log, LG3_TheRingKeepsLinesWholeAndRefusesWhatDoesNotFit) {
    log::detail::log_ring ring;
    std::string out;
    const std::string line(60'000, 'a');
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(line));
    EXPECT_FALSE(ring.push(line));
    EXPECT_TRUE(ring.push("short\n"));
    EXPECT_TRUE(ring.drain(out));
    EXPECT_EQ(out.size(), 240'006u);
    EXPECT_FALSE(ring.drain(out));
    out.clear();
    const std::string wrapped(50'000, 'b');
    EXPECT_TRUE(ring.push(wrapped));  // across the end of the memory
    EXPECT_TRUE(ring.drain(out));
    EXPECT_EQ(out, wrapped);
}

TEST(Log, RotatingFileNamesThePathThatFails) {
    try {
        log::rotating_file_sink("/proc/no/such/folder/app.log");
        FAIL();
    } catch (const std::runtime_error& e) {
        EXPECT_TRUE(has(e.what(), "/proc/no/such/folder/app.log"));
    }
}

// In a child process: the writer thread lasts as long as the program.
TEST(LogInstalled, LG8_ReportsAreRecordsAndCounted) {
    EXPECT_EXIT(
        {
            log::set_sink(nullptr, log::form::json);
            log::install();
            hem::run([]() -> hem::task<> {
                auto never = []() -> hem::task<> { co_return; };
                {
                    [[maybe_unused]] hem::task<> dropped = never();
                }
                co_return;
            });
            const auto reported = hem::metrics::expose().find("hem_reports_total{kind=\"never_awaited\"} 1") != std::string::npos;
            std::exit(reported && log::flush(5s) ? 0 : 1);
        },
        testing::ExitedWithCode(0), "\"event\":\"runtime_report\".*\"kind\":\"never_awaited\"");
}

TEST(LogInstalled, LG3_RecordsOfAllThreadsAreWrittenAtExit) {
    EXPECT_EXIT(
        {
            log::set_sink(nullptr, log::form::json);
            log::install();
            std::thread other([] { log::error("from_thread"); });
            other.join();
            log::error("from_main");
            std::exit(0);
        },
        testing::ExitedWithCode(0), "from_(thread|main)(.|\n)*from_(thread|main)");
}

TEST(LogInstalled, LG6_FlushReturnsInTimeWithAStuckSink) {
    EXPECT_EXIT(
        {
            struct stuck final : log::sink {
                void write(std::string_view) override {
                    std::mutex never;
                    never.lock();
                    std::condition_variable gate;
                    std::unique_lock held(never, std::adopt_lock);
                    gate.wait(held, [] { return false; });
                }
            };
            log::set_sink(std::make_unique<stuck>(), log::form::json);
            log::install();
            const std::string filler(8000, 'x');
            for (int i = 0; i < 200; ++i) log::info("lost", {{"filler", filler}});
            const bool in_time = !log::flush(20ms);
            std::_Exit(in_time && log::dropped() > 0 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
