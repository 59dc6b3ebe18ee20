// The runners that inject faults: R-129. Each must pass what is right and name what is wrong.
#include <gtest/gtest-spi.h>

#include <thread>

#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::cancel_at_every_await;
using hem::testing::fail_every_allocation;
using hem::testing::fail_every_operation;

//
TEST(CancelAtEveryAwait, NamesTheAwaitThatLosesSomething) {
    static int held = 0;
    EXPECT_NONFATAL_FAILURE(cancel_at_every_await(
                                []() -> task<> {
                                    held = 1;
                                    co_await sleep_for(1s);
                                    held = 0;
                                },
                                []() -> task<> {
                                    if (held != 0) throw std::runtime_error("still held");
                                    co_return;
                                }),
                            "the run cancelled at await 1 (sleep: the await at fault_runner_test.cpp:");
}

//
TEST(CancelAtEveryAwait, AnErrorInsteadOfTheCancellationFails) {
    EXPECT_NONFATAL_FAILURE(cancel_at_every_await([]() -> task<> {
                                bool interrupted = false;
                                try {
                                    co_await sleep_for(1s);
                                } catch (const cancelled&) {
                                    interrupted = true;
                                }
                                if (interrupted) throw std::runtime_error("lost");
                            }),
                            "it ended with std::runtime_error: lost");
}

//
TEST(CancelAtEveryAwait, ARunThatDoesNotEndFails) {
    EXPECT_NONFATAL_FAILURE(cancel_at_every_await([]() -> task<> {
                                bool interrupted = false;
                                try {
                                    co_await sleep_for(1s);
                                } catch (const cancelled&) {
                                    interrupted = true;
                                }
                                if (interrupted) co_await shield(2h, sleep_for(1h));
                            }),
                            "it ran on for more than 60 virtual seconds");
}

//
TEST(FailEveryAllocation, ReachesEachAllocationOnce) {
    int runs = 0;
    const auto allocations = fail_every_allocation([&]() -> task<> {
        ++runs;
        auto text = std::make_unique<std::string>(100, 'x');
        EXPECT_EQ(text->size(), 100u);
        co_return;
    });
    EXPECT_EQ(allocations, 3u);  // the coroutine, the string, its text
    EXPECT_EQ(runs, 3);          // one without a fault, two that got beyond the coroutine's own frame
}

//
TEST(FailEveryAllocation, NamesTheAllocationThatLeaks) {
    EXPECT_NONFATAL_FAILURE(fail_every_allocation([]() -> task<> {
                                loop::current().call_later(1s, [] {});
                                std::string text(100, 'x');
                                co_await sleep_for(2s);
                            }),
                            "it left on the loop: 1 timers armed");
}

//
TEST(FailEveryAllocation, AnErrorThatIsNoBadAllocFails) {
    EXPECT_NONFATAL_FAILURE(fail_every_allocation([]() -> task<> {
                                bool failed = false;
                                try {
                                    std::string text(100, 'x');
                                } catch (const std::bad_alloc&) {
                                    failed = true;
                                }
                                if (failed) throw std::runtime_error("something else");
                                co_return;
                            }),
                            "it ended with std::runtime_error: something else");
}

TEST(AllocationCount, CountsThisThreadsCallsOfOperatorNew) {
    const auto before = hem::testing::allocation_count();
    auto text = std::make_unique<std::string>(100, 'x');
    std::thread([] { std::string other(100, 'y'); }).join();
    EXPECT_EQ(hem::testing::allocation_count() - before, 3u);  // string, text, and what std::thread keeps of its function
}

// A client and a server over loopback sockets.
task<> exchange_over_sockets() {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            auto accepted = co_await listener.accept();
            char block[16];
            const auto size = co_await accepted.read_some(block);
            co_await accepted.write_all(std::string_view(block, size));
        });
        auto client = co_await net::connect(listener.local());
        co_await client.write_all("ping");
        char block[16];
        std::size_t got = 0;
        while (got < 4) {
            const auto size = co_await client.read_some(std::span(block).subspan(got));
            if (size == 0) throw network_error("the peer closed early");
            got += size;
        }
        group.cancel("done");
    });
}

//
TEST(FailEveryOperation, RealSocketsFailCleanlyAtEachCall) { EXPECT_GT(fail_every_operation(exchange_over_sockets), 8u); }

//
TEST(FailEveryOperation, NamesTheOperationAndItsError) {
    std::string error;
    fail_every_operation([&]() -> task<> {
        try {
            auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
        } catch (const network_error& e) {
            error += std::string(e.what()) + "\n";
        }
        co_return;
    });
    EXPECT_NE(error.find("Address already in use"), std::string::npos) << error;
    EXPECT_NE(error.find("Too many open files"), std::string::npos) << error;
}

//
TEST(FailEveryOperation, AnUnexpectedErrorFails) {
    EXPECT_NONFATAL_FAILURE(fail_every_operation([]() -> task<> {
                                bool failed = false;
                                try {
                                    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
                                } catch (const network_error&) {
                                    failed = true;
                                }
                                if (failed) throw std::logic_error("cannot happen");
                                co_return;
                            }),
                            "cannot happen");
}

//
TEST(CancelAtEveryAwait, ConnectingAndTalkingOverSocketsLosesNothing) { EXPECT_GT(cancel_at_every_await(exchange_over_sockets), 0u); }

}  // namespace
