// A task that asks again and again keeps a core busy and everybody else waiting; one that can never be woken waits for ever. The first is
// advised, the second is a deadlock, which ends a run on virtual time and is a report on the real clock.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> poll(int& answers) {
    for (int asked = 0; asked < 1000; ++asked) co_await hem::yield_now();
    ++answers;
}

hem::task<> example() {
    int answers = 0;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "poller"}, poll, std::ref(answers));
        co_return;
    });
    std::printf("%d answer in a thousand turns\n", answers);

    hem::event arrived;  // wakes who waits, when there is something to do
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&arrived]() -> hem::task<> {
            co_await arrived.wait();
            std::puts("woken once");
        });
        co_await hem::sleep_for(1s);
        arrived.set();
    });
}

hem::task<> nobody_resolves() {
    hem::future<int> reply;
    std::printf("%d\n", co_await reply);
}

}  // namespace

int main() {
    run_pitfall(example);
    try {
        run_pitfall(nobody_resolves);
    } catch (const hem::deadlock_error& error) {
        std::printf("deadlock: %s\n", error.what());
    }
}
