// Clean up on every way out, also when cancelled: the cleanup may await, is shielded for a bounded time, and the cancellation goes on
// afterwards. Catching errors does not catch it. Answers 2-15, P7.
#include "examples/patterns/example.hpp"

#include <exception>

using namespace std::chrono_literals;

namespace {

hem::task<> work() {
    try {
        std::puts("working");
        co_await hem::sleep_for(1h);
    } catch (const std::exception& error) {
        std::printf("never printed: %s\n", error.what());  // a cancellation is no std::exception
    }
}

hem::task<> release() {
    co_await hem::sleep_for(200ms);  // may wait: outer cancellation stays outside
    std::puts("released");
}

hem::task<> example() {
    auto begin = hem::clock::now();
    // [finally]
    bool done = co_await hem::move_on_after(1s, hem::finally(work(), release));
    // [/finally]
    std::printf("%s after %.1f s\n", done ? "done" : "stopped", seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
