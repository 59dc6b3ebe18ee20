// What a queue tells about a service's health: how full it is, how long items wait in it, how many were dropped, and an alarm before it
// overflows. Whoever scrapes /metrics sees them. Answers 2-04.
#include "examples/patterns/example.hpp"

#include <string>

#include "hem/telemetry/metrics.hpp"

using namespace std::chrono_literals;

namespace {

struct message {
    int number;
    hem::time_point put_at;
};

// [metrics]
const hem::metrics::gauge depth{"messages_depth", "Messages that wait"};
const hem::metrics::counter dropped{"messages_dropped_total", "Messages that found no room"};
constexpr double seconds[] = {0.5, 1, 2, 4};
const hem::metrics::histogram waited{"messages_wait_seconds", "Time from put to get", {}, seconds};

// The producer never waits: what does not fit is dropped, and counted.
hem::task<> produce(hem::queue<message>& messages) {
    const std::size_t high_water = messages.capacity() * 3 / 4;
    bool alarmed = false;
    for (int i = 1; i <= 8; ++i) {
        if (!messages.try_put({i, hem::clock::now()})) dropped.increment();
        depth.set(double(messages.size()));
        if (!alarmed && messages.size() >= high_water) {
            alarmed = true;
            std::printf("message %d: the queue is at %zu of %zu\n", i, messages.size(), messages.capacity());
        }
        co_await hem::sleep_for(250ms);
    }
    messages.close();
}

hem::task<> consume(hem::queue<message>& messages) {
    while (auto next = co_await messages.next()) {
        waited.observe(seconds_since(next->put_at));
        depth.set(double(messages.size()));
        co_await hem::sleep_for(1s);
    }
}
// [/metrics]

hem::task<> example() {
    hem::queue<message> messages(4);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(produce, std::ref(messages));
        group.create_task(consume, std::ref(messages));
        co_return;
    });
    // What a scrape of the service shows of them.
    const std::string text = co_await hem::metrics::scrape();
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        const std::string line = text.substr(begin, end - begin);
        if (line.starts_with("messages_")) std::printf("%s\n", line.c_str());
        begin = end + 1;
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
