// expect: not awaited: write co_await
// Answers P2.
#include "hem/core.hpp"

hem::task<> produce(hem::queue<int>& jobs) {
    jobs.put(1);
    co_return;
}
