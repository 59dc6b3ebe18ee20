// The simulated network, alone and below an HTTP server and its client.
#include "hem/testing/simulated_network.hpp"

#include "hem/http.hpp"
#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using namespace hem::testing;

task<std::string> read_to_end(net::socket_stream& stream) {
    std::string all;
    char block[256];
    while (const auto size = co_await stream.read_some(block)) all.append(block, size);
    co_return all;
}

// Answers each connection with what it said, then ends it.
task<> echo() {
    auto listener = net::listener::open(net::endpoint::parse("0.0.0.0:7"));
    co_await with_task_group([&](task_group& group) -> task<> {
        for (;;) {
            group.create_task(
                [](net::socket_stream peer) -> task<> {
                    try {
                        const auto text = co_await read_to_end(peer);
                        co_await peer.write_all(text);
                    } catch (const network_error&) {
                        co_return;  // the client is gone
                    }
                },
                co_await listener.accept());
        }
    });
}

task<std::string> ask(std::string text) {
    auto stream = co_await net::connect(net::endpoint::parse("server:7"));
    co_await stream.write_all(text);
    stream.shutdown_write();
    co_return co_await read_to_end(stream);
}

// With an echo server on the host "server".
template <class Body>
task<> with_echo(simulated_network_options options, Body body) {
    simulated_network network(options);
    co_await with_task_group([&](task_group& group) -> task<> {
        network.start_host(group, "server", echo);
        co_await wait_all_tasks_blocked();
        co_await body(network);
        group.cancel("done");
    });
}

ASYNC_TEST(SimulatedNetwork, TakesItsLatencyToTheNanosecond) {
    co_await with_echo({.latency = {10ms, 10ms}}, [](simulated_network&) -> task<> {
        EXPECT_EQ(co_await ask("hello"), "hello");
        EXPECT_EQ(virtual_clock::elapsed(), 40ms);  // connect there and back, bytes there and back
    });
}

ASYNC_TEST(SimulatedNetwork, DeliversInOrderWhateverIsLostOrChopped) {
    std::string text;
    for (int i = 0; i < 2000; ++i) text += std::to_string(i) + " ";
    co_await with_echo({.latency = {1ms, 50ms}, .chunking = 7, .loss = 0.05}, [&](simulated_network& network) -> task<> {
        EXPECT_TRUE(co_await ask(text) == text);
        EXPECT_EQ(network.delivered_bytes(), 2 * text.size());
    });
}

ASYNC_TEST(SimulatedNetwork, RefusesWhereNobodyListens) {
    simulated_network network({.latency = {10ms, 10ms}});
    try {
        (void)co_await net::connect(net::endpoint::parse("test:9"));
        ADD_FAILURE();
    } catch (const network_error& error) {
        EXPECT_STREQ(error.what(), "cannot connect to test:9: Connection refused");
        EXPECT_EQ(virtual_clock::elapsed(), 20ms);
    }
    CO_EXPECT_THROW((void)co_await net::connect(net::endpoint::parse("nobody:9")), network_error);
    CO_EXPECT_THROW((void)net::listener::open(net::endpoint::parse("elsewhere:9")), network_error);
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:9"));
    CO_EXPECT_THROW((void)net::listener::open(net::endpoint::parse("0.0.0.0:9")), network_error);
    EXPECT_THROW((void)simulated_network(), usage_error);
}

ASYNC_TEST(SimulatedNetwork, APartitionDelaysWhatIsRepairedInTime) {
    co_await with_echo({.latency = {10ms, 10ms}}, [](simulated_network& network) -> task<> {
        network.partition("test", "server");
        loop::current().call_later(5s, [&] { network.repair("server", "test"); });
        EXPECT_EQ(co_await ask("late"), "late");
        EXPECT_GE(virtual_clock::elapsed(), 5s);
    });
}

ASYNC_TEST(SimulatedNetwork, ALongPartitionBreaksConnectionsAndConnects) {
    co_await with_echo({.give_up = 20s}, [](simulated_network& network) -> task<> {
        auto stream = co_await net::connect(net::endpoint::parse("server:7"));
        network.partition("test", "server");
        const auto begin = virtual_clock::elapsed();
        co_await stream.write_all("lost");
        CO_EXPECT_THROW((void)co_await read_to_end(stream), network_error);
        EXPECT_EQ(virtual_clock::elapsed() - begin, 20s);
        CO_EXPECT_THROW((void)co_await ask("never"), network_error);
        network.repair("test", "server");
        EXPECT_EQ(co_await ask("again"), "again");
    });
}

ASYNC_TEST(SimulatedNetwork, AHeldLinkKeepsEverythingInOrder) {
    co_await with_echo({.give_up = 1s}, [](simulated_network& network) -> task<> {
        network.hold("test", "server");
        loop::current().call_later(1h, [&] { network.release("test", "server"); });
        EXPECT_EQ(co_await ask("patience"), "patience");
        EXPECT_GE(virtual_clock::elapsed(), 1h);
    });
}

