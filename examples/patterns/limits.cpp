// Three kinds of limit: how many run at a time (a semaphore, shared by whoever calls), how many work on a stream of jobs (a queue with
// workers), and how many start in a time (a pace). A semaphore is no rate limit. Answers 3-15.
#include "examples/patterns/example.hpp"

#include <algorithm>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::time_point start;

// [semaphore]
hem::task<int> call_with_permit(hem::semaphore& permits, int number) {
    auto permit = co_await permits.acquire();  // released when the guard dies
    co_await hem::sleep_for(1s);
    co_return number;
}
// [/semaphore]

// [workers]
hem::task<int> work_off(hem::queue<int>& jobs) {
    int done = 0;
    try {
        for (;; ++done) {
            co_await jobs.get();
            co_await hem::sleep_for(1s);
        }
    } catch (const hem::queue_closed&) {  // closed, and nothing is left in it
    }
    co_return done;
}
// [/workers]

// [pace]
// Calls start at least `gap` apart, however long each takes.
hem::task<> paced_calls(int count, hem::duration gap) {
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        hem::time_point next = hem::clock::now();
        for (int i = 0; i < count; ++i) {
            co_await hem::sleep_until(next);
            next += gap;
            group.create_task([]() -> hem::task<> { co_await hem::sleep_for(1s); });
        }
    });
}
// [/pace]

hem::task<> example() {
    start = hem::clock::now();
    hem::semaphore permits(3);
    std::vector<hem::task<int>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(call_with_permit(permits, i));
    auto results = co_await hem::gather(std::move(calls), hem::unbounded);
    std::printf("semaphore of 3: %zu calls in %.1f s\n", results.size(), seconds_since(start));

    start = hem::clock::now();
    hem::queue<int> jobs(5);
    auto feed = [](hem::queue<int>& to) -> hem::task<> {
        for (int i = 0; i < 10; ++i) co_await to.put(i);  // waits while five are in it
        to.close();
    };
    auto [fed, a, b] = co_await hem::gather(feed(jobs), work_off(jobs), work_off(jobs));
    std::printf("queue with 2 workers: %d + %d jobs in %.1f s\n", a, b, seconds_since(start));

    start = hem::clock::now();
    co_await paced_calls(10, 200ms);
    std::printf("a pace of 5 a second: the last of 10 starts at 1.8 s and ends at %.1f s\n", seconds_since(start));
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
