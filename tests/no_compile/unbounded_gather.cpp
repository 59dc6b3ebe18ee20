// expect: gather over a range needs a limit: gather(tasks, {.limit = n}), or hem::unbounded
// Answers P4.
#include "hem/core.hpp"

hem::task<int> answer() { co_return 42; }

hem::task<> all() {
    std::vector<hem::task<int>> tasks;
    tasks.push_back(answer());
    co_await hem::gather(std::move(tasks));
}
