// expect: forgotten_primitive.cpp:10:5: error: ignoring return value
// expect: forgotten_primitive.cpp:11:5: error: ignoring return value
// expect: forgotten_primitive.cpp:12:5: error: ignoring return value
// expect: forgotten_primitive.cpp:13:5: error: ignoring return value
// expect: forgotten_primitive.cpp:14:5: error: ignoring return value
// Answers P2.
#include "hem/core.hpp"

hem::task<> use(hem::event& ready, hem::lock& guarded, hem::semaphore& permits, hem::queue<int>& items) {
    ready.wait();
    guarded.acquire();
    permits.acquire();
    items.get();
    items.put(1);
    hem::yield_now();
    co_return;
}
