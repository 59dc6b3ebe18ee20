// Background work that somebody owns: a group that is waited for with a limit, then cancelled and joined; and a batch whose failures are
// results. Answers 2-05, 2-06.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<> refresh(std::string name, hem::duration takes) {
    try {
        co_await hem::sleep_for(takes);
        std::printf("  %s is refreshed\n", name.c_str());
    } catch (const hem::cancelled&) {
        std::printf("  %s is cut short\n", name.c_str());
        throw;
    }
}

// [drain]
// Waits up to `limit` for the tasks of the group, then cancels those that are left; with_task_group joins them.
hem::task<std::size_t> drain(hem::task_group& group, hem::duration limit) {
    bool in_time = co_await hem::move_on_after(limit, group.join());
    std::size_t left = in_time ? 0 : group.size();
    group.cancel("the service ends");
    co_return left;
}
// [/drain]

hem::task<std::string> process_item(std::string item) {
    co_await hem::sleep_for(1s);
    if (item == "broken") throw std::invalid_argument("cannot process " + item);
    co_return "processed " + item;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    co_await hem::with_task_group({.name = "background"}, [&](hem::task_group& group) -> hem::task<> {
        group.create_task(refresh, "cache", 2s);
        group.create_task(refresh, "index", 10s);
        group.create_task(refresh, "report", 1h);
        std::size_t left = co_await drain(group, 30s);
        std::printf("%.1f s: %zu did not end in time\n", seconds_since(begin), left);
    });
    std::printf("%.1f s: nothing runs any more\n", seconds_since(begin));

    begin = hem::clock::now();
    std::vector<std::string> items{"one", "broken", "three"};
    auto outcomes = co_await hem::map_concurrent_settled(items, process_item, {.limit = 10});
    for (auto& outcome : outcomes) std::printf("  %s\n", outcome.value_or("failed").c_str());
    std::printf("processed in %.1f s\n", seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
