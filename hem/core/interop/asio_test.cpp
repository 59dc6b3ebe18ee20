// Asio's operations in tasks, and both loops on one thread. Built where Asio is installed (./dev setup test).
#if __has_include(<asio.hpp>)

#include "hem/core/interop/asio.hpp"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using namespace std::chrono_literals;

// An io_context on a thread of its own.
struct asio_thread {
    asio::io_context context;
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
    std::thread thread{[this] { context.run(); }};
    ~asio_thread() {
        work.reset();
        context.stop();
        thread.join();
    }
};

struct pair_of_sockets {
    explicit pair_of_sockets(asio::io_context& context) : left(context), right(context) { asio::local::connect_pair(left, right); }
    asio::local::stream_protocol::socket left, right;
};

task<std::string> send_and_receive(pair_of_sockets& sockets, std::string text) {
    co_await asio::async_write(sockets.left, asio::buffer(text), use_hem);
    std::string received(text.size(), '\0');
    const std::size_t got = co_await asio::async_read(sockets.right, asio::buffer(received), use_hem);
    received.resize(got);
    co_return received;
}

TEST(Asio, OperationsAreAwaitedAcrossThreads) {
    asio_thread other;
    pair_of_sockets sockets(other.context);
    EXPECT_EQ(run([&]() -> task<std::string> { co_return co_await send_and_receive(sockets, "hem"); }), "hem");
}

TEST(Asio, AnErrorCodeIsThrown) {
    asio_thread other;
    pair_of_sockets sockets(other.context);
    sockets.left.close();
    run([&]() -> task<> {
        std::string text(3, '\0');
        try {
            co_await asio::async_read(sockets.right, asio::buffer(text), use_hem);
            ADD_FAILURE() << "the end of the stream was no error";
        } catch (const asio::system_error& error) {
            EXPECT_EQ(error.code(), asio::error::eof);
        }
    });
}

// A cancelled await ends the operation and then throws `cancelled`; the socket is good afterwards.
TEST(Asio, ACancelledAwaitCancelsTheOperation) {
    asio_thread other;
    pair_of_sockets sockets(other.context);
    run([&]() -> task<> {
        std::string text(3, '\0');
        EXPECT_FALSE(co_await move_on_after(5ms, asio::async_read(sockets.right, asio::buffer(text), use_hem)));
        EXPECT_EQ(co_await send_and_receive(sockets, "again"), "again");
    });
}

TEST(Asio, BothLoopsRunOnOneThread) {
    asio::io_context context;
    pair_of_sockets sockets(context);
    const auto here = std::this_thread::get_id();
    const auto text = run_on(context, [&]() -> task<std::string> {
        bool handled = false;
        asio::post(context, [&] {
            EXPECT_EQ(std::this_thread::get_id(), here);
            handled = true;
        });
        auto received = co_await send_and_receive(sockets, "one thread");
        EXPECT_TRUE(handled);
        co_return received;
    });
    EXPECT_EQ(text, "one thread");
}

// Timers of both, in the order of their times; a worker's answer and a task that never waits for I/O reach the loop, too.
TEST(Asio, TimersOfBothFireInOrder) {
    asio::io_context context;
    std::string order;
    run_on(context, [&]() -> task<> {
        asio::steady_timer timer(context);
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                timer.expires_after(10ms);
                co_await timer.async_wait(use_hem);
                order += "asio;";
            });
            group.create_task([&]() -> task<> {
                co_await sleep_for(3ms);
                order += "hem;";
            });
            group.create_task([&]() -> task<> {
                co_await sleep_for(25ms);
                order += "later;";
            });
            co_return;
        });
        EXPECT_EQ(co_await to_thread([] { return 7; }), 7);
    });
    EXPECT_EQ(order, "hem;asio;later;");
}

// A handler of the context wakes a task; a task that keeps the loop busy does not keep handlers waiting.
TEST(Asio, NeitherStarvesTheOther) {
    asio::io_context context;
    run_on(context, [&]() -> task<> {
        event done;
        asio::post(context, [&] { done.set(); });
        co_await done.wait();
        bool handled = false;
        asio::post(context, [&] { handled = true; });
        int turns = 0;
        while (!handled && ++turns < 10'000) co_await yield_now();
        EXPECT_TRUE(handled);
    });
}

TEST(Asio, CancellationWorksOnOneThread) {
    asio::io_context context;
    pair_of_sockets sockets(context);
    run_on(context, [&]() -> task<> {
        std::string text(3, '\0');
        EXPECT_FALSE(co_await move_on_after(5ms, asio::async_read(sockets.right, asio::buffer(text), use_hem)));
    });
}

}  // namespace

#endif
