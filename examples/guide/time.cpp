// What docs/guide/time.md shows.
#include "examples/patterns/example.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<std::string> fetch(std::string name, hem::duration takes) {
    co_await hem::sleep_for(takes);
    co_return name + " loaded";
}

hem::task<> limits() {
    // [timeout]
    try {
        std::puts((co_await hem::timeout(2s, fetch("page", 5s))).c_str());
    } catch (const hem::timeout_error& error) {
        std::puts("no page within 2 s");
    }
    // [/timeout]
    // [move_on]
    auto thumbnail = co_await hem::move_on_after(500ms, fetch("thumbnail", 1s));
    std::puts(thumbnail.value_or("no thumbnail").c_str());
    // [/move_on]
    // [scope]
    co_await hem::timeout(3s, [](hem::cancel_scope& scope) -> hem::task<> {
        for (int part = 1; part <= 3; ++part) {
            co_await fetch("part", 2s);
            std::printf("part %d\n", part);
            scope.set_deadline(hem::clock::now() + 3s);  // 3 s without progress, not 3 s in all
        }
    });
    // [/scope]
}

hem::task<> nested() {
    // [nested]
    try {
        co_await hem::timeout(3s, []() -> hem::task<> {
            std::printf("%.0f s left\n", std::chrono::duration<double>(hem::remaining()).count());
            co_await hem::timeout(8s, hem::sleep_forever());  // the outer limit strikes first, and throws
        });
    } catch (const hem::timeout_error&) {
        std::puts("the outer limit");
    }
    // [/nested]
}

hem::task<> computing() {
    // [due]
    double sum = 0;
    for (int i = 1; i <= 1'000'000; ++i) {
        sum += 1.0 / i;
        if (i % 1000 == 0) co_await hem::yield_if_due();  // gives others a turn after 1 ms
    }
    std::printf("%.3f\n", sum);
    // [/due]
}

hem::task<> ticking() {
    // [every]
    auto next = hem::clock::now();
    for (int tick = 0; tick < 3; ++tick) {
        std::printf("tick %d\n", tick);
        next += 10s;
        co_await hem::sleep_until(next);  // no drift: the work's own time does not add up
    }
    // [/every]
}

hem::task<> example() {
    const auto begin = hem::clock::now();
    co_await limits();
    co_await nested();
    co_await computing();
    co_await ticking();
    std::printf("%.1f s in all\n", seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
