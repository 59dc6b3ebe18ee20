// The first of several: race takes the first end, any the first value, and staggered_race gives each candidate a head start. The losers are
// cancelled and have ended when the call returns.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<std::string> ask(std::string server, hem::duration takes, bool fails = false) {
    co_await hem::sleep_for(takes);
    if (fails) throw std::runtime_error(server + " is down");
    co_return server;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    // [race]
    std::string fastest = co_await hem::race(ask("east", 300ms), ask("west", 200ms));
    // [/race]
    std::printf("%s answers first, after %.1f s\n", fastest.c_str(), seconds_since(begin));

    begin = hem::clock::now();
    // [any]
    try {
        co_await hem::any(ask("east", 100ms, true), ask("west", 200ms, true));
    } catch (const hem::exception_group& group) {
        std::printf("all %zu failed\n", group.errors().size());
    }
    // [/any]

    begin = hem::clock::now();
    // [staggered]
    std::vector<std::string> addresses{"2001:db8::1", "192.0.2.1", "192.0.2.2"};
    auto attempt = [](const std::string& address) {
        return [address]() -> hem::task<std::string> { co_return co_await ask(address, address == "192.0.2.1" ? 100ms : 5000ms); };
    };
    std::vector<hem::callable<hem::task<std::string>()>> attempts;
    for (const std::string& address : addresses) attempts.emplace_back(attempt(address));
    auto won = co_await hem::staggered_race(250ms, std::move(attempts));
    // [/staggered]
    std::printf("%s after %.2f s: the second started after 0.25 s, the third never\n", won.value.c_str(), seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
