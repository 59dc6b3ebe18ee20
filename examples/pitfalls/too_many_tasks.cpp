// A task for each of ten thousand items opens ten thousand connections. A range needs a limit, and a group that grows too large is
// reported. Answers P4.
#include <vector>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<int> fetch(int id) {
    co_await hem::sleep_for(1s);
    co_return id;
}

hem::task<> example() {
    std::vector<int> ids(20, 1);
#ifdef HEM_SHOW_PITFALL
    std::vector<hem::task<int>> tasks;
    // expect: gather over a range needs a limit: gather(tasks, {.limit = n}), or hem::unbounded
    co_await hem::gather(std::move(tasks));
    // expect: map_concurrent needs a limit: map_concurrent(items, f, {.limit = n}), or hem::unbounded
    co_await hem::map_concurrent(ids, fetch);
    // expect: a queue needs a capacity: queue<T>(100), or hem::unbounded
    hem::queue<int> jobs;
#endif
    // The default is 10 000 live children.
    co_await hem::with_task_group({.warn_above = 10}, [&](hem::task_group& group) -> hem::task<> {
        for (const int id : ids) group.create_task(fetch, id);
        co_return;
    });

    const auto begin = hem::clock::now();
    const auto pages = co_await hem::map_concurrent(ids, fetch, {.limit = 5});
    std::printf("%zu pages, five at a time, in %.0f s\n", pages.size(), std::chrono::duration<double>(hem::clock::now() - begin).count());
}

}  // namespace

int main() { return run_pitfall(example); }
