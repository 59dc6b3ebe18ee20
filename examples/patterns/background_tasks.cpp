// Start work, do something else, collect the results later; the scope ends both when one of them fails. Answers 3-07.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

hem::task<std::string> report(std::string name, hem::duration takes) {
    co_await hem::sleep_for(takes);
    co_return name + " is ready";
}

hem::task<> example() {
    auto begin = hem::clock::now();
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto sales = group.create_task(report, "sales", 2s);
        auto stock = group.create_task(report, "stock", 1s);
        co_await hem::sleep_for(500ms);
        std::printf("other work is done after %.1f s\n", seconds_since(begin));
        std::puts((co_await stock).c_str());
        std::puts((co_await sales).c_str());
    });
    std::printf("all after %.1f s\n", seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
