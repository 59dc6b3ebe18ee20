// What docs/guide/cancellation.md shows.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

struct account {
    int balance = 100;
    hem::task<> rollback() {
        co_await hem::sleep_for(200ms);
        balance = 100;
    }
};

hem::task<> slow_work() { co_await hem::sleep_for(1h); }

hem::task<> scopes(hem::time_point begin) {
    // [scope]
    hem::cancel_scope search;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            co_await hem::sleep_for(1s);
            search.cancel("the user typed on");
        });
        bool done = co_await search.run(slow_work);
        std::printf("%s: %s\n", done ? "done" : "cancelled", search.reason().text.c_str());
    });
    // [/scope]
    std::printf("after %.1f s\n", seconds_since(begin));
}

// [level]
hem::task<> stubborn() {
    try {
        co_await hem::sleep_for(1h);
    } catch (const hem::cancelled&) {
        std::puts("swallowed");
    }
    co_await hem::sleep_for(1h);  // throws again: the scope is still cancelled
    std::puts("never printed");
}
// [/level]

// [scope_exit]
hem::task<> transfer(account& from) {
    co_await hem::scope_exit([&from]() -> hem::task<> {
        if (from.balance < 0) co_await from.rollback();
    });
    from.balance -= 150;
    co_await hem::sleep_for(1h);
}
// [/scope_exit]

struct connection {
    std::string name;
    hem::task<> aclose() {
        co_await hem::sleep_for(100ms);
        std::printf("closed %s\n", name.c_str());
    }
};

hem::task<connection> dial(std::string name) { co_return connection{std::move(name)}; }

hem::task<> exits() {
    // [stack]
    co_await hem::with(hem::async_exit_stack(), [](hem::async_exit_stack& stack) -> hem::task<> {
        for (const char* name : {"primary", "replica"}) {
            connection& link = co_await stack.enter(dial(name));
            std::printf("opened %s\n", link.name.c_str());
        }
        stack.callback([]() -> hem::task<> {
            std::puts("first of all");
            co_return;
        });
    });
    // [/stack]
}

hem::task<> example() {
    const auto begin = hem::clock::now();
    co_await scopes(begin);
    (void)co_await hem::move_on_after(1s, stubborn());

    account mine;
    // [shield]
    try {
        co_await hem::timeout(1s, transfer(mine));
    } catch (const hem::timeout_error& error) {
        std::printf("gave up, balance %d\n", mine.balance);
    }
    // [/shield]
    co_await exits();
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
