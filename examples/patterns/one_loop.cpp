// One loop runs on one thread and takes turns at every co_await. That suits work that waits: ten thousand tasks that sleep cost one thread
// and one second. It does not suit work that computes: while one task computes, every other one stands still, so computing goes to threads.
// Answers 3-01.
#include "examples/patterns/example.hpp"

#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

// A client that waits for its answer: what most of a backend's work is.
hem::task<int> client(int number) {
    co_await hem::sleep_for(1s);
    co_return number % 2;
}

// Turns change at co_await and nowhere else: what stands between two of them needs no lock.
hem::task<> speaker(std::string name, std::string& said) {
    for (int i = 0; i < 3; ++i) {
        said += name;
        said += name;
        co_await hem::yield_now();
    }
}

long sum_of_squares(long until) {
    long sum = 0;
    for (long i = 1; i <= until; ++i) sum += i * i;
    return sum;
}

hem::task<> example() {
    auto begin = hem::clock::now();
    const auto loops_thread = std::this_thread::get_id();
    std::vector<int> numbers(10'000);
    for (int i = 0; i < 10'000; ++i) numbers[i] = i;
    auto answers = co_await hem::map_concurrent(numbers, client, hem::unbounded);
    int odd = 0;
    for (int answer : answers) odd += answer;
    std::printf("%zu answers, %d odd, after %.1f s on %s\n", answers.size(), odd, seconds_since(begin),
                std::this_thread::get_id() == loops_thread ? "one thread" : "several threads");

    std::string said;
    co_await hem::gather(speaker("a", said), speaker("b", said));
    bool whole = said.size() == 12;
    for (std::size_t i = 0; whole && i < said.size(); i += 2) whole = said[i] == said[i + 1];
    std::printf("nobody was interrupted between two awaits: %s\n", whole ? "yes" : "no");

    // Computing goes to a thread; the loop serves others meanwhile.
    long sum = co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<long> {
        group.create_task([]() -> hem::task<> {
            std::printf("the loop serves others\n");
            co_return;
        });
        co_return co_await hem::to_thread(sum_of_squares, 1000L);
    });
    std::printf("a thread has computed %ld\n", sum);
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
