// The log's promises: LG-1 fields travel, LG-2 forms, LG-3 nothing waits, LG-4 nothing forges, LG-5 secrets stay, LG-8 reports.
#include "hem/telemetry/log.hpp"

#include <pty.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "hem/core.hpp"
#include "hem/telemetry/detail/log_record.hpp"
#include "hem/telemetry/detail/log_ring.hpp"
#include "hem/telemetry/metrics.hpp"
#include "hem/telemetry/trace.hpp"
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

// LG-1
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

// LG-2
ASYNC_TEST(Log, LG2_ConsoleForm) {
    captured lines(log::form::console);
    log::warning("slow", {{"path", "/a b"}, {"took", 2s}, {"empty", ""}});
    EXPECT_TRUE(lines.text.starts_with("2025-01-01 00:00:00.000 warning slow path=\"/a b\" took=2 empty=\"\"  (")) << lines.text;
    EXPECT_TRUE(lines.text.ends_with(")\n"));
    co_return;
}

// LG-1
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

// LG-1
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

// LG-2
ASYNC_TEST(Log, LG2_EachRecordSaysLoopTaskTraceAndPlace) {
    for (const auto form : {log::form::json, log::form::console}) {
        captured lines(form);
        log::info("without");
        EXPECT_FALSE(has(lines.text, "trace")) << lines.text;
        lines.text.clear();
        const auto entered = hem::trace::enter(*hem::trace::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
            group.create_task(hem::create_task_options{.name = "child"}, []() -> hem::task<> {
                log::info("in_child");
                co_return;
            });
            co_return;
        });
        const auto number = std::to_string(hem::loop::current().id());
        if (form == log::form::json) {
            EXPECT_TRUE(
                has(lines.text, "\"event\":\"in_child\",\"loop\":" + number +
                                    ",\"task\":\"child\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"place\":\"log_test.cpp:"))
                << lines.text;
        } else {
            EXPECT_TRUE(has(lines.text, "in_child  (loop " + number + ", child at log_test.cpp:")) << lines.text;
            EXPECT_TRUE(lines.text.ends_with(", trace 4bf92f3577b34da6a3ce929d0e0e4736)\n")) << lines.text;
        }
        lines.text.clear();
        co_await hem::to_thread([] { log::info("in_worker"); });
        EXPECT_TRUE(has(lines.text, "4bf92f3577b34da6a3ce929d0e0e4736")) << lines.text;
        EXPECT_FALSE(has(lines.text, "loop")) << lines.text;
    }
}

