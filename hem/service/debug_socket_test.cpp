#include "hem/service/debug_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "hem/core.hpp"
#include "hem/model.hpp"
#include "hem/net.hpp"
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