ASYNC_TEST(SimulatedNetwork, ACrashResetsAndABounceServesAgain) {
    co_await with_echo({}, [](simulated_network& network) -> task<> {
        auto stream = co_await net::connect(net::endpoint::parse("server:7"));
        co_await stream.write_all("hel");
        network.crash("server");
        CO_EXPECT_THROW((void)co_await read_to_end(stream), network_error);
        CO_EXPECT_THROW((void)co_await ask("anybody?"), network_error);
        network.bounce("server");
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(co_await ask("welcome back"), "welcome back");
        network.bounce("server");
        co_await wait_all_tasks_blocked();
        EXPECT_EQ(co_await ask("twice"), "twice");
    });
}

ASYNC_TEST(SimulatedNetwork, NothingIsLeftOfItWhenItEnds) {
    co_await with_echo({}, [](simulated_network& network) -> task<> {
        EXPECT_EQ(co_await ask("x"), "x");
        auto stream = co_await net::connect(net::endpoint::parse("server:7"));
        EXPECT_EQ(network.connections(), 1u);
        stream.close();
        co_await sleep_for(1s);
        EXPECT_EQ(network.connections(), 0u);
    });
    CO_EXPECT_THROW((void)co_await net::connect(net::endpoint::parse("unix:@hem-nobody-listens-here")), network_error);
}

task<> echo_once() {
    co_await with_echo({.seed = 3, .latency = {1ms, 9ms}, .chunking = 3}, [](simulated_network&) -> task<> {
        if (co_await ask("abcdefgh") != "abcdefgh") throw network_error("the answer was cut");
    });
}
//
TEST(SimulatedNetwork, IsDeterministic) { EXPECT_GT(check_determinism(echo_once), 10u); }
//
TEST(SimulatedNetwork, LosesNothingWhenItsUsersAreCancelled) { EXPECT_GT(cancel_at_every_await(echo_once), 10u); }
//
TEST(SimulatedNetwork, SurvivesEachMissingAllocation) { EXPECT_GT(fail_every_allocation(echo_once), 10u); }
//
TEST(SimulatedNetwork, ItsOperationsCanFail) { EXPECT_GT(fail_every_operation(echo_once), 5u); }

TEST(Buggify, FollowsTheSeedAndStaysOutOfRealLoops) {
    const auto draw = [](std::uint64_t seed) {
        std::string taken;
        run({.clock = clock_kind::virtual_time, .seed = seed, .handle_interrupt = false}, [&]() -> task<> {
            for (int i = 0; i < 100; ++i) taken += buggify(0.3) ? '1' : '0';
            co_return;
        });
        return taken;
    };
    EXPECT_EQ(draw(5), draw(5));
    EXPECT_NE(draw(5), draw(6));
    const auto often = draw(5);
    EXPECT_NEAR(static_cast<double>(std::count(often.begin(), often.end(), '1')), 30, 20);
    EXPECT_FALSE(buggify(1));
    run([]() -> task<> {
        EXPECT_FALSE(buggify(1));
        co_return;
    });
}

// ---- HTTP over it -----------------------------------------------------------------------------------------------------------------------

task<> serve_http() {
    http::server server(
        [](http::request& request) -> task<http::response> {
            co_return http::response(200, "you asked for " + std::string(request.path()), http::content_type::text);
        },
        {.bind = {"0.0.0.0:8000"}, .limits = {.drain_grace = 1s}});
    co_await server.serve();
}

ASYNC_TEST(SimulatedNetwork, AnHttpServerAndItsClientRunOnItUnchanged) {
    simulated_network network({.latency = {1ms, 20ms}, .chunking = 11});
    co_await with_task_group([&](task_group& group) -> task<> {
        network.start_host(group, "server", serve_http);
        co_await wait_all_tasks_blocked();
        co_await with(http::open({.base_url = "http://server:8000"}), [&](http::client& api) -> task<> {
            for (int i = 0; i < 3; ++i) EXPECT_EQ((co_await api.get("/page/{}", i)).text(), "you asked for /page/" + std::to_string(i));
            EXPECT_EQ(network.connections(), 1u);  // kept alive
        });
        group.cancel("done");
    });
}

ASYNC_TEST(SimulatedNetwork, AnHttpClientSurvivesAPartition) {
    simulated_network network({.latency = {5ms, 5ms}});
    co_await with_task_group([&](task_group& group) -> task<> {
        network.start_host(group, "server", serve_http);
        co_await wait_all_tasks_blocked();
        co_await with(http::open({.base_url = "http://server:8000", .timeout = http::timeout_options(3s)}),
                      [&](http::client& api) -> task<> {
                          EXPECT_EQ((co_await api.get("/before")).status(), 200);
                          network.partition("test", "server");
                          const auto begin = virtual_clock::elapsed();
                          CO_EXPECT_THROW((void)co_await api.get("/during"), http::error);
                          EXPECT_EQ(virtual_clock::elapsed() - begin, 3s);
                          network.repair("test", "server");
                          EXPECT_EQ((co_await api.get("/after")).status(), 200);
                      });
        group.cancel("done");
    });
}

}  // namespace
