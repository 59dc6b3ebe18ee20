// expect: 'sleep' is unavailable: blocks the event loop, use co_await hem::sleep_for(..)
// expect: 'system' is unavailable: blocks the event loop, use co_await hem::to_thread(..)
// expect: blocking_call.cpp:16:10: error: 'system' is unavailable
// expect: is deprecated: blocks the event loop, use co_await hem::sleep_for(..)
// Answers P1, P12.
#include "hem/no_blocking.hpp"

#include <thread>

#include "hem/core.hpp"

hem::task<> handle() {
    sleep(1);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    system("true");
    std::system("true");
    co_return;
}
