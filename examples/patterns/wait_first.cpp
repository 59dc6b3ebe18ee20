// Wait for the first of several tasks, for the first failure, or for a while, and decide then. wait() only watches: the tasks are the
// group's, which joins them also when they are cancelled. Answers 3-05, 3-06.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<int> work(int seconds) {
    co_await hem::sleep_for(seconds * 1s);
    if (seconds > 5) throw std::runtime_error("too much work");
    co_return seconds * 10;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    // [first]
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        std::vector<hem::task_handle<int>> handles;
        for (int seconds : {1, 2, 3}) handles.push_back(group.create_task(work, seconds));
        auto [done, pending] = co_await hem::wait(handles, hem::first_completed);
        std::printf("%.1f s: %zu done, %zu pending, result %d\n", seconds_since(begin), done.size(), pending.size(), co_await done[0]);
        for (auto& handle : pending) handle.cancel();
    });  // the cancelled ones have ended here
    // [/first]
    std::printf("%.1f s: all ended\n", seconds_since(begin));

    begin = hem::clock::now();
    // [timeout]
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto a = group.create_task(work, 5), b = group.create_task(work, 5);
        auto [done, pending] = co_await hem::wait({a, b}, hem::all_completed, {.timeout = 2s});  // a timeout is no error
        std::printf("%.1f s: %zu done, %zu pending\n", seconds_since(begin), done.size(), pending.size());
        group.cancel();
    });
    // [/timeout]

    // The first failure of several: in a group of its own it would cancel the siblings; settled children go on.
    begin = hem::clock::now();
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto settled_work = [](int seconds) -> hem::task<hem::outcome<int>> { co_return co_await hem::settled(work(seconds)); };
        auto fails = group.create_task(settled_work, 6), ends = group.create_task(settled_work, 2);
        auto [done, pending] = co_await hem::wait({fails, ends}, hem::all_completed);
        for (auto& handle : done) std::printf("%s\n", (co_await handle).has_value() ? "a value" : "an error");
        std::printf("%.1f s: %zu done\n", seconds_since(begin), done.size());
    });
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
