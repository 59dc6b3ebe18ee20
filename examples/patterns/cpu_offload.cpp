// What computes or blocks runs on worker threads; the loop goes on meanwhile. Arguments move into the call, its value or error comes back,
// a cancelled call is joined or ends itself early, and the pool ends with its scope. Answers 1-18, 4-08, P13, P17.
#include "examples/patterns/example.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

// [work]
long sum_of_squares(std::vector<long> values) {  // a plain function
    long sum = 0;
    for (long value : values) sum += value * value;
    return sum;
}
// [/work]

int parse_port(std::string text) {
    int port = std::stoi(text);
    if (port < 1 || port > 65535) throw std::out_of_range(text + " is no port");
    return port;
}

// [check_cancelled]
long search_for_ever(std::atomic<bool>& begun) {
    for (long step = 0;; ++step) {
        if (step == 1000) begun.store(true);
        if (step % 1000 == 0) hem::from_thread::check_cancelled();  // throws once the task that waits was cancelled
    }
}
// [/check_cancelled]

// [from_thread]
hem::task<> note(int done) {
    co_await hem::sleep_for(10ms);  // a coroutine, on the loop, in the scope and context of the task that waits
    std::printf("%d parts\n", done);
}
void count_parts() {
    for (int part = 1; part <= 2; ++part) hem::from_thread::run(note, part);
}
// [/from_thread]

hem::task<> example() {
    std::vector<long> values(1000, 2);
    // [to_thread]
    long sum = co_await hem::to_thread(sum_of_squares, std::move(values));
    // [/to_thread]
    std::printf("sum %ld\n", sum);

    auto here = std::this_thread::get_id();
    bool elsewhere = co_await hem::to_thread([here] { return std::this_thread::get_id() != here; });
    std::printf("on a thread of its own: %s\n", elsewhere ? "yes" : "no");

    try {
        co_await hem::to_thread(parse_port, std::string("70000"));
    } catch (const std::out_of_range& error) {
        std::printf("the error comes back: %s\n", error.what());
    }

    co_await hem::to_thread(count_parts);

    // [pool]
    co_await hem::with(hem::worker_pool({.threads = 4, .name = "parsers"}), [](hem::worker_pool& pool) -> hem::task<> {
        auto [first, second] =
            co_await hem::gather(hem::to_thread(pool, parse_port, std::string("80")), hem::to_thread(pool, parse_port, std::string("443")));
        std::printf("ports %d and %d\n", first, second);
    });
    // [/pool]

    // [cancel]
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        std::atomic<bool> begun{false};
        auto search = group.create_task([&]() -> hem::task<long> { co_return co_await hem::to_thread(search_for_ever, std::ref(begun)); });
        while (!begun.load()) co_await hem::yield_now();
        search.cancel();
        co_await group.join();
        std::printf("the search ended: %s\n", search.outcome().is_cancelled() ? "cancelled" : "by itself");
    });
    // [/cancel]
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
