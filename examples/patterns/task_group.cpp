// A group waits for its children, whichever way it is left. The first error cancels the others and leaves with its own type. Answers 1-05.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<int> process_item(int item) {
    co_await hem::sleep_for(item * 100ms);
    if (item > 5) throw std::out_of_range("item " + std::to_string(item) + " is too large");
    co_return item* item;
}

hem::task<int> process_to_the_end(int item) { co_return co_await hem::shield(10s, process_item(item)); }

// [group]
hem::task<int> sum_of_squares(std::vector<int> items) {
    std::vector<hem::task_handle<int>> handles;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (int item : items) handles.push_back(group.create_task(process_item, item));
        co_return;
    });  // every child has ended here
    int sum = 0;
    for (auto& handle : handles) sum += co_await handle;
    co_return sum;
}
// [/group]

hem::task<> example() {
    auto begin = hem::clock::now();
    int sum = co_await sum_of_squares({1, 2, 3});
    std::printf("sum %d after %.1f s\n", sum, seconds_since(begin));

    begin = hem::clock::now();
    try {
        co_await sum_of_squares({1, 6, 60});
    } catch (const std::out_of_range& error) {
        std::printf("%s, known after %.1f s\n", error.what(), seconds_since(begin));
    }

    // Or every error, always as a group: the second child shields its work from the cancellation that the first one causes.
    try {
        co_await hem::with_task_group({.errors = hem::errors::all}, [](hem::task_group& group) -> hem::task<> {
            group.create_task(process_item, 6);
            group.create_task(process_to_the_end, 7);
            co_return;
        });
    } catch (const hem::exception_group& group) {
        std::printf("%zu errors\n", group.errors().size());
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
