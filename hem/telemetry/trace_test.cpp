// Trace context by TR-1: in, out, through tasks and workers; what cannot be read starts a new trace.
#include "hem/telemetry/trace.hpp"

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
namespace trace = hem::trace;

constexpr std::string_view given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// TR-1
TEST(Trace, ATraceparentIsReadAndWrittenAlike) {
    const auto read = trace::parse_traceparent(given);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(read->span_id(), "00f067aa0ba902b7");
    EXPECT_EQ(read->flags, trace::sampled);
    EXPECT_EQ(read->traceparent(), given);
    EXPECT_EQ(trace::parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more")->traceparent(), given);
    EXPECT_EQ(trace::position().traceparent(), "");
    EXPECT_FALSE(trace::position());
}

// TR-1: a malformed one is none
TEST(Trace, WhatIsNoTraceparentIsRefused) {
    for (const std::string_view bad : {
             "",
             "00",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
             "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         }) {
        EXPECT_FALSE(trace::parse_traceparent(bad).has_value()) << bad;
    }
}

// TR-1
ASYNC_TEST(Trace, AServerContinuesTheTraceOrBeginsOne) {
    const auto mine = trace::continued(given, "vendor=1");
    EXPECT_EQ(mine.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_NE(mine.span_id(), "00f067aa0ba902b7");
    EXPECT_EQ(mine.state, "vendor=1");
    EXPECT_EQ(trace::continued(given, std::string(513, 'x')).state, "");
    const auto fresh = trace::continued("nonsense", "vendor=1");
    EXPECT_TRUE(fresh);
    EXPECT_NE(fresh.trace_id(), mine.trace_id());
    EXPECT_EQ(fresh.state, "");
    EXPECT_EQ(trace::child_of(fresh).trace_id(), fresh.trace_id());
    EXPECT_NE(trace::child_of(fresh).span, fresh.span);
    co_return;
}

// TR-1: lives in the task, not in the thread
ASYNC_TEST(Trace, TravelsWithTheTaskToChildrenAndWorkers) {
    EXPECT_FALSE(trace::current());
    std::vector<std::string> seen;
    const auto note = [&] { seen.push_back(trace::current().trace_id()); };
    std::string one, two;
    const auto request = [&](std::string& id, hem::duration pause) -> hem::task<> {
        const auto entered = trace::enter(trace::begin());
        id = trace::current().trace_id();
        co_await hem::sleep_for(pause);
        note();
        co_await hem::to_thread(std::ref(note));
    };
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(request, std::ref(one), 2s);
        group.create_task(request, std::ref(two), 1s);
        co_return;
    });
    EXPECT_NE(one, two);
    EXPECT_EQ(seen, (std::vector<std::string>{two, two, one, one}));
    EXPECT_FALSE(trace::current());
}

}  // namespace
