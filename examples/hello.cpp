// The smallest program: one coroutine, run to its end.
#include "hem/core.hpp"

#include <cstdio>

hem::task<> hello() {
    std::puts("hello");
    co_await hem::sleep_for(std::chrono::milliseconds(10));
    std::puts("world");
}

int main() { hem::run(hello); }
