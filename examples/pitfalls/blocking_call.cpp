// A call that holds the thread holds every task of the loop. What the compiler can see does not compile; what it cannot see is reported
// while it lasts, which stall_watchdog.cpp of the patterns shows. Answers P1, P12, P13.
#include <cstdlib>
#include <thread>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> wait_a_second() {
#ifdef HEM_SHOW_PITFALL
    // expect: 'sleep' is unavailable: blocks the event loop, use co_await hem::sleep_for(..)
    sleep(1);
    // expect: is deprecated: blocks the event loop, use co_await hem::sleep_for(..)
    std::this_thread::sleep_for(1s);
    // expect: 'system' is unavailable: blocks the event loop, use co_await hem::to_thread(..)
    std::system("true");
#endif
    co_await hem::sleep_for(1s);
}

long add_up(long count) {
    long sum = 0;
    for (long i = 1; i <= count; ++i) sum += i;
    return sum;
}

// Work that has to stay here gives up its turn when it has lasted long enough.
hem::task<long> add_up_in_turns(long count) {
    long sum = 0;
    for (long i = 1; i <= count; ++i) {
        sum += i;
        if (i % 1000 == 0) co_await hem::yield_if_due();
    }
    co_return sum;
}

hem::task<> example() {
    const auto begin = hem::clock::now();
    co_await hem::gather(wait_a_second(), wait_a_second());
    std::printf("two waits of a second took %.1f s\n", std::chrono::duration<double>(hem::clock::now() - begin).count());
    std::printf("on a worker: %ld\n", co_await hem::to_thread(add_up, 100'000L));
    std::printf("in turns: %ld\n", co_await add_up_in_turns(100'000));
}

}  // namespace

int main() { return run_pitfall(example); }
