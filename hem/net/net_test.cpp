// Endpoints, listeners, streams and connecting, over loopback and Unix sockets.
#include "hem/net.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

TEST(Endpoint, ReadsWhatItWrites) {
    for (const char* text : {"127.0.0.1:8000", "[::1]:80", "localhost:0", "unix:/run/app.sock", "unix:@name"}) {
        EXPECT_EQ(net::endpoint::parse(text).to_string(), text);
    }
    for (const char* text : {"", "host", "host:", ":80", "host:65536", "host:8x", "::1:80", "unix:"}) {
        EXPECT_THROW((void)net::endpoint::parse(text), std::invalid_argument) << text;
    }
    try {
        (void)net::endpoint::parse("host:99999");
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("'host:99999'"), std::string::npos);
    }
}

// A connected pair: what one side writes the other reads.
task<> exchange(net::listener& listener) {
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            auto accepted = co_await listener.accept();
            char block[64];
            std::string got;
            while (const auto size = co_await accepted.read_some(block)) got.append(block, size);
            co_await accepted.write_all("got " + got);
        });
        auto client = co_await net::connect(listener.local());
        const std::string_view pieces[] = {"one", "", "two"};
        co_await client.write_all(pieces);
        client.shutdown_write();
        char block[64];
        std::string answer;
        while (const auto size = co_await client.read_some(block)) answer.append(block, size);
        EXPECT_EQ(answer, "got onetwo");
        EXPECT_EQ(client.bytes_written(), 6u);
    });
}

ASYNC_TEST(Net, TcpCarriesBytesBothWays) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    EXPECT_NE(listener.local().port, 0);
    co_await exchange(listener);
}

ASYNC_TEST(Net, UnixSocketsLeaveNoFileAndReplaceALeftover) {
    const std::string path = "/tmp/hem-net-test-" + std::to_string(::getpid()) + ".sock";
    const auto where = net::endpoint::parse("unix:" + path);
    {
        auto listener = net::listener::open(where);
        struct stat info{};
        CO_ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, 0660u);
        co_await exchange(listener);
        EXPECT_THROW((void)net::listener::open(where), network_error);  // somebody listens there
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
    // A file that nobody answers on is a leftover.
    {
        auto crashed = net::listener::open(where);
        CO_ASSERT_EQ(::link(path.c_str(), (path + ".old").c_str()), 0);  // what stays when a process dies
    }
    ::rename((path + ".old").c_str(), path.c_str());
    auto again = net::listener::open(where);
    co_await exchange(again);
}

ASYNC_TEST(Net, ARefusedConnectSaysWhoAndWhy) {
    std::uint16_t port = 0;
    {
        auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
        port = listener.local().port;
    }
    try {
        (void)co_await net::connect({.host = "127.0.0.1", .port = port});
        ADD_FAILURE();
    } catch (const network_error& error) {
        EXPECT_EQ(error.kind(), failure_kind::not_sent);
        EXPECT_EQ(std::string(error.what()), "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
    }
}

ASYNC_TEST(Net, ACancelledReadTakesNothing) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    auto client = co_await net::connect(listener.local());
    auto server = co_await listener.accept();
    char block[16];
    co_await with_task_group([&](task_group& group) -> task<> {
        auto reading = group.create_task([&]() -> task<> { (void)co_await server.read_some(block); });
        co_await yield_now();
        co_await yield_now();
        reading.cancel();
        CO_EXPECT_THROW(co_await reading, task_cancelled);
    });
    co_await client.write_all("all of it");
    EXPECT_EQ(co_await server.read_some(block), 9u);
}

ASYNC_TEST(Net, AResetReachesTheReader) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    auto client = co_await net::connect(listener.local());
    auto server = co_await listener.accept();
    client.reset();
    char block[16];
    CO_EXPECT_THROW((void)co_await server.read_some(block), network_error);
}

ASYNC_TEST(Net, ClosingWakesTheReader) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    auto client = co_await net::connect(listener.local());
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            char block[16];
            CO_EXPECT_THROW((void)co_await client.read_some(block), closed_resource);
        });
        co_await yield_now();
        co_await yield_now();
        client.close();
    });
}

ASYNC_TEST(Net, AFullSocketHoldsTheWriter) {
    auto listener = net::listener::open(net::endpoint::parse("127.0.0.1:0"));
    auto client = co_await net::connect(listener.local());
    auto server = co_await listener.accept();
    const std::string much(8 << 20, 'x');
    bool written = false;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> {
            co_await client.write_all(much);
            written = true;
            client.shutdown_write();
        });
        for (int i = 0; i < 100; ++i) co_await yield_now();
        EXPECT_FALSE(written);
        std::vector<char> block(1 << 16);
        std::size_t total = 0;
        while (const auto size = co_await server.read_some(block)) total += size;
        EXPECT_EQ(total, much.size());
    });
    EXPECT_TRUE(written);
}

}  // namespace
