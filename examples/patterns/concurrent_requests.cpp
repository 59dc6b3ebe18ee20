// Three operations of one second: three seconds one after the other, one second at once. Results come in argument order. Answers 0-01.
#include "examples/patterns/example.hpp"

#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<int> slow_operation(int number) {
    co_await hem::sleep_for(1s);
    co_return number * 10;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    int first = co_await slow_operation(1), second = co_await slow_operation(2), third = co_await slow_operation(3);
    std::printf("in sequence: %d %d %d after %.1f s\n", first, second, third, seconds_since(begin));

    begin = hem::clock::now();
    // [gather]
    auto [a, b, c] = co_await hem::gather(slow_operation(1), slow_operation(2), slow_operation(3));
    // [/gather]
    std::printf("at once: %d %d %d after %.1f s\n", a, b, c, seconds_since(begin));

    begin = hem::clock::now();
    // [range]
    std::vector<hem::task<int>> operations;
    for (int i = 1; i <= 6; ++i) operations.push_back(slow_operation(i));
    std::vector<int> results = co_await hem::gather(std::move(operations), {.limit = 3});  // a range needs a limit, or hem::unbounded
    // [/range]
    std::printf("six, three at a time: last %d after %.1f s\n", results.back(), seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
