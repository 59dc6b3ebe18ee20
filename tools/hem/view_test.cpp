#include "tools/hem/view.hpp"

#include <gtest/gtest.h>

#include "hem/model.hpp"

namespace {

const char* const sample =
    R"({"pid":42,"program":"shop","loops":[{"stuck":false,"snapshot":{"name":"main","id":1,"ticks":9,"timers":1,"lag_ms":0.25,
"stalls":0,"longest_stall_ms":0,"scopes":[],"tasks":[
{"id":1,"name":"main","state":"waiting","parent":0,"age_ms":5000,"resumes":4,"busy_ms":1,"waits_for":{"kind":"group.exit","at":"shop.cpp:9"},"stack":[]},
{"id":2,"name":"reader","state":"waiting","parent":1,"age_ms":4000,"resumes":10,"busy_ms":2,"waits_for":{"kind":"read","descriptor":7},"stack":[]},
{"id":3,"name":"wri\u0007ter","state":"waiting","parent":1,"age_ms":350,"resumes":2,"busy_ms":50,"waits_for":{"kind":"lock","name":"ledger","owner":"reader"},"stack":[]},
{"id":4,"name":"part","state":"ready","parent":3,"age_ms":1,"resumes":0,"busy_ms":0,"stack":[]}]}},
{"stuck":true,"snapshot":null}]})";

shown_program read(const char* text) { return hem::from_json<shown_program>(text); }

}  // namespace

TEST(TreeView, ShowsWhoWaitsForWhomAndWhatIsStuck) {
    EXPECT_EQ(tree_view(read(sample), {.columns = 0}), "shop, process 42\n"
                                                       "loop main: 4 tasks, 1 timers, 0 waiting for I/O, 0 jobs in threads, lag 250 us\n"
                                                       "main  5.0 s  waits for group.exit at shop.cpp:9\n"
                                                       "|- reader  4.0 s  waits for read on descriptor 7\n"
                                                       "`- wri?ter  350 ms  waits for lock 'ledger' of reader\n"
                                                       "   `- part  1 ms  ready\n"
                                                       "a loop does not answer: something blocks it (its stall report is in the log)\n");
}

TEST(Views, ShowCircuitBreakersBelowTheirLoop) {
    const auto program = read(R"({"pid":42,"program":"shop","loops":[{"stuck":false,"snapshot":{"name":"main","tasks":[]},"breakers":[
{"name":"mail","state":"closed","mode":"automatic","failures_in_row":0,"refused":0,"opened":0},
{"name":"se\u0007arch","state":"open","mode":"forced open","failures_in_row":2,"refused":7,"opened":1}]}]})");
    const std::string wanted =
        "breaker mail: closed\nbreaker se?arch: open, forced open until reset, 2 failures in a row, 7 calls refused\n";
    EXPECT_NE(tree_view(program, {.columns = 0}).find(wanted), std::string::npos) << tree_view(program, {.columns = 0});
    EXPECT_NE(top_view(program, nullptr, 0, {.columns = 0}).find(wanted), std::string::npos);
}

TEST(TreeView, WaitingShowsOnlyOldTasks) {
    const std::string text = tree_view(read(sample), {.waiting_longer_ms = 4000, .columns = 0});
    EXPECT_NE(text.find("reader"), std::string::npos);
    EXPECT_EQ(text.find("part"), std::string::npos);
}

TEST(TopView, SortsByTheTimeSinceTheLastLook) {
    auto before = read(sample);
    auto now = before;
    now.loops[0].snapshot->tasks[1].busy_ms += 500;
    now.loops[0].snapshot->tasks[1].resumes += 20;
    const std::string text = top_view(now, &before, 2, {.columns = 80});
    EXPECT_LT(text.find("reader"), text.find("main  "));
    EXPECT_NE(text.find("  25.0       10"), std::string::npos) << text;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) EXPECT_LE(end - begin, 80u);
    EXPECT_EQ(text.find("\x1b"), std::string::npos);
}

TEST(TopView, StopsAtTheLastRowOfTheTerminal) {
    const std::string text = top_view(read(sample), nullptr, 0, {.columns = 80, .rows = 3});
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(DescribeTime, KeepsFiguresShort) {
    EXPECT_EQ(describe_time(0.5), "500 us");
    EXPECT_EQ(describe_time(999), "999 ms");
    EXPECT_EQ(describe_time(61'000), "61.0 s");
    EXPECT_EQ(describe_time(7'300'000), "2.0 h");
}
