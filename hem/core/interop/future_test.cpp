#include "hem/core/interop/future.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;

task<int> add(int a, int b) {
    co_await yield_now();
    co_return a + b;
}

ASYNC_TEST(FromFuture, GivesTheValueOrTheError) {
    std::promise<int> ready, failed;
    ready.set_value(4);
    failed.set_exception(std::make_exception_ptr(std::out_of_range("future")));
    EXPECT_EQ(co_await from_future(ready.get_future()), 4);
    CO_EXPECT_THROW(co_await from_future(failed.get_future()), std::out_of_range);
    EXPECT_EQ(co_await from_future(std::async(std::launch::deferred, [] { return 5; })), 5);
    CO_EXPECT_THROW(co_await from_future(std::future<int>()), std::future_error);
    std::promise<void> later;
    auto pending = later.get_future();
    const std::jthread other([&later] { later.set_value(); });
    co_await from_future(std::move(pending));
}

// A cancelled wait leaves although the future is never ready.
TEST(FromFuture, ACancelledWaitLeaves) {
    std::promise<int> never;
    run([&]() -> task<> { EXPECT_FALSE(co_await move_on_after(5ms, from_future(never.get_future()))); });
}

TEST(ToFuture, RunsACoroutineForAThread) {
    std::future<void> cut;
    {
        auto portal = start_blocking_portal();
        EXPECT_EQ(to_future(portal.portal(), add, 1, 2).get(), 3);
        auto failed = to_future(portal.portal(), []() -> task<> {
            throw std::out_of_range("coroutine");
            co_return;
        });
        EXPECT_THROW(failed.get(), std::out_of_range);
        cut = to_future(portal.portal(), []() -> task<> { co_await sleep_forever(); });
        portal.call([] {});
        portal.close();
    }
    EXPECT_THROW(cut.get(), task_cancelled);
}

}  // namespace
