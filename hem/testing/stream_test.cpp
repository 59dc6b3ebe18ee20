// Streams in memory, and the check of what a stream promises.
#include <gtest/gtest-spi.h>

#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using namespace hem::testing;

ASYNC_TEST(MemoryStream, KeepsThePromisesOfStreams) {
    co_await check_two_way_stream([] { return memory_stream_pair(); });
    co_await check_two_way_stream([] { return memory_stream_pair(1); });
}

ASYNC_TEST(MemoryStream, ASmallOneHoldsTheWriter) {
    auto [first, second] = memory_stream_pair(4);
    co_await with_task_group([&first = first, &second = second](task_group& group) -> task<> {
        auto writing = group.create_task([&]() -> task<> { co_await first.write_all("123456"); });
        co_await wait_all_tasks_blocked();
        EXPECT_FALSE(writing.done());
        EXPECT_EQ(first.unsent_bytes(), 4u);
        char block[16];
        EXPECT_EQ(co_await second.read_some(block), 4u);
        EXPECT_EQ(co_await second.read_some(block), 2u);
    });
}

ASYNC_TEST(LockstepStream, AWriteGoesOnWhenARead) {
    auto [first, second] = lockstep_stream_pair();
    co_await with_task_group([&first = first, &second = second](task_group& group) -> task<> {
        auto writing = group.create_task([&]() -> task<> { co_await first.write_all("123456"); });
        co_await wait_all_tasks_blocked();
        EXPECT_FALSE(writing.done());
        EXPECT_EQ(first.bytes_written(), 0u);
        char block[4];
        EXPECT_EQ(co_await second.read_some(block), 4u);
        EXPECT_FALSE(writing.done());
        EXPECT_EQ(co_await second.read_some(block), 2u);
    });
}

ASYNC_TEST(LockstepStream, KeepsThePromisesOfStreams) {
    // Nothing is taken that nobody reads, so a peer that closed is noticed at once.
    co_await check_two_way_stream([] { return lockstep_stream_pair(); });
}

ASYNC_TEST(SocketStream, KeepsThePromisesOfStreams) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    co_await check_two_way_stream([&]() -> task<stream_pair> {
        auto first = co_await net::connect(listener.local());
        co_return stream_pair{std::move(first), co_await listener.accept()};
    });
}

ASYNC_TEST(SimulatedStream, KeepsThePromisesOfStreams) {
    simulated_network network({.latency = {1ms, 30ms}, .chunking = 1000, .loss = 0.1});
    auto listener = net::listener::open(net::endpoint::parse("test:0"));
    co_await check_two_way_stream([&]() -> task<stream_pair> {
        auto first = co_await net::connect(listener.local());
        co_return stream_pair{std::move(first), co_await listener.accept()};
    });
}

// Forgets every tenth byte.
struct broken_stream {
    net::socket_stream inner;
    HEM_CORO_WRAPPER task<std::size_t> read_some(std::span<char> into) { return inner.read_some(into); }
    task<> write_all(std::string_view bytes) {
        std::string kept;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (++count % 10 != 0) kept += bytes[i];
        }
        co_await inner.write_all(kept);
    }
    void shutdown_write() { inner.shutdown_write(); }
    void close() { inner.close(); }
    std::size_t count = 0;
};
struct broken_pair {
    broken_stream first;
    broken_stream second;
};

TEST(CheckStream, FindsAStreamThatLosesBytes) {
    ::testing::TestPartResultArray results;
    {
        const ::testing::ScopedFakeTestPartResultReporter reporter(
            ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
        run({.clock = clock_kind::virtual_time, .handle_interrupt = false}, []() -> task<> {
            co_await check_one_way_stream([]() {
                auto [first, second] = memory_stream_pair();
                return broken_pair{{std::move(first)}, {std::move(second)}};
            });
        });
    }
    ASSERT_GT(results.size(), 0);
    EXPECT_NE(std::string(results.GetTestPartResult(0).message()).find("arrive changed"), std::string::npos);
}

}  // namespace
