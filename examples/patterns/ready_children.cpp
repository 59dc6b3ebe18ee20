// A child that says when it is ready: start() waits for that and gives what the child has to tell. Before it is ready its errors are the
// caller's, afterwards the group's.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

// [serve]
hem::task<> serve(hem::task_status<int>& status, std::string host) {
    if (host.empty()) throw std::invalid_argument("no host to listen on");
    co_await hem::sleep_for(1s);  // opens a socket
    status.started(8080);
    co_await hem::sleep_forever();
}

hem::task<> example() {
    auto begin = hem::clock::now();
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        int port = co_await group.start(serve, "localhost");
        std::printf("%.1f s: serving on port %d\n", seconds_since(begin), port);
        try {
            co_await group.start(serve, "");
        } catch (const std::invalid_argument& error) {
            std::printf("the second did not start: %s\n", error.what());  // the first goes on
        }
        co_await hem::sleep_for(1s);
        group.cancel();
    });
    std::printf("%.1f s: all ended\n", seconds_since(begin));
}
// [/serve]

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
