// What docs/guide/queues.md shows.
#include "examples/patterns/example.hpp"

#include <functional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

// [queue]
hem::task<> read_lines(hem::queue<std::string>& lines) {
    for (const char* line : {"one", "two", "three", "four"}) co_await lines.put(line);  // waits while two are in it
    lines.close();                                                                      // what is in it is still served
}

hem::task<> count_letters(hem::queue<std::string>& lines) {
    while (auto line = co_await lines.next()) {  // ends when the queue is closed and empty
        co_await hem::sleep_for(1s);
        std::printf("%s has %zu letters\n", line->c_str(), line->size());
    }
}

hem::task<> pass_lines() {
    hem::queue<std::string> lines(2);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(read_lines, std::ref(lines));
        group.create_task(count_letters, std::ref(lines));
        group.create_task(count_letters, std::ref(lines));
        co_return;
    });
}
// [/queue]

hem::task<> time_out() {
    hem::queue<int> jobs(10);
    // [timeout]
    auto job = co_await hem::move_on_after(1s, jobs.get());  // a get that timed out took nothing
    jobs.put_nowait(7);
    std::printf("%s, then %d\n", job ? "a job" : "no job", co_await jobs.get());
    // [/timeout]
}

hem::task<> wait_until_done() {
    hem::queue<int> jobs(10);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            while (auto job = co_await jobs.next()) {
                co_await hem::sleep_for(1s);
                jobs.task_done();
            }
        });
        // [join]
        for (int job = 0; job < 3; ++job) co_await jobs.put(job);
        co_await jobs.join();  // until task_done() was called for each
        std::puts("all jobs are done");
        jobs.close();
        // [/join]
    });
}

// [channel]
hem::task<> measure(hem::sender<double> out, double first) {
    for (int i = 0; i < 3; ++i) co_await out.send(first + i);
}  // its end closes here

hem::task<> sum_up() {
    auto [out, in] = hem::channel<double>(8);
    double sum = 0;
    co_await hem::with_task_group([&, &out = out, &in = in](hem::task_group& group) -> hem::task<> {
        group.create_task(measure, out.clone(), 1.0);
        group.create_task(measure, std::move(out), 10.0);
        while (auto value = co_await in.next()) sum += *value;  // until both senders have closed
    });
    std::printf("sum %.0f\n", sum);
}
// [/channel]

hem::task<> tell_everybody() {
    // [broadcast]
    hem::broadcast<std::string> news(16);
    auto anna = news.subscribe();
    auto slow = news.subscribe();
    for (int i = 1; i <= 20; ++i) {
        news.publish("item " + std::to_string(i));  // never waits
        co_await anna.next();
    }
    try {
        co_await slow.next();
    } catch (const hem::lagged& error) {
        std::puts(error.what());
    }
    std::printf("it goes on with %s\n", (co_await slow.next())->c_str());
    // [/broadcast]
    // [watch]
    hem::watch<int> level(1);
    auto view = level.subscribe();
    level.set(2);
    level.set(3);
    std::printf("level %d\n", *co_await view.next());  // the latest, not every step
    // [/watch]
}

// [lock]
struct account {
    int balance = 100;
    hem::lock mutex{"account"};
};

hem::task<> withdraw(account& from, int amount) {
    auto guard = co_await from.mutex.acquire();
    const int before = from.balance;
    co_await hem::sleep_for(10ms);  // asks a server; without the lock another task could withdraw here
    if (before >= amount) from.balance = before - amount;
}
// [/lock]

// [condition]
struct shelf {
    std::vector<int> items;
    hem::condition changed;
};

hem::task<> take_three(shelf& from) {
    auto guard = co_await from.changed.acquire();
    co_await from.changed.wait([&] { return from.items.size() >= 3; });  // without the lock meanwhile, with it afterwards
    from.items.clear();
    std::puts("took three");
}

hem::task<> fill(shelf& to) {
    for (int i = 0; i < 3; ++i) {
        co_await hem::sleep_for(1s);
        auto guard = co_await to.changed.acquire();
        to.items.push_back(i);
        to.changed.notify();
    }
}
// [/condition]

hem::task<> synchronise() {
    account shared;
    co_await hem::gather(withdraw(shared, 70), withdraw(shared, 70));
    std::printf("balance %d\n", shared.balance);

    shelf stock;
    co_await hem::gather(take_three(stock), fill(stock));

    // [event]
    hem::event ready;
    hem::latch workers(2);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (int i = 0; i < 2; ++i) {
            group.create_task([&]() -> hem::task<> {
                co_await ready.wait();
                workers.count_down();
            });
        }
        ready.set();              // everybody who waits goes on
        co_await workers.wait();  // until both have counted down
        std::puts("both went on");
    });
    // [/event]

    // [barrier]
    hem::barrier round(3);
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        for (int i = 1; i <= 3; ++i) {
            group.create_task([&, i]() -> hem::task<> {
                co_await hem::sleep_for(i * 1s);
                if (co_await round.wait() == 0) std::puts("all three have come");  // one of them says so
            });
        }
        co_return;
    });
    // [/barrier]

    // [semaphore]
    hem::semaphore permits(2);  // at most two at once; this is no rate limit
    hem::capacity_limiter disk(2);
    {
        auto permit = co_await permits.acquire();
        auto token = co_await disk.acquire();  // knows who has it: the same task cannot ask twice
        std::printf("%zu permit and %zu token left\n", permits.available(), disk.available_tokens());
    }
    disk.set_total_tokens(5);  // may change while it is in use
    // [/semaphore]
}

hem::task<> example() {
    co_await pass_lines();
    co_await time_out();
    co_await wait_until_done();
    co_await sum_up();
    co_await tell_everybody();
    co_await synchronise();
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
