// A program that can be looked into: start it, then `hem ps` and `hem top` in another terminal show its tasks. Ctrl-C ends it.
#include <cstdio>

#include "hem/core.hpp"
#include "hem/service/debug_socket.hpp"

using namespace std::chrono_literals;

namespace {

hem::task<> work() {
    for (;;) co_await hem::sleep_for(100ms);
}

hem::task<> read(hem::queue<int>& orders) {
    for (;;) (void)co_await orders.get();
}

hem::task<> watched() {
    // [open]
    hem::service::debug_socket socket;
    // [/open]
    std::printf("hem ps shows this program's tasks, through %s\n", socket.path().c_str());
    std::fflush(stdout);
    hem::queue<int> orders(10);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "worker"}, work);
        group.create_task({.name = "reader"}, read, std::ref(orders));
        co_return;
    });
}

}  // namespace

int main() {
    try {
        hem::run(watched);
    } catch (const hem::interrupted&) {
        std::puts("stopped");
    }
}
