// map_concurrent and its kin: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <iterator>
#include <sstream>

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

// Numbers 0, 1, 2 ... below `end`, read once: no size, no second pass. Counts what was read.
class numbers {
public:
    numbers(int end, int& read) : end_(end), read_(&read) {}
    struct iterator {
        using iterator_concept = std::input_iterator_tag;
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        numbers* source;
        int operator*() const {
            *source->read_ = std::max(*source->read_, source->at_ + 1);
            return source->at_;
        }
        iterator& operator++() {
            ++source->at_;
            return *this;
        }
        void operator++(int) { ++source->at_; }
        bool operator==(std::default_sentinel_t) const { return source->at_ >= source->end_; }
    };
    iterator begin() { return {this}; }
    std::default_sentinel_t end() const { return {}; }

private:
    int end_;
    int* read_;
    int at_ = 0;
};
static_assert(std::input_iterator<numbers::iterator> && !std::forward_iterator<numbers::iterator>);

// delays 5, 1, 1, 1 s with limit 2 end at 5 s.
ASYNC_TEST(MapConcurrent, IsASlidingWindow) {
    int alive = 0, peak = 0;
    std::vector<std::pair<int, duration>> started;
    const std::vector<int> delays{5, 1, 1, 1};
    auto results = co_await map_concurrent(delays,
                                           [&](int seconds) -> task<int> {
                                               started.emplace_back(seconds, virtual_clock::elapsed());
                                               peak = std::max(peak, ++alive);
                                               co_await sleep_for(std::chrono::seconds(seconds));
                                               --alive;
                                               co_return seconds * 10;
                                           },
                                           {.limit = 2});
    EXPECT_EQ(results, (std::vector<int>{50, 10, 10, 10}));
    EXPECT_EQ(peak, 2);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
    EXPECT_EQ(started[2], (std::pair<int, duration>(1, 1s)));
    EXPECT_EQ(started[3], (std::pair<int, duration>(1, 2s)));
}

// never more than the limit, whatever the delays.
ASYNC_TEST(MapConcurrent, NeverMoreThanTheLimitAreAlive) {
    int alive = 0, peak = 0;
    std::vector<int> items(200);
    for (auto& item : items) item = static_cast<int>(loop::current().random().below(50));
    auto results = co_await map_concurrent(items,
                                           [&](int milliseconds) -> task<int> {
                                               peak = std::max(peak, ++alive);
                                               co_await sleep_for(std::chrono::milliseconds(milliseconds));
                                               --alive;
                                               co_return milliseconds;
                                           },
                                           {.limit = 7});
    EXPECT_EQ(results, items);
    EXPECT_EQ(peak, 7);
}

// a range is pulled lazily; one that is read once needs no size.
ASYNC_TEST(MapConcurrent, PullsARangeAsCallsStart) {
    int read = 0;
    std::vector<int> ahead;
    auto results = co_await map_concurrent(numbers(20, read),
                                           [&](int number) -> task<int> {
                                               ahead.push_back(read - number);
                                               co_await sleep_for(1s);
                                               co_return number * 2;
                                           },
                                           {.limit = 4});
    CO_ASSERT_EQ(results.size(), 20u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i * 2);
    EXPECT_LE(*std::max_element(ahead.begin(), ahead.end()), 4);
    EXPECT_EQ(virtual_clock::elapsed(), 5s);

    std::istringstream text("the words of a stream are pulled one by one");
    struct words {
        std::istringstream& in;
        std::istream_iterator<std::string> begin() { return std::istream_iterator<std::string>(in); }
        std::istream_iterator<std::string> end() { return {}; }
    };
    std::size_t letters = 0;
    co_await for_each_concurrent(words{text},
                                 [&letters](const std::string& word) -> task<> {
                                     co_await yield_now();
                                     letters += word.size();
                                 },
                                 {.limit = 3});
    EXPECT_EQ(letters, 34u);
}

