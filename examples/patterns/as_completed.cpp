// Results in the order in which they come. Leaving early cancels and joins what still runs. Answers 3-04.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<std::string> call_api(std::string name, hem::duration takes) {
    try {
        co_await hem::sleep_for(takes);
    } catch (const hem::cancelled&) {
        std::printf("  %s is cancelled\n", name.c_str());
        throw;
    }
    if (name == "api4") throw std::runtime_error("api4 is down");
    co_return name;
}

std::vector<hem::task<std::string>> calls() {
    std::vector<hem::task<std::string>> all;
    all.push_back(call_api("api1", 2s));
    all.push_back(call_api("api2", 500ms));
    all.push_back(call_api("api3", 1s));
    return all;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    // [each]
    co_await hem::for_each(hem::as_completed(calls(), {.limit = 10}), [&](hem::completion<std::string> done) {
        std::printf("%.1f s: %s, number %zu of the input\n", seconds_since(begin), done.outcome.value().c_str(), done.index);
    });
    // [/each]

    std::puts("only the first:");
    begin = hem::clock::now();
    // [first]
    co_await hem::with(hem::as_completed(calls(), {.limit = 10}), [](auto& results) -> hem::task<> {
        auto first = co_await results.next();
        std::printf("  %s\n", first->outcome.value().c_str());
    });  // the others have been cancelled, and have ended
    // [/first]
    std::printf("left after %.1f s\n", seconds_since(begin));

    // A failed call is an item, too: it does not end the others.
    auto items = co_await hem::collect(hem::as_completed(call_api("api1", 2s), call_api("api4", 1s)));
    for (auto& item : items) std::printf("%zu: %s\n", item.index, item.outcome.value_or("failed").c_str());
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
