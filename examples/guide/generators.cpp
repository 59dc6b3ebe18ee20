// What docs/guide/generators.md shows.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

// [generator]
hem::async_generator<int> readings(std::string sensor, hem::duration every) {
    co_await hem::scope_exit([sensor]() -> hem::task<> {
        co_await hem::sleep_for(100ms);
        std::printf("%s closed\n", sensor.c_str());
    });
    for (int value = 0;; ++value) {
        co_await hem::sleep_for(every);
        co_yield value;
    }
}
// [/generator]

hem::task<> iterate() {
    // [with]
    co_await hem::with(readings("door", 1s), [](auto& stream) -> hem::task<> {
        while (auto value = co_await stream.next()) {
            std::printf("door %d\n", *value);
            if (*value == 1) co_return;  // leaving early closes the generator and waits for its cleanup
        }
    });
    // [/with]
    // [for_each]
    auto even = hem::filter(readings("window", 1s), [](int value) { return value % 2 == 0; });
    co_await hem::for_each(hem::take(std::move(even), 3), [](int value) { std::printf("window %d\n", value); });
    // [/for_each]
}

hem::task<> side_by_side() {
    // [merge]
    auto both = hem::merge(readings("north", 2s), readings("south", 3s));
    int seen = 0;
    co_await hem::for_each(std::move(both), [&](int) { return ++seen < 5; });
    std::printf("%d readings\n", seen);
    // [/merge]
    // [buffered]
    const auto begin = hem::clock::now();
    co_await hem::for_each(hem::buffered(hem::take(readings("roof", 1s), 3), 4), [](int) -> hem::task<> { co_await hem::sleep_for(1s); });
    std::printf("%.1f s\n", seconds_since(begin));
    // [/buffered]
}

// [context]
hem::async_context<std::string> transaction(std::string name) {
    std::printf("begin %s\n", name.c_str());
    bool failed = false;
    try {
        co_yield name;
    } catch (const std::exception&) {
        failed = true;
    }
    co_await hem::sleep_for(100ms);
    std::printf("%s %s\n", failed ? "rollback" : "commit", name.c_str());
}
// [/context]

hem::task<> contexts() {
    // [use_context]
    co_await hem::with(transaction("transfer"), [](std::string& name) -> hem::task<> {
        std::printf("inside %s\n", name.c_str());
        co_return;
    });
    // [/use_context]
}

hem::task<> example() {
    co_await iterate();
    co_await side_by_side();
    co_await contexts();
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
