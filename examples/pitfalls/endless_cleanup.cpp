// Cleanup that is cut short leaves half a state, cleanup without an end holds up a shutdown. Cleanup is shielded on every way out, and for
// as long as its grace time lasts: five seconds, or what is said.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> flush(hem::duration takes) {
    co_await hem::sleep_for(takes);
    std::printf("flushed after %.0f s\n", std::chrono::duration<double>(takes).count());
}

hem::task<> serve(hem::duration cleanup) {
    co_await hem::finally(hem::sleep_forever(), [cleanup]() -> hem::task<> { co_await flush(cleanup); });
}

hem::task<> example() {
    const auto begin = hem::clock::now();
    const auto seconds = [begin] { return std::chrono::duration<double>(hem::clock::now() - begin).count(); };
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "quick"}, serve, hem::duration(3s));
        group.create_task({.name = "endless"}, serve, hem::duration(1h));
        co_await hem::sleep_for(1s);
        group.cancel();
    });
    std::printf("shut down at %.0f s\n", seconds());
    // Who needs longer says so.
    const bool ended = co_await hem::move_on_after(1s, hem::shield(10s, flush(8s)));
    std::printf("%s at %.0f s\n", ended ? "ended" : "left", seconds());
}

}  // namespace

int main() { return run_pitfall(example); }
