// A cancellation is an exception that is no std::exception. Who swallows it with `catch (...)` is reported, and the next await throws it
// again, so a loop that goes on does not go on for ever. Answers P7.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> swallows() {
    try {
        co_await hem::sleep_for(1h);
    } catch (...) {
        std::puts("swallows ends as if nothing had been");
    }
}

hem::task<> tries_to_go_on() {
    try {
        co_await hem::sleep_for(1h);
    } catch (...) {
    }
    std::puts("tries_to_go_on waits for an hour more");
    co_await hem::sleep_for(1h);
    std::puts("which it does not get");
}

hem::task<> lets_it_pass() {
    try {
        co_await hem::sleep_for(1h);
    } catch (const std::exception&) {
        std::puts("never here: this catches errors only");
    } catch (const hem::cancelled& why) {
        std::printf("lets_it_pass cleans up: %s\n", why.reason().text.c_str());
        throw;
    }
}

hem::task<> example() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "swallows"}, swallows);
        group.create_task({.name = "tries_to_go_on"}, tries_to_go_on);
        group.create_task({.name = "lets_it_pass"}, lets_it_pass);
        co_await hem::sleep_for(1s);
        group.cancel("the user left");
    });
    std::puts("all have ended");
}

}  // namespace

int main() { return run_pitfall(example); }
