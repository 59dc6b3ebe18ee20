// What the runtime costs, against the least that any coroutine runtime can do (baseline_runtime.hpp). One row per operation.
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

}  // namespace

int main() {
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
}
