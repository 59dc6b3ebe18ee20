#include "hem/core.hpp"

hem::task<> produce() {
    hem::queue<int> jobs(100);
    co_await jobs.put(1);
}
