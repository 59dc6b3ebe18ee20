// What the guide page "Seeing what a program does" quotes.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

hem::task<> read_orders(hem::future<>& reply) { co_await reply; }
hem::task<> load_page(hem::future<>& reply) { co_await read_orders(reply); }

hem::task<> list_tasks() {
    hem::future<> reply;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto page = group.create_task({.name = "GET /orders"}, load_page, std::ref(reply));
        group.create_task({.name = "refresh"}, []() -> hem::task<> { co_await hem::sleep_for(1h); });
        co_await hem::sleep_for(2s);
        // [list]
        for (const hem::task_info& task : hem::all_tasks()) {
            std::printf("%llu '%s' is %s", (unsigned long long)task.id, task.name.c_str(), std::string(to_string(task.state)).c_str());
            if (!task.waits_for.kind.empty()) std::printf(": %s", task.waits_for.kind.c_str());
            std::puts("");
        }
        // [/list]
        std::puts("--");
        // [tree]
        std::fputs(hem::task_tree().c_str(), stdout);
        // [/tree]
        std::puts("--");
        // [stack]
        std::fputs(hem::to_string(hem::async_stack(page)).c_str(), stdout);
        // [/stack]
        std::puts("--");
        group.cancel();
    });
}

// [sink]
void to_my_log(const hem::report& report, void*) {
    std::printf("%s: %s\n", std::string(hem::to_string(report.kind)).c_str(), report.text.c_str());
}
// [/sink]

hem::task<> swallow() {
    try {
        co_await hem::sleep_for(1h);
    } catch (...) {
        // lost: this should have been `throw;`
    }
}

hem::task<> report_something() {
    // [on_report]
    hem::on_report(to_my_log);
    // [/on_report]
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "sync"}, swallow);
        co_await hem::sleep_for(1s);
        group.cancel();
    });
}

// [instrument]
struct turn_counter {
    int turns = 0;
    hem::instrument callbacks{
        .context = this,
        .resumed = [](void* self, const hem::task_event&) noexcept { ++static_cast<turn_counter*>(self)->turns; },
    };
};
// [/instrument]

}  // namespace

int main(int count, char** arguments) {
    const int status = run_example(count, arguments, list_tasks);
    if (status != 0) return status;
    run_example(count, arguments, report_something);
    turn_counter counter;
    hem::run({.clock = hem::clock_kind::virtual_time, .instrument = &counter.callbacks}, []() -> hem::task<> {
        for (int i = 0; i < 9; ++i) co_await hem::yield_now();
    });
    std::printf("%d turns\n", counter.turns);
}
