// A callback that comes twice, never, or on another thread. A resolver is moved, not copied; the second call is ignored and reported, a
// resolver that dies uncalled gives an error, and any thread may call it.
#include <thread>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> example() {
#ifdef HEM_SHOW_PITFALL
    co_await hem::from_callback<int>([](hem::resolver<int> resolve) {
        // expect: call to implicitly-deleted copy constructor
        auto copy = resolve;
        copy(1);
    });
#endif
    const int twice = co_await hem::from_callback<int>([](hem::resolver<int> resolve) {
        resolve(1);
        resolve(2);
    });
    std::printf("the first counts: %d\n", twice);
    try {
        co_await hem::from_callback([](hem::resolver<>) {});
    } catch (const hem::broken_resource& error) {
        std::printf("%s\n", error.what());
    }
    std::jthread other;
    const int value = co_await hem::from_callback<int>(
        [&other](hem::resolver<int> resolve) { other = std::jthread([resolve = std::move(resolve)]() mutable { resolve(3); }); });
    std::printf("from another thread: %d\n", value);
}

}  // namespace

int main() { return run_pitfall(example); }
