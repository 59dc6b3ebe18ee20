// From .NET: a CancellationToken asks, a scope also waits. Cancellation needs no parameter in Hem: it reaches every await in the scope.
// Where foreign code wants a token, the scope gives a view of itself as std::stop_token. Answers 1-21.
#include "examples/patterns/example.hpp"

#include <atomic>
#include <stop_token>

using namespace std::chrono_literals;

namespace {

// Foreign code: a function of a library that knows nothing of Hem and asks a token whether to go on.
long foreign_search(std::stop_token token, std::atomic<bool>& begun) {
    long steps = 0;
    for (; !token.stop_requested(); ++steps) begun.store(true);
    return steps;
}

// Task.Run, Task.WhenAll, SemaphoreSlim, IAsyncEnumerable
hem::task<int> download(int id, hem::semaphore& slots) {
    auto slot = co_await slots.acquire();
    co_await hem::sleep_for(100ms);  // no token to pass on: a cancelled scope interrupts it
    co_return id * 10;
}
hem::async_generator<int> numbers() {
    for (int n = 1; n <= 3; ++n) co_yield n;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    hem::semaphore slots(2);
    auto [first, second, third] = co_await hem::gather(download(1, slots), download(2, slots), download(3, slots));
    std::printf("%d %d %d after %.1f s\n", first, second, third, seconds_since(begin));

    co_await hem::for_each(numbers(), [](int n) { std::printf("number %d\n", n); });

    // CancellationTokenSource.CancelAfter: a scope with a deadline.
    bool done = co_await hem::move_on_after(1s, hem::sleep_for(1h));
    std::printf("%s after %.1f s\n", done ? "done" : "cancelled", seconds_since(begin));

    // [token]
    std::atomic<bool> begun{false};  // out here: what children use outlives the group, not its body
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            long steps = co_await hem::to_thread(foreign_search, hem::current_stop_token(), std::ref(begun));
            std::printf("the foreign search stopped: %s\n", steps > 0 ? "yes" : "no");
        });
        while (!begun.load()) co_await hem::yield_now();
        group.cancel();  // asks; leaving the group waits
    });
    // [/token]
    std::printf("nothing runs on\n");
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
