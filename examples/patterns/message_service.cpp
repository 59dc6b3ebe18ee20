// A message service: one task fetches, a bounded queue holds, a fixed number of workers handles. Stopping closes the queue, so nothing new
// is taken in and nothing that was taken in is lost. Nobody polls, and messages are stamped with the loop's clock. Answers 2-01, 2-02,
// 2-03.
#include "examples/patterns/example.hpp"

#include <functional>

using namespace std::chrono_literals;

namespace {

hem::time_point start;

// [service]
struct message {
    int number;
    hem::time_point received;
};

class message_service {
public:
    // Runs until stop(); what was taken in until then has been handled when it returns.
    hem::task<> run() {
        co_await hem::with_task_group([this](hem::task_group& group) -> hem::task<> {
            group.create_task(&fetch_messages, std::ref(*this));
            for (int i = 0; i < 2; ++i) group.create_task(&work, std::ref(*this));
            co_return;
        });
    }
    void stop() { messages_.close(); }
    hem::queue_statistics statistics() const { return messages_.statistics(); }

private:
    static hem::task<> fetch_messages(message_service& self) {
        try {
            for (int number = 1;; ++number) {
                co_await hem::sleep_for(100ms);                            // the next message comes
                co_await self.messages_.put({number, hem::clock::now()});  // waits while four are in it
            }
        } catch (const hem::queue_closed&) {
            std::printf("%.1f s: no more messages\n", seconds_since(start));
        }
    }
    // At most two messages are being handled at any time, because two tasks do it.
    static hem::task<> work(message_service& self) {
        while (auto next = co_await self.messages_.next()) {
            const double waited = seconds_since(next->received);
            co_await hem::sleep_for(1s);
            std::printf("%.1f s: handled %d, which had waited %.1f s\n", seconds_since(start), next->number, waited);
        }
    }
    hem::queue<message> messages_{4};
};
// [/service]

hem::task<> example() {
    start = hem::clock::now();
    message_service service;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto running = group.create_task([&]() -> hem::task<> { co_await service.run(); });
        co_await hem::sleep_for(2500ms);
        const auto now = service.statistics();
        std::printf("%.1f s: stopping with %zu in the queue, %zu producer waiting\n", seconds_since(start), now.size, now.putters);
        service.stop();
        co_await running;
    });
    std::printf("%.1f s: stopped, most at one time %zu, dropped %d\n", seconds_since(start), service.statistics().peak,
                int(service.statistics().dropped));

    // A producer that may not wait says what it wants instead; what is dropped is counted.
    hem::queue<int> latest(2, hem::overflow::drop_oldest);
    for (int i = 1; i <= 5; ++i) co_await latest.put(i);
    std::printf("kept the last %zu, dropped %d\n", latest.size(), int(latest.statistics().dropped));
    hem::queue<int> strict(1, hem::overflow::fail);
    std::printf("%s, %s\n", strict.try_put(1) ? "accepted" : "refused", strict.try_put(2) ? "accepted" : "refused");
    hem::queue<int> patient(1);
    co_await patient.put(1);
    auto put = co_await hem::move_on_after(1s, patient.put(2));
    std::printf("%s after 1 s, %zu in the queue\n", put ? "put" : "gave up", patient.size());
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
