// What has an awaited close cannot close itself in a destructor. One that is dropped open is reported and closed by force; `with` closes it
// on every way out. Answers P5, P17.
#include "examples/pitfalls/pitfall.hpp"

namespace {

int render(int page) { return 10 * page; }

hem::task<> forgets_to_close() {
    hem::worker_pool pool({.threads = 1, .name = "thumbnails"});
    std::printf("rendered %d\n", co_await hem::to_thread(pool, render, 1));
}

hem::task<> closes_in_any_case() {
    co_await hem::with(hem::worker_pool({.threads = 1, .name = "thumbnails"}), [](hem::worker_pool& pool) -> hem::task<> {
        std::printf("rendered %d\n", co_await hem::to_thread(pool, render, 2));
        throw std::runtime_error("no more pages");
    });
}

hem::task<> example() {
    co_await forgets_to_close();
    try {
        co_await closes_in_any_case();
    } catch (const std::runtime_error& error) {
        std::printf("closed, and the error is the body's: %s\n", error.what());
    }
}

}  // namespace

int main() { return run_pitfall(example); }
