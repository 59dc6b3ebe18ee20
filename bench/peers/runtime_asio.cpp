// What Asio's coroutines take for the operations of runtime_bench.cpp: prints "name<TAB>nanoseconds" lines, medians of five rounds.
#include <algorithm>
#include <asio.hpp>
#include <asio/experimental/channel.hpp>
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

template <class T = void>
using task = asio::awaitable<T>;
constexpr auto& wait = asio::use_awaitable;

[[gnu::noinline]] task<int> child(int i) { co_return i; }
[[gnu::noinline]] task<> nothing() { co_return; }

task<> await_children(long count) {
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await child(int(i));
    asm volatile("" : : "g"(&sum) : "memory");
}

task<> one_by_one(long count) {
    auto executor = co_await asio::this_coro::executor;
    for (long i = 0; i < count; ++i) co_await asio::co_spawn(executor, nothing(), wait);
}

task<> batches(long count) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer joined(executor);
    for (long i = 0; i < count; i += 1000) {
        int running = 1000;
        joined.expires_after(std::chrono::hours(1));
        for (int k = 0; k < 1000; ++k) {
            asio::co_spawn(executor, nothing(), [&](std::exception_ptr) {
                if (--running == 0) joined.cancel();
            });
        }
        asio::error_code ended;
        co_await joined.async_wait(asio::redirect_error(wait, ended));
    }
}

task<> turns(long count) {
    auto executor = co_await asio::this_coro::executor;
    for (long i = 0; i < count; ++i) co_await asio::post(executor, wait);
}

using channel = asio::experimental::channel<void(asio::error_code, int)>;
task<> queue(long count) {
    auto executor = co_await asio::this_coro::executor;
    channel items(executor, 64);
    asio::co_spawn(
        executor,
        [&items, count]() -> task<> {
            for (long i = 0; i < count; ++i) co_await items.async_send(asio::error_code(), int(i), wait);
        },
        asio::detached);
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await items.async_receive(wait);
    asm volatile("" : : "g"(&sum) : "memory");
}

task<> timers(long count) {
    auto executor = co_await asio::this_coro::executor;
    for (long i = 0; i < count; ++i) {
        asio::steady_timer timer(executor, std::chrono::hours(1));
        timer.async_wait([](asio::error_code) {});
        timer.cancel();
    }
}

template <class Body>
void measure(const char* name, long count, Body body) {
    const auto round = [&](long n) {
        asio::io_context context(1);
        const auto begin = std::chrono::steady_clock::now();
        asio::co_spawn(context, body(n), asio::detached);
        context.run();
        return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / double(n);
    };
    round(count / 10);
    std::vector<double> rounds;
    for (int i = 0; i < 5; ++i) rounds.push_back(round(count));
    std::sort(rounds.begin(), rounds.end());
    std::printf("%s\t%.1f\n", name, rounds[2]);
    std::fflush(stdout);
}

}  // namespace

int main() {
    measure("await a ready child", 5'000'000, await_children);
    measure("spawn and join, one by one", 1'000'000, one_by_one);
    measure("spawn and join, 1000 at a time", 1'000'000, batches);
    measure("yield_now", 1'000'000, turns);
    measure("item through a bounded queue", 1'000'000, queue);
    measure("timer made and cancelled", 1'000'000, timers);
}
