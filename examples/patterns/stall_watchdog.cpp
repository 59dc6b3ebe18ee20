// The stall watchdog: on by default, it reports a task that holds the loop for 100 ms, while it does, with its stacks. Always on the wall
// clock, which is what it watches. Answers 4-11, P1, P13.
#include "hem/core.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>

using namespace std::chrono_literals;

namespace {

std::atomic<bool> go_on{true};

// Too much work for one turn on the loop; here it ends when somebody has complained.
[[gnu::noinline]] long crunch() {
    long rounds = 0;
    while (go_on.load(std::memory_order_relaxed)) ++rounds;
    return rounds;
}

// [bad]
hem::task<long> bad_operation() {
    co_return crunch();  // every other task of the loop waits meanwhile
}
// [/bad]

// [good]
hem::task<long> good_operation() {
    co_return co_await hem::to_thread(crunch);  // a worker computes, the loop goes on
}
// [/good]

// [sink]
struct report_list {
    std::mutex mutex;
    std::vector<hem::report> reports;
};

void take_report(const hem::report& report, void* context) {
    auto& list = *static_cast<report_list*>(context);  // stalls are reported on the watchdog's thread: the loop is held
    const std::lock_guard guard(list.mutex);
    list.reports.push_back(report);
    go_on.store(false);
}
// [/sink]

hem::task<> example() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "GET /bad"}, bad_operation);
        co_return;
    });
}

hem::task<> example_on_a_worker() {
    go_on.store(true);
    auto [rounds, slept] = co_await hem::gather(good_operation(), []() -> hem::task<> {
        co_await hem::sleep_for(150ms);
        std::puts("the loop is free while the worker computes");
        go_on.store(false);
    }());
    std::puts(rounds > 0 ? "and the result came back" : "nothing was computed");
}

}  // namespace

int main() {
    report_list list;
    hem::on_report(take_report, &list);
    // [run]
    hem::run({.watchdog = {.threshold = 100ms, .reports_per_minute = 5}}, example);
    // [/run]
    hem::on_report(nullptr);
    for (const hem::report& report : list.reports) {
        std::printf("%s: task '%s'\n", std::string(hem::to_string(report.kind)).c_str(), report.task.c_str());
        std::printf("the native stack %s crunch, the coroutines %s bad_operation\n",
                    report.stack.find("crunch()") != std::string::npos ? "names" : "lacks",
                    report.stack.find("coroutine hem::task<long> (anonymous namespace)::bad_operation()") != std::string::npos ? "name"
                                                                                                                               : "lack");
    }
    hem::run(example_on_a_worker);
}
