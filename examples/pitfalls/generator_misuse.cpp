// A generator that is dropped or left half way. One that nobody iterates is reported; it is iterated in `with`, which awaits its cleanup on
// every way out before anything else goes on.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::async_generator<int> rows() {
    co_await hem::scope_exit([]() -> hem::task<> {
        co_await hem::sleep_for(1s);
        std::puts("the cursor is closed");
    });
    for (int i = 1;; ++i) {
        co_await hem::sleep_for(1s);
        co_yield i;
    }
}

hem::task<> example() {
    {
        auto never_read = rows();
    }
    co_await hem::with(rows(), [](auto& stream) -> hem::task<> {
        while (auto row = co_await stream.next()) {
            std::printf("row %d\n", *row);
            if (*row == 2) co_return;  // half way
        }
    });
    std::puts("left, and nothing is open any more");
}

}  // namespace

int main() { return run_pitfall(example); }
