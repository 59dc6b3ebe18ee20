#include "hem/core.hpp"

hem::task<int> answer() { co_return 42; }

hem::task<> all() {
    std::vector<hem::task<int>> tasks;
    tasks.push_back(answer());
    co_await hem::gather(std::move(tasks), {.limit = 10});
}
