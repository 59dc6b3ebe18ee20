// What the runtime costs, against the least that any coroutine runtime can do (baseline_runtime.hpp). One row per operation. A budget is
// nanoseconds over those of the floor on the machine where both were fixed.
#include "bench/baseline_runtime.hpp"
#include "bench/measure.hpp"
#include "hem/core.hpp"

namespace {

namespace bench = hem::bench;
namespace floor = hem::bench::floor;

// ---- awaiting a child that is ready
// ------------------------------------------------------------------------------------------------------

[[gnu::noinline]] hem::task<int> child(int i) { co_return i; }
[[gnu::noinline]] floor::task<int> floor_child(int i) { co_return i; }

hem::task<> await_children(long count) {
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await child(int(i));
    bench::keep(sum);
}
floor::task<> floor_await_children(long count) {
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await floor_child(int(i));
    bench::keep(sum);
}

// ---- spawning
// ----------------------------------------------------------------------------------------------------------------------------

[[gnu::noinline]] hem::task<> nothing() { co_return; }
[[gnu::noinline]] floor::job floor_nothing() { co_return; }

// One group, `batch` children at a time, joined before the next.
hem::task<> spawn_and_join(long count, long batch) {
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (long i = 0; i < count; i += batch) {
            for (long k = 0; k < batch; ++k) group.create_task(nothing);
            co_await group.join();
        }
    });
}
floor::task<> floor_spawn_and_join(long count, long batch) {
    for (long i = 0; i < count; i += batch) {
        floor::group group;
        for (long k = 0; k < batch; ++k) floor::spawn(group, floor_nothing());
        co_await group;
    }
}

// ---- taking turns
// ------------------------------------------------------------------------------------------------------------------------

hem::task<> take_turns(long count) {
    for (long i = 0; i < count; ++i) co_await hem::yield_now();
}
floor::task<> floor_take_turns(long count) {
    for (long i = 0; i < count; ++i) co_await floor::yield{};
}

// ---- a bounded queue between two tasks
// ---------------------------------------------------------------------------------------------------

hem::task<> put_all(hem::queue<int>& queue, long count) {
    for (long i = 0; i < count; ++i) co_await queue.put(int(i));
}
hem::task<> pass_through_queue(long count) {
    hem::queue<int> queue(floor::queue::capacity);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(put_all, std::ref(queue), count);
        long sum = 0;
        for (long i = 0; i < count; ++i) sum += co_await queue.get();
        bench::keep(sum);
    });
}
floor::job floor_put_all(floor::queue& queue, long count) {
    for (long i = 0; i < count; ++i) co_await queue.put(int(i));
}
floor::task<> floor_pass_through_queue(long count) {
    floor::queue queue;
    floor::group group;
    floor::spawn(group, floor_put_all(queue, count));
    long sum = 0;
    for (long i = 0; i < count; ++i) sum += co_await queue.get();
    bench::keep(sum);
    co_await group;
}

// ---- a semaphore with ten permits, fought over by a thousand tasks
// -----------------------------------------------------------------------

constexpr long contenders = 1000;

hem::task<> contend(hem::semaphore& permits, long count) {
    for (long i = 0; i < count; ++i) {
        auto permit = co_await permits.acquire();
        co_await hem::yield_now();
    }
}
hem::task<> contend_all(long count) {
    hem::semaphore permits(10);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (long i = 0; i < contenders; ++i) group.create_task(contend, std::ref(permits), count / contenders);
        co_return;
    });
}
floor::job floor_contend(floor::semaphore& permits, long count) {
    for (long i = 0; i < count; ++i) {
        co_await permits.acquire();
        co_await floor::yield{};
        permits.release();
    }
}
floor::task<> floor_contend_all(long count) {
    floor::semaphore permits(10);
    floor::group group;
    for (long i = 0; i < contenders; ++i) floor::spawn(group, floor_contend(permits, count / contenders));
    co_await group;
}

// ---- a timer made and taken back
// ---------------------------------------------------------------------------------------------------------

hem::task<> cancel_timers(long count) {
    auto& loop = hem::loop::current();
    for (long i = 0; i < count; ++i) loop.call_later(std::chrono::hours(1), [] {}).cancel();
    co_return;
}

// ---- a deadline that does not strike: a scope and a timer made and taken back, against the bare timer
// -----------------------------------------

hem::task<> set_deadlines(long count) {
    for (long i = 0; i < count; ++i) co_await hem::timeout(std::chrono::hours(1), nothing());
}
floor::task<> floor_set_deadlines(long count) {
    constexpr long hour = 3600'000'000'000;
    for (long i = 0; i < count; ++i) {
        floor::timer timer{.when = floor::now() + hour};
        floor::timers.add(&timer);
        bench::keep(timer);
        floor::timers.remove(&timer);
    }
    co_return;
}

}  // namespace

int main() {
    // The watchdog stays on, so that its cost is in the figures; what it has to say about rounds of a second is of no interest.
    hem::on_report([](const hem::report&, void*) {});
    bench::compare(
        "await a ready child", 5'000'000, [](long n) { hem::run(await_children, n); }, "floor",
        [](long n) { floor::run(floor_await_children(n)); }, 1.5);
    bench::compare(
        "spawn and join, one by one", 1'000'000, [](long n) { hem::run(spawn_and_join, n, 1); }, "floor",
        [](long n) { floor::run(floor_spawn_and_join(n, 1)); }, 40.0 / 6.3);
    bench::compare(
        "spawn and join, 1000 at a time", 1'000'000, [](long n) { hem::run(spawn_and_join, n, 1000); }, "floor",
        [](long n) { floor::run(floor_spawn_and_join(n, 1000)); }, 0);
    bench::compare(
        "yield_now", 5'000'000, [](long n) { hem::run(take_turns, n); }, "floor", [](long n) { floor::run(floor_take_turns(n)); }, 0);
    bench::compare(
        "timer made and cancelled", 1'000'000, [](long n) { hem::run(cancel_timers, n); }, "floor, bare timer",
        [](long n) { floor::run(floor_set_deadlines(n)); }, 50.0 / 23);
    bench::compare(
        "item through a bounded queue", 2'000'000, [](long n) { hem::run(pass_through_queue, n); }, "floor",
        [](long n) { floor::run(floor_pass_through_queue(n)); }, 6 / 2.2);
    bench::compare(
        "contended semaphore", 1'000'000, [](long n) { hem::run(contend_all, n); }, "floor",
        [](long n) { floor::run(floor_contend_all(n)); }, 15 / 4.5);
    bench::compare(
        "timeout that does not strike", 1'000'000, [](long n) { hem::run(set_deadlines, n); }, "floor, bare timer",
        [](long n) { floor::run(floor_set_deadlines(n)); }, 50.0 / 23);
}
