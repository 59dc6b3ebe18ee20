// A timeout around `get` must not lose the item that arrives at that very moment. An operation that was cancelled had no effect: it took
// nothing. Answers P21.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> produce(hem::queue<int>& items) {
    for (int i = 0; i < 5; ++i) {
        co_await hem::sleep_for(1s);
        co_await items.put(i);
    }
    items.close();
}

hem::task<> consume(hem::queue<int>& items) {
    int got = 0;
    int timeouts = 0;
    try {
        for (;;) {
            try {
                co_await hem::timeout(1s, items.get());  // the limit strikes when the item comes
                ++got;
            } catch (const hem::timeout_error&) {
                ++timeouts;
            }
        }
    } catch (const hem::queue_closed&) {
    }
    std::printf("%d items put, %d got, %s\n", 5, got, timeouts > 0 ? "though the limit struck now and then" : "without a timeout");
}

hem::task<> example() {
    hem::queue<int> items(1);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(consume, std::ref(items));
        group.create_task(produce, std::ref(items));
        co_return;
    });
}

}  // namespace

int main() { return run_pitfall(example); }
