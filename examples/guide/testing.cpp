// Tests of asynchronous code: what docs/guide/testing.md shows, as one test program.
#include "hem/testing.hpp"

#include <string>
#include <vector>

#include "hem/http.hpp"
#include "hem/net.hpp"

namespace {

using namespace std::chrono_literals;

// [code]
// Under test: calls `f` until it succeeds, at most three times, a minute apart.
template <class F>
hem::task<int> patiently(F f) {
    for (int tries = 1;; ++tries) {
        try {
            co_return co_await f();
        } catch (const hem::network_error&) {
            if (tries == 3) throw;
        }
        co_await hem::sleep_for(1min);
    }
}
// [/code]

// [first]
ASYNC_TEST(Patiently, TriesAgainAfterAMinute) {
    int calls = 0;
    auto flaky = [&]() -> hem::task<int> {
        if (++calls < 3) throw hem::network_error("not yet");
        co_return 42;
    };
    EXPECT_EQ(co_await patiently(flaky), 42);
    EXPECT_EQ(hem::testing::virtual_clock::elapsed(), 2min);
}
// [/first]

// [order]
ASYNC_TEST(Queue, ServesWhoWaitedFirst) {
    hem::queue<int> queue(1);
    std::string trace;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (char name : std::string("ab")) {
            group.create_task([&, name]() -> hem::task<> { trace += name + std::to_string(co_await queue.get()); });
            co_await hem::testing::wait_all_tasks_blocked();  // now it waits
        }
        co_await queue.put(1);
        co_await queue.put(2);
    });
    EXPECT_EQ(trace, "a1b2");
}

ASYNC_TEST(Orders, AreForced) {
    hem::testing::sequencer seq;
    std::string trace;
    auto first = [&]() -> hem::task<> {
        co_await seq(0);
        trace += "open ";
        co_await seq(2);
        trace += "close";
    };
    auto second = [&]() -> hem::task<> {
        co_await seq(1);
        trace += "use ";
    };
    co_await hem::gather(first(), second());
    EXPECT_EQ(trace, "open use close");
}
// [/order]

// [faults]
// Moves an amount from one account to the other; both must change or none.
hem::task<> transfer(std::vector<int>& accounts, hem::lock& lock) {
    auto guard = co_await lock.acquire();
    co_await hem::sleep_for(1s);  // asks whether this is allowed
    accounts[0] -= 10;
    accounts[1] += 10;
}

TEST(Transfer, IsAllOrNothingWhateverHappens) {
    std::vector<int> accounts;
    auto run = [&]() -> hem::task<> {
        accounts = {100, 0};
        hem::lock lock;
        co_await hem::gather(transfer(accounts, lock), transfer(accounts, lock));
    };
    auto check = [&]() -> hem::task<> {
        EXPECT_EQ(accounts[0] + accounts[1], 100);
        co_return;
    };
    hem::testing::cancel_at_every_await(run, check);
    hem::testing::fail_every_allocation(run, check);
}
// [/faults]

// [network]
hem::task<> serve() {
    auto answer = [](hem::http::request&) -> hem::task<hem::http::response> {
        co_return hem::http::response(200, "hello", hem::http::content_type::text);
    };
    hem::http::server server(answer, {.bind = {"0.0.0.0:8000"}, .limits = {.drain_grace = 1s}});
    co_await server.serve();
}

ASYNC_TEST(Client, GivesUpAfterThreeSecondsAndRecovers) {
    hem::testing::simulated_network network({.latency = {1ms, 20ms}, .chunking = 100, .loss = 0.01});
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        network.start_host(group, "server", serve);
        co_await hem::testing::wait_all_tasks_blocked();
        auto use = [&](hem::http::client& api) -> hem::task<> {
            EXPECT_EQ((co_await api.get("/")).text(), "hello");
            network.partition("test", "server");
            CO_EXPECT_THROW((void)co_await api.get("/"), hem::http::error);
            network.repair("test", "server");
            EXPECT_EQ((co_await api.get("/")).text(), "hello");
        };
        co_await hem::with(hem::http::open({.base_url = "http://server:8000", .timeout = hem::http::timeout_options(3s)}), use);
        group.cancel("done");
    });
}
// [/network]

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    GTEST_FLAG_SET(print_time, false);
    return RUN_ALL_TESTS();
}
