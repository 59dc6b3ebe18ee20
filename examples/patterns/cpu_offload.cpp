// What computes or blocks runs on worker threads; the loop goes on meanwhile. Arguments move into the call, its value or error comes back,
// and the pool ends with its scope. Answers 1-18.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <thread>
#include <vector>

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

    // A pool of one's own, closed with its scope.
    co_await hem::with(hem::worker_pool({.threads = 4}), [](hem::worker_pool& pool) -> hem::task<> {
        auto [first, second] =
            co_await hem::gather(hem::to_thread(pool, parse_port, std::string("80")), hem::to_thread(pool, parse_port, std::string("443")));
        std::printf("ports %d and %d\n", first, second);
    });
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
