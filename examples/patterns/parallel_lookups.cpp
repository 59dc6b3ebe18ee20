// Three lookups that do not need each other belong into one gather. Answers 4-02.
#include "examples/patterns/example.hpp"

using namespace std::chrono_literals;

namespace {

hem::task<int> get_user() {
    co_await hem::sleep_for(100ms);
    co_return 1;
}
hem::task<int> get_logs() {
    co_await hem::sleep_for(200ms);
    co_return 20;
}
hem::task<int> get_metrics() {
    co_await hem::sleep_for(150ms);
    co_return 300;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    int slow = co_await get_user();
    slow += co_await get_logs();
    slow += co_await get_metrics();
    std::printf("one by one: %d after %.2f s\n", slow, seconds_since(begin));

    begin = hem::clock::now();
    auto [user, logs, metrics] = co_await hem::gather(get_user(), get_logs(), get_metrics());
    std::printf("together: %d after %.2f s\n", user + logs + metrics, seconds_since(begin));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
