// expect: a queue needs a capacity: queue<T>(100), or hem::unbounded
// Answers P4.
#include "hem/core.hpp"

hem::task<> produce() {
    hem::queue<int> jobs;
    co_await jobs.put(1);
}
