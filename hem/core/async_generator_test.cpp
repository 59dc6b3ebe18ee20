// Generators: the rules. What streams do with them is in streams_test.cpp.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

async_generator<int> count_to(int n, bool& cleaned) {
    struct note {
        bool& flag;
        ~note() { flag = true; }
    } at_end{cleaned};
    for (int i = 1; i <= n; ++i) {
        co_await sleep_for(1s);
        co_yield i;
    }
}

//
ASYNC_TEST(Generator, CleansUpBeforeWithReturns) {
    bool cleaned = false;
    const int first = co_await with(count_to(9, cleaned), [](auto& stream) -> task<int> { co_return *co_await stream.next(); });
    EXPECT_EQ(first, 1);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(co_await collect(count_to(3, cleaned)), (std::vector<int>{1, 2, 3}));
}

//
ASYNC_TEST(Generator, AYieldInsideItsOwnScopeIsRefused) {
    auto wrong = []() -> async_generator<int> {
        detail::timed_scope scope;
        detail::scope_entry entry(scope);
        co_yield 1;
    };
    CO_EXPECT_THROW(co_await collect(wrong()), usage_error);
}

//
ASYNC_TEST(Generator, ErrorsComeOutOfTheStepAndTheEndStaysTheEnd) {
    auto fails = []() -> async_generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    co_await with(fails(), [](auto& stream) -> task<> {
        EXPECT_EQ(*co_await stream.next(), 1);
        CO_EXPECT_THROW(co_await stream.next(), std::runtime_error);
        EXPECT_FALSE(co_await stream.next());
        EXPECT_FALSE(co_await stream.next());
    });
}

//
ASYNC_TEST(Generator, ACancellationInAStepUnwindsTheGenerator) {
    bool cleaned = false;
    CO_EXPECT_THROW(co_await timeout(2500ms, collect(count_to(9, cleaned))), timeout_error);
    EXPECT_TRUE(cleaned);
}

}  // namespace
