#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <string>
#include <vector>

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

namespace {

// Counts up, one number every `gap`; notes its end.
hem::async_generator<int> counting(int from, int to, hem::duration gap, std::vector<std::string>* log = nullptr) {
    if (log) {
        co_await hem::scope_exit([log, from]() -> hem::task<> {
            co_await hem::sleep_for(1s);
            log->push_back("closed " + std::to_string(from));
        });
    }
    for (int i = from; i < to; ++i) {
        if (gap > 0s) co_await hem::sleep_for(gap);
        co_yield i;
    }
}

hem::async_generator<int> failing_after(int count) {
    for (int i = 0; i < count; ++i) co_yield i;
    throw std::runtime_error("source broke");
}

}  // namespace

ASYNC_TEST(Streams, MapFilterTakeAskForNoMoreThanIsNeeded) {
    int asked = 0;
    auto source = [&asked]() -> hem::async_generator<int> {
        for (;;) co_yield asked++;
    };
    auto doubled = [](int n) -> hem::task<std::string> {
        co_await hem::sleep_for(1s);
        co_return std::to_string(2 * n);
    };
    const auto result = co_await hem::collect(hem::take(hem::map(hem::filter(source(), [](int n) { return n % 3 == 0; }), doubled), 3));
    EXPECT_EQ(result, (std::vector<std::string>{"0", "6", "12"}));
    EXPECT_EQ(asked, 7);
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

//
ASYNC_TEST(Streams, NestedOnesCloseFromTheInnermostOutwards) {
    std::vector<std::string> log;
    auto outer = [&log](hem::async_generator<int> source) -> hem::async_generator<int> {
        co_await hem::scope_exit([&log]() -> hem::task<> {
            log.push_back("outer closed");
            co_return;
        });
        auto& items = co_await hem::detail::use_awaiter<hem::async_generator<int>>(std::move(source));
        while (auto item = co_await items.next()) co_yield *item;
    };
    co_await hem::with(outer(counting(1, 9, 0s, &log)), [&](auto& stream) -> hem::task<> {
        EXPECT_EQ(co_await stream.next(), 1);
        log.push_back("body done");
    });
    EXPECT_EQ(log, (std::vector<std::string>{"body done", "closed 1", "outer closed"}));
}

//
ASYNC_TEST(Streams, AnErrorOfTheSourceComesOutOfTheStepThatMetIt) {
    int seen = 0;
    auto read = [&]() -> hem::task<> { co_await hem::for_each(hem::map(failing_after(2), [](int n) { return n; }), [&](int) { ++seen; }); };
    CO_EXPECT_THROW(co_await read(), std::runtime_error);
    EXPECT_EQ(seen, 2);
    seen = 0;
    auto read_ahead = [&]() -> hem::task<> { co_await hem::for_each(hem::buffered(failing_after(2), 8), [&](int) { ++seen; }); };
    CO_EXPECT_THROW(co_await read_ahead(), std::runtime_error);
    EXPECT_EQ(seen, 2);
}

ASYNC_TEST(Streams, BufferedRunsAheadOfItsConsumer) {
    // 1 s to make an item, 1 s to use it: side by side 5 items take 6 s, in turn they would take 10 s.
    co_await hem::for_each(hem::buffered(counting(0, 5, 1s), 2), [](int) -> hem::task<> { co_await hem::sleep_for(1s); });
    EXPECT_EQ(virtual_clock::elapsed(), 6s);
}

ASYNC_TEST(Streams, BufferedHoldsNoMoreThanItsBuffer) {
    int made = 0;
    auto source = [&made]() -> hem::async_generator<int> {
        for (;;) co_yield made++;
    };
    co_await hem::with(hem::buffered(source(), 3), [&](auto& stream) -> hem::task<> {
        co_await hem::testing::wait_all_tasks_blocked();
        EXPECT_EQ(made, 4);  // three in the buffer, one on its way
        EXPECT_EQ(co_await stream.next(), 0);
    });
    CO_EXPECT_THROW((void)hem::buffered(source(), 0), std::invalid_argument);
    co_return;
}

ASYNC_TEST(Streams, MergeGivesItemsAsTheyComeAndEndsWithTheLast) {
    std::vector<int> seen;
    co_await hem::for_each(hem::merge(counting(0, 2, 2s), counting(10, 13, 3s)), [&](int n) { seen.push_back(n); });
    EXPECT_EQ(seen, (std::vector<int>{0, 10, 1, 11, 12}));
    EXPECT_EQ(virtual_clock::elapsed(), 9s);
}

ASYNC_TEST(Streams, LeavingEarlyClosesEverySource) {
    std::vector<std::string> log;
    const int first =
        co_await hem::with(hem::merge(counting(1, 9, 1s, &log), counting(50, 90, 20s, &log)), [&](auto& stream) -> hem::task<int> {
            auto item = co_await stream.next();
            co_return *item;
        });
    EXPECT_EQ(first, 1);
    EXPECT_EQ(log.size(), 2u);
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
}

ASYNC_TEST(Streams, AMergedSourcesErrorEndsTheOthers) {
    std::vector<std::string> log;
    auto read = [&]() -> hem::task<> { co_await hem::for_each(hem::merge(counting(1, 9, 5s, &log), failing_after(1)), [](int) {}); };
    CO_EXPECT_THROW(co_await read(), std::runtime_error);
    EXPECT_EQ(log, std::vector<std::string>{"closed 1"});
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

//
ASYNC_TEST(With, SeveralResourcesCloseInReverse) {
    std::vector<std::string> log;
    struct resource {
        std::vector<std::string>* log;
        std::string name;
        hem::task<> aclose() {
            co_await hem::sleep_for(1s);
            log->push_back(name);
        }
    };
    auto opening = [&log]() -> hem::task<resource> { co_return resource{&log, "second"}; };
    const auto names = co_await hem::with(resource{&log, "first"}, opening(), counting(4, 9, 0s),
                                          [](resource& a, resource& b, auto& numbers) -> hem::task<std::string> {
                                              auto number = co_await numbers.next();
                                              co_return a.name + b.name + std::to_string(*number);
                                          });
    EXPECT_EQ(names, "firstsecond4");
    EXPECT_EQ(log, (std::vector<std::string>{"second", "first"}));
}

//
ASYNC_TEST(Generator, AStepBesideAStepIsBusy) {
    co_await hem::with(counting(0, 3, 1s), [](auto& stream) -> hem::task<> {
        co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
            group.create_task([&]() -> hem::task<> { EXPECT_EQ(co_await stream.next(), 0); });
            co_await hem::testing::wait_all_tasks_blocked();
            CO_EXPECT_THROW(co_await stream.next(), hem::busy_resource);
        });
        EXPECT_EQ(co_await stream.next(), 1);
    });
}

//
ASYNC_TEST(Generator, YieldingWhileItIsClosedIsMisuse) {
    auto stubborn = []() -> hem::async_generator<int> {
        for (int i = 0;; ++i) {
            bool closing = false;
            try {
                co_yield i;
            } catch (const hem::generator_exit&) {
                closing = true;
            }
            if (closing) co_yield -1;
        }
    };
    auto read = [&]() -> hem::task<> {
        co_await hem::with(stubborn(), [](auto& stream) -> hem::task<> { EXPECT_EQ(co_await stream.next(), 0); });
    };
    CO_EXPECT_THROW(co_await read(), hem::usage_error);
}

TEST(Streams, SurviveACancellationAtEveryAwait) {
    hem::testing::cancel_at_every_await([]() -> hem::task<> {
        auto merged = hem::merge(counting(0, 3, 1s), hem::map(counting(10, 13, 2s), [](int n) { return n + 1; }));
        co_await hem::for_each(std::move(merged), [](int) -> hem::task<> { co_await hem::yield_now(); });
    });
}