// LG-2
TEST(Log, LG2_ConsoleOnATerminalJsonElsewhere) {
    int master = -1, terminal = -1;
    ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, nullptr), 0);
    const int kept = ::dup(STDERR_FILENO);
    const auto written_to_stderr = [&] {
        ::dup2(terminal, STDERR_FILENO);
        log::set_sink(nullptr);
        log::error("shown", {{"n", 1}});
        ::dup2(kept, STDERR_FILENO);
        char text[512];
        const auto size = ::read(master, text, sizeof text);
        return std::string(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    };
    ::unsetenv("NO_COLOR");
    const auto colored = written_to_stderr();
    EXPECT_TRUE(has(colored, "\x1b[31merror  \x1b[0m shown n=1")) << colored;
    ::setenv("NO_COLOR", "1", 1);
    const auto plain = written_to_stderr();
    ::unsetenv("NO_COLOR");
    EXPECT_TRUE(has(plain, "error   shown n=1")) << plain;
    EXPECT_FALSE(has(plain, "\x1b")) << plain;
    for (const int fd : {kept, terminal, master}) ::close(fd);
    testing::internal::CaptureStderr();  // a file
    log::set_sink(nullptr);
    log::error("kept");
    EXPECT_TRUE(has(testing::internal::GetCapturedStderr(), "\"event\":\"kept\""));
    log::set_sink(nullptr);
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

// LG-4
TEST(Log, LG4_ControlCharactersAreEscaped) {
    EXPECT_EQ(escaped("a\nb\r\t\x1b[31m\x7f\"\\"), "a\\nb\\r\\t\\u001b[31m\\u007f\\\"\\\\");
    EXPECT_EQ(escaped("\xC2\x85\xE2\x80\xAE\xE2\x80\xA8"), "\\u0085\\u202e\\u2028");
    EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\u0000");
    EXPECT_EQ(escaped("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8D"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8D");
}

// LG-4
TEST(Log, LG4_InvalidUtf8IsMarked) {
    EXPECT_EQ(escaped("a\xFFz"), "a\xEF\xBF\xBDz");
    EXPECT_EQ(escaped("\xC3"), "\xEF\xBF\xBD");
    EXPECT_EQ(escaped("\xC0\x8A"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // an overlong newline
    EXPECT_EQ(escaped("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

// LG-4
TEST(Log, LG4_NoFieldForgesARecord) {
    for (const auto form : {log::form::json, log::form::console}) {
        captured lines(form);
        const std::string forged = "x\"}\n{\"level\":\"error\"} 2025-01-01 00:00:00.000 error fake";
        auto bound = log::bind({{forged, forged}, {"trace_id", "mine"}});
        log::info("login", {{"user", forged}, {forged, 1}, {"level", "error"}, {"loop", 7}});
        EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 1) << lines.text;
        EXPECT_TRUE(has(lines.text, form == log::form::json ? "\"level_\":\"error\"" : "level_=error")) << lines.text;
        EXPECT_TRUE(has(lines.text, form == log::form::json ? "\"loop_\":7" : "loop_=7")) << lines.text;
        EXPECT_TRUE(has(lines.text, form == log::form::json ? "\"trace_id_\":\"mine\"" : "trace_id_=mine")) << lines.text;
    }
}

// LG-4
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

// LG-5
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

// LG-6
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

// LG-3
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

// LG-8
TEST(LogInstalled, LG8_EveryKindOfReportIsARecordAndACounter) {
    EXPECT_EXIT(
        {
            std::string text;
            struct to_string final : log::sink {
                explicit to_string(std::string& into) : out(into) {}
                void write(std::string_view lines) override { out += lines; }
                std::string& out;
            };
            log::set_sink(std::make_unique<to_string>(text), log::form::json);
            log::set_level(log::level::debug);
            log::install();
            using enum hem::report_kind;
            bool complete = true;
            for (const auto kind : {never_awaited, suppressed_error, swallowed_cancel, grace_expired, unclosed_resource, leak, pool_stuck,
                                    callback_misuse, interrupt_ignored, stall, deadlock, lint}) {
                hem::detail::send_report({kind, "what happened", "sync", std::source_location::current()});
                std::string name(hem::to_string(kind));
                std::replace(name.begin(), name.end(), ' ', '_');
                complete = complete && has(hem::metrics::expose(), "hem_reports_total{kind=\"" + name + "\"} 1");
                complete =
                    complete && log::flush(5s) && has(text, "\"kind\":\"" + name + "\",\"text\":\"what happened\",\"about\":\"sync\"");
            }
            log::set_sink(nullptr);
            std::exit(complete ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

// LG-2: the settings are read when the program starts, so the child is a program of its own.
TEST(LogInstalled, LG2_TheEnvironmentDecidesFormAndLevel) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    ::setenv("HEM_LOG", "console", 1);
    ::setenv("HEM_LOG_LEVEL", "error", 1);
    const auto log_both = [] {
        log::info("too_low");
        log::error("high_enough", {{"n", 1}});
        std::exit(log::current_level() == log::level::error ? 0 : 1);
    };
    EXPECT_EXIT(log_both(), testing::ExitedWithCode(0), "^[^\n]*error   high_enough n=1");
    ::setenv("HEM_LOG", "XML", 1);
    ::setenv("HEM_LOG_LEVEL", "loud", 1);
    EXPECT_EXIT(
        {
            log::install();
            std::exit(0);
        },
        testing::ExitedWithCode(0), "HEM_LOG_LEVEL.*debug, info, warning, error, off(.|\n)*\"variable\":\"HEM_LOG\",\"value\":\"XML\"");
    ::unsetenv("HEM_LOG");
    ::unsetenv("HEM_LOG_LEVEL");
    GTEST_FLAG_SET(death_test_style, "fast");
}

// LG-3
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

// LG-6
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
