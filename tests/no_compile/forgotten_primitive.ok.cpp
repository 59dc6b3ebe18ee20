#include "hem/core.hpp"

hem::task<> use(hem::event& ready, hem::lock& guarded, hem::semaphore& permits, hem::queue<int>& items) {
    co_await ready.wait();
    auto guard = co_await guarded.acquire();
    auto permit = co_await permits.acquire();
    co_await items.put(co_await items.get());
    co_await hem::yield_now();
}
