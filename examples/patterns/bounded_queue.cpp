// A queue between tasks has a capacity: who puts too fast waits, or says what else shall happen. Closing it lets the consumers finish what
// is in it and end. Answers 2-02, 2-03.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

hem::time_point start;

// [queue]
hem::task<> produce(hem::queue<int>& messages) {
    for (int i = 1; i <= 6; ++i) {
        co_await messages.put(i);  // waits while two are in it
        std::printf("%.1f s: put %d\n", seconds_since(start), i);
    }
    messages.close();
}

hem::task<> consume(std::string name, hem::queue<int>& messages) {
    try {
        for (;;) {
            int message = co_await messages.get();
            co_await hem::sleep_for(1s);
            std::printf("%.1f s: %s did %d\n", seconds_since(start), name.c_str(), message);
        }
    } catch (const hem::queue_closed&) {
    }
}
// [/queue]

hem::task<> example() {
    start = hem::clock::now();
    hem::queue<int> messages(2);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(produce, std::ref(messages));
        group.create_task(consume, "anna", std::ref(messages));
        group.create_task(consume, "bert", std::ref(messages));
        co_return;
    });

    hem::queue<int> latest(2, hem::overflow::drop_oldest);
    for (int i = 1; i <= 5; ++i) co_await latest.put(i);  // never waits
    int first = co_await latest.get(), second = co_await latest.get();
    std::printf("kept %d and %d\n", first, second);

    hem::queue<int> strict(1, hem::overflow::fail);
    co_await strict.put(1);
    try {
        co_await strict.put(2);
    } catch (const hem::queue_full& error) {
        std::puts(error.what());
    }

    // A get that ran into its deadline took nothing.
    hem::queue<int> slow(1);
    auto nothing = co_await hem::move_on_after(100ms, slow.get());
    slow.put_nowait(7);
    std::printf("%s, then %d\n", nothing ? "something" : "nothing", co_await slow.get());
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