// what for_each_concurrent keeps depends on the limit, not on the length.
ASYNC_TEST(MapConcurrent, MemoryIsBoundedByTheLimit) {
    static int live = 0, peak = 0;
    live = peak = 0;
    struct counted {
        counted() { peak = std::max(peak, ++live); }
        counted(const counted&) { peak = std::max(peak, ++live); }
        counted(counted&&) noexcept { peak = std::max(peak, ++live); }
        counted& operator=(const counted&) = default;
        counted& operator=(counted&&) = default;
        ~counted() { --live; }
    };
    struct source {
        struct iterator {
            using iterator_concept = std::input_iterator_tag;
            using value_type = counted;
            using difference_type = std::ptrdiff_t;
            int* left;
            counted operator*() const { return {}; }
            iterator& operator++() {
                --*left;
                return *this;
            }
            void operator++(int) { --*left; }
            bool operator==(std::default_sentinel_t) const { return *left == 0; }
        };
        int left;
        iterator begin() { return {&left}; }
        std::default_sentinel_t end() const { return {}; }
    };
    auto polls = hem::testing::expect_report(report_kind::lint);  // 4 000 turns of each worker, and every one woke itself
    int calls = 0;
    co_await for_each_concurrent(source{20'000},
                                 [&calls](const counted&) -> task<> {
                                     ++calls;
                                     co_await yield_now();
                                 },
                                 {.limit = 5});
    EXPECT_EQ(calls, 20'000);
    EXPECT_EQ(live, 0);
    EXPECT_LE(peak, 5 * 3);
    EXPECT_EQ(loop::current().statistics().tasks, 1u);
}

//
ASYNC_TEST(MapConcurrent, TheFirstErrorCancelsTheWindow) {
    int calls = 0;
    std::vector<int> items(100);
    CO_EXPECT_THROW(co_await map_concurrent(items,
                                            [&](int) -> task<> {
                                                if (++calls == 5) throw std::runtime_error("fifth");
                                                co_await sleep_for(1s);
                                            },
                                            {.limit = 10}),
                    std::runtime_error);
    EXPECT_LE(calls, 10);
    EXPECT_EQ(virtual_clock::elapsed(), 0s);
}

// calls that do not notice the cancellation are joined, and no further one starts.
ASYNC_TEST(MapConcurrent, AfterAnErrorNothingMoreStarts) {
    int calls = 0;
    std::vector<int> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    CO_EXPECT_THROW(co_await map_concurrent(items,
                                            [&](int item) -> task<> {
                                                ++calls;
                                                co_await shield(10s, sleep_for(std::chrono::seconds(1 + item)));
                                                if (item == 0) throw std::runtime_error("first");
                                            },
                                            {.limit = 3}),
                    std::runtime_error);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// an error of the range itself.
ASYNC_TEST(MapConcurrent, AnErrorOfTheRangeEndsIt) {
    struct failing {
        struct iterator {
            using iterator_concept = std::input_iterator_tag;
            using value_type = int;
            using difference_type = std::ptrdiff_t;
            int* at;
            int operator*() const {
                if (*at == 4) throw std::out_of_range("cannot read item 4");
                return *at;
            }
            iterator& operator++() {
                ++*at;
                return *this;
            }
            void operator++(int) { ++*at; }
            bool operator==(std::default_sentinel_t) const { return *at == 10; }
        };
        int at = 0;
        iterator begin() { return {&at}; }
        std::default_sentinel_t end() const { return {}; }
    };
    int done = 0;
    auto call = [&done](int) -> task<> {
        co_await sleep_for(1s);
        ++done;
    };
    CO_EXPECT_THROW(co_await for_each_concurrent(failing(), call, {.limit = 2}), std::out_of_range);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    CO_EXPECT_THROW(co_await for_each_concurrent(failing(), call, {.limit = 6}), std::out_of_range);  // while the window fills
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

//
ASYNC_TEST(MapConcurrent, SettledGivesEveryOutcomeInInputOrder) {
    std::vector<int> items{3, 1, 2};
    auto outcomes = co_await map_concurrent_settled(items,
                                                    [](int item) -> task<int> {
                                                        co_await sleep_for(std::chrono::seconds(item));
                                                        if (item == 1) throw std::logic_error("each");
                                                        co_return item * 10;
                                                    },
                                                    {.limit = 3});
    CO_ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].value(), 30);
    EXPECT_THROW(outcomes[1].value(), std::logic_error);
    EXPECT_EQ(outcomes[2].value(), 20);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(MapConcurrent, ACancelledCallerCancelsAndJoinsTheCalls) {
    int left = 0;
    std::vector<int> items(10);
    auto call = [&left](int) -> task<> {
        co_await finally(sleep_forever(), [&left]() -> task<> {
            co_await sleep_for(1s);
            ++left;
        });
    };
    EXPECT_FALSE(co_await move_on_after(1s, map_concurrent(items, call, {.limit = 4})));
    EXPECT_EQ(left, 4);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_FALSE(co_await move_on_after(1s, [](std::vector<int>& all) -> task<> {
        (void)co_await map_concurrent_settled(all, [](int) -> task<> { co_await sleep_forever(); }, {.limit = 4});
    }(items)));
}

//
ASYNC_TEST(MapConcurrent, OfNothingIsEmpty) {
    auto call = [](int item) -> task<int> { co_return item; };
    EXPECT_TRUE((co_await map_concurrent(std::vector<int>(), call, {.limit = 3})).empty());
    CO_EXPECT_THROW(co_await map_concurrent(std::vector<int>(), call, {.limit = 0}), std::invalid_argument);
    EXPECT_EQ((co_await map_concurrent(std::vector<int>{1, 2}, call, unbounded)), (std::vector<int>{1, 2}));
}

//
TEST(MapConcurrent, LeavesNothingBehindWhereverItIsCancelled) {
    const auto awaits = hem::testing::cancel_at_every_await([]() -> task<> {
        int read = 0;
        auto call = [](int item) -> task<int> {
            co_await sleep_for(std::chrono::seconds(item % 3));
            co_return item;
        };
        EXPECT_EQ((co_await map_concurrent(numbers(7, read), call, {.limit = 3})).size(), 7u);
        auto outcomes = co_await map_concurrent_settled(numbers(4, read), call, {.limit = 2});
        EXPECT_EQ(outcomes.size(), 4u);
    });
    EXPECT_GE(awaits, 12u);
}

}  // namespace
