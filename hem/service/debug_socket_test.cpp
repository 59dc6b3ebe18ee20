#include "hem/service/debug_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "hem/core.hpp"
#include "hem/model.hpp"
#include "hem/net.hpp"
#include "hem/resilience.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;

std::string socket_path() { return "/tmp/hem-debug-test-" + std::to_string(::getpid()) + ".sock"; }

task<std::string> request(std::string path, std::string line) {
    auto stream = co_await net::connect(net::endpoint::parse("unix:" + path));
    co_await stream.write_all(line);
    std::string text;
    char block[4096];
    while (const auto got = co_await stream.read_some(block)) text.append(block, got);
    co_return text;
}

// Runs on the wall clock: another thread answers.
const run_options real{.name = "watched", .handle_interrupt = false};

}  // namespace

TEST(DebugSocket, ShowsTheTasksOfTheLoop) {
    run(real, []() -> task<> {
        const service::debug_socket socket({.path = socket_path()});
        struct stat about;
        EXPECT_EQ(::stat(socket.path().c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777, 0600u);
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task({.name = "sleeper"}, []() -> task<> { co_await sleep_forever(); });
            co_await yield_now();  // the child begins
            const json answer = json::parse(co_await request(socket.path(), "snapshot\n"));
            EXPECT_EQ(answer["pid"].as_int64(), ::getpid());
            const json& loop = answer["loops"][0];
            EXPECT_FALSE(loop["stuck"].as_bool());
            bool found = false;
            for (const json& one : loop["snapshot"]["tasks"].elements()) {
                if (one["name"].as_string() != "sleeper") continue;
                found = true;
                EXPECT_EQ(one["waits_for"]["kind"].as_string(), "sleep");
            }
            EXPECT_TRUE(found);
            EXPECT_NE((co_await request(socket.path(), "cancel everything\n")).find("error"), std::string::npos);
            group.cancel();
        });
    });
    EXPECT_NE(::access(socket_path().c_str(), F_OK), 0);
}

// CB-10
TEST(DebugSocket, CB10_ForcesABreakerOnAllLoops) {
    run(real, []() -> task<> {
        auto& search = breakers("search (cb10)");
        // A second loop, in a thread of its own, with the same breaker and one that it makes later.
        std::promise<loop_handle> started;
        std::promise<circuit_mode> seen;
        std::thread other([&] {
            run(real, [&]() -> task<> {
                auto& same = breakers("search (cb10)");
                event forced;
                same.on_event([&](const circuit_event& heard) {
                    if (heard.kind == circuit_event::kind::opened) forced.set();
                });
                started.set_value(loop::current().handle());
                co_await forced.wait();
                seen.set_value(same.statistics().mode);
            });
        });
        const auto there = started.get_future().get();
        const service::debug_socket socket(
            {.path = socket_path(), .loops = {loop::current().handle(), there}, .patience = std::chrono::seconds(5)});
        json answer = json::parse(co_await request(socket.path(), "breaker search (cb10) force_open\n"));
        EXPECT_EQ(answer["mode"].as_string(), "forced open") << answer.dump();
        EXPECT_TRUE(answer["loops"][0]["found"].as_bool() && answer["loops"][1]["found"].as_bool()) << answer.dump();
        EXPECT_EQ(search.statistics().mode, circuit_mode::forced_open);
        EXPECT_EQ(seen.get_future().get(), circuit_mode::forced_open);
        other.join();
        // A loop that begins later finds the decision.
        circuit_mode later{};
        std::thread([&] {
            later = run(real, []() -> task<circuit_mode> { co_return breakers("search (cb10)").statistics().mode; });
        }).join();
        EXPECT_EQ(later, circuit_mode::forced_open);

        answer = json::parse(co_await request(socket.path(), "snapshot\n"));
        const json& shown = answer["loops"][0]["breakers"][0];
        EXPECT_EQ(shown["name"].as_string(), "search (cb10)");
        EXPECT_EQ(shown["state"].as_string(), "open");
        EXPECT_EQ(shown["mode"].as_string(), "forced open");

        answer = json::parse(co_await request(socket.path(), "breaker search (cb10) reset\n"));
        EXPECT_EQ(answer["mode"].as_string(), "automatic") << answer.dump();
        EXPECT_EQ(search.statistics().mode, circuit_mode::automatic);
        EXPECT_EQ(search.state(), circuit_state::closed);
    });
    EXPECT_EQ(begin_breakers_in("search (cb10)", circuit_mode::automatic), circuit_mode::automatic);
}

// CB-10
TEST(DebugSocket, CB10_RefusesUnknownBreakersAndModes) {
    run(real, []() -> task<> {
        const service::debug_socket socket({.path = socket_path()});
        (void)breakers("mail");
        const auto text = co_await request(socket.path(), "breaker nail force_open\n");
        EXPECT_NE(text.find("no loop has a circuit breaker 'nail'"), std::string::npos) << text;
        EXPECT_EQ(begin_breakers_in("nail", circuit_mode::automatic), circuit_mode::automatic);
        for (const char* wrong : {"breaker mail explode\n", "breaker mail\n", "breaker force_open\n", "breaker  force_open\n"}) {
            EXPECT_NE((co_await request(socket.path(), wrong)).find("the requests are"), std::string::npos) << wrong;
        }
        EXPECT_EQ(breakers("mail").statistics().mode, circuit_mode::automatic);
    });
}

TEST(DebugSocket, ALoopThatDoesNotAnswerIsShownAsStuck) {
    std::string answer;
    run(real, [&]() -> task<> {
        const service::debug_socket socket({.path = socket_path(), .patience = std::chrono::milliseconds(20)});
        // The other thread asks while this loop does not run.
        std::thread asking([&] { answer = run(real, request(socket.path(), "snapshot\n")); });
        asking.join();
        co_return;
    });
    EXPECT_NE(answer.find("\"stuck\":true,\"snapshot\":null"), std::string::npos) << answer;
}

TEST(DebugSocket, ReplacesWhatADeadProcessLeftAndRefusesALivingOnes) {
    run(real, []() -> task<> {
        const service::debug_socket first({.path = socket_path()});
        EXPECT_THROW(service::debug_socket({.path = socket_path()}), network_error);
        EXPECT_FALSE((co_await request(first.path(), "snapshot\n")).empty());
    });
    EXPECT_THROW(run(real,
                     []() -> task<> {
                         const service::debug_socket nowhere({.path = "/nonexistent/folder/x.sock"});
                         co_return;
                     }),
                 network_error);
}
