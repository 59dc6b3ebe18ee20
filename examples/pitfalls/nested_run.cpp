// `run` inside of a running loop would stop that loop until the inner one has ended. It is refused at once, and the text says who runs.
// Answers P9.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<int> answer() {
    co_await hem::sleep_for(1s);
    co_return 42;
}

hem::task<> example() {
    try {
        hem::run(answer);
    } catch (const hem::usage_error& error) {
        std::printf("refused: %s\n", error.what());
    }
    std::printf("awaited: %d\n", co_await answer());
}

}  // namespace

int main() { return run_pitfall(example); }
