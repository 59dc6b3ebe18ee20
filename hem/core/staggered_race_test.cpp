// staggered_race: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

// A candidate that notes when it starts, and gives its number or an error after a while.
struct candidate {
    int number;
    duration takes;
    bool fails;
    std::vector<std::pair<int, duration>>* starts;

    task<int> operator()() const {
        starts->emplace_back(number, virtual_clock::elapsed());
        co_await sleep_for(takes);
        if (fails) throw std::runtime_error("candidate " + std::to_string(number));
        co_return number;
    }
};

// delay 1 s; A fails at 0.3 s, B needs 5 s, C needs 0.5 s: B starts at 0.3 s, C at 1.3 s and wins at 1.8 s.
ASYNC_TEST(StaggeredRace, AFailureStartsTheNextAtOnce) {
    std::vector<std::pair<int, duration>> starts;
    std::vector<candidate> candidates{
        {0, 300ms, true, &starts}, {1, 5s, false, &starts}, {2, 500ms, false, &starts}, {3, 1s, false, &starts}};
    auto won = co_await staggered_race(1s, candidates);
    EXPECT_EQ(virtual_clock::elapsed(), 1800ms);
    EXPECT_EQ(won.value, 2);
    EXPECT_EQ(won.index, 2u);
    EXPECT_EQ(starts, (std::vector<std::pair<int, duration>>{{0, 0ms}, {1, 300ms}, {2, 1300ms}}));
    CO_ASSERT_EQ(won.others.size(), 3u);
    EXPECT_EQ(won.others[0].index, 0u);
    EXPECT_TRUE(won.others[0].outcome.error());
    EXPECT_TRUE(won.others[1].outcome.is_cancelled());
    EXPECT_EQ(won.others[2].index, 3u);
    EXPECT_TRUE(won.others[2].outcome.is_cancelled());  // never started
    EXPECT_EQ(loop::current().statistics().timers, 0u);
}

//
ASYNC_TEST(StaggeredRace, CandidatesThatAreNotNeededNeverRun) {
    std::vector<std::pair<int, duration>> starts;
    auto won = co_await staggered_race(250ms, candidate{0, 100ms, false, &starts}, candidate{1, 1ms, false, &starts});
    EXPECT_EQ(won.value, 0);
    EXPECT_EQ(starts.size(), 1u);
    EXPECT_EQ(virtual_clock::elapsed(), 100ms);
}

ASYNC_TEST(StaggeredRace, AllFailuresLeaveTogether) {
    std::vector<std::pair<int, duration>> starts;
    try {
        (void)co_await staggered_race(1s, candidate{0, 3s, true, &starts}, candidate{1, 500ms, true, &starts});
        ADD_FAILURE();
    } catch (const exception_group& group) {
        CO_ASSERT_EQ(group.errors().size(), 2u);
        std::string order;
        group.handle<std::runtime_error>([&](const std::runtime_error& error) { order += error.what() + std::string("; "); });
        EXPECT_EQ(order, "candidate 1; candidate 0; ");
    }
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// the delay runs anew from each start, a failure included.
ASYNC_TEST(StaggeredRace, TheDelayRunsFromTheLatestStart) {
    std::vector<std::pair<int, duration>> starts;
    auto won = co_await staggered_race(1s, candidate{0, 10s, false, &starts}, candidate{1, 500ms, true, &starts},
                                       candidate{2, 10s, false, &starts}, candidate{3, 100ms, false, &starts});
    EXPECT_EQ(starts, (std::vector<std::pair<int, duration>>{{0, 0s}, {1, 1s}, {2, 1500ms}, {3, 2500ms}}));
    EXPECT_EQ(won.index, 3u);
    EXPECT_EQ(virtual_clock::elapsed(), 2600ms);
}

// a cancel of the caller reaches every candidate, and none starts any more.
ASYNC_TEST(StaggeredRace, ACancelledCallerEndsEveryCandidate) {
    std::vector<std::pair<int, duration>> starts;
    int left = 0;
    auto lingers = [&]() -> task<int> {
        starts.emplace_back(0, virtual_clock::elapsed());
        co_await finally(sleep_forever(), [&left]() -> task<> {
            co_await sleep_for(2s);
            ++left;
        });
        co_return 0;
    };
    std::vector<callable<task<int>()>> candidates;
    for (int i = 0; i < 4; ++i) candidates.emplace_back(lingers);
    EXPECT_FALSE(co_await move_on_after(1500ms, staggered_race(1s, std::move(candidates))));
    EXPECT_EQ(starts.size(), 2u);
    EXPECT_EQ(left, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 3500ms);
}

ASYNC_TEST(StaggeredRace, NothingIsRefusedAndVoidIsAValue) {
    CO_EXPECT_THROW((void)co_await staggered_race(1s, std::vector<callable<task<int>()>>()), std::invalid_argument);
    auto won = co_await staggered_race(1s, []() -> task<> { co_await sleep_for(2s); }, []() -> task<> { co_await sleep_for(500ms); });
    EXPECT_EQ(won.index, 1u);
    EXPECT_EQ(virtual_clock::elapsed(), 1500ms);
}

//
TEST(StaggeredRace, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        std::vector<std::pair<int, duration>> starts;
        auto won = co_await staggered_race(1s, candidate{0, 5s, false, &starts}, candidate{1, 500ms, true, &starts},
                                           candidate{2, 100ms, false, &starts});
        EXPECT_EQ(won.index, 2u);
        EXPECT_EQ(starts.size(), 3u);
    });
    EXPECT_GE(awaits, 3u);
}

}  // namespace
