// What a call to a worker thread costs, there and back, against the least that two threads can do for it: a mutex and a condition variable
// on the way there, an eventfd on the way back. One call at a time (each waits for the one before), and many under way at once.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "hem/core.hpp"

namespace {

namespace bench = hem::bench;

// One worker thread behind a queue. Answers are counted and told by an eventfd that the caller waits for in epoll.
class floor_pool {
public:
    floor_pool() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, wake_, &event);
        worker_ = std::thread([this] { work(); });
    }
    ~floor_pool() {
        {
            const std::lock_guard guard(mutex_);
            stop_ = true;
        }
        changed_.notify_one();
        worker_.join();
        ::close(wake_);
        ::close(poll_);
    }
    void submit(int job) {
        {
            const std::lock_guard guard(mutex_);
            jobs_.push_back(job);
        }
        changed_.notify_one();
    }
    // Waits for at least one answer; how many came.
    std::size_t answers() {
        for (;;) {
            {
                const std::lock_guard guard(mutex_);
                if (!answers_.empty()) {
                    const auto count = answers_.size();
                    bench::keep(answers_.back());
                    answers_.clear();
                    return count;
                }
            }
            epoll_event event;
            if (::epoll_wait(poll_, &event, 1, -1) == 1) {
                std::uint64_t value;
                [[maybe_unused]] const auto got = ::read(wake_, &value, sizeof value);
            }
        }
    }

private:
    void work() {
        std::unique_lock guard(mutex_);
        for (;;) {
            changed_.wait(guard, [this] { return stop_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            const int job = jobs_.front();
            jobs_.pop_front();
            guard.unlock();
            const int result = 2 * job;
            guard.lock();
            const bool first = answers_.empty();
            answers_.push_back(result);
            if (!first) continue;
            guard.unlock();
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
            guard.lock();
        }
    }
    int wake_, poll_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<int> jobs_;
    std::vector<int> answers_;
    bool stop_ = false;
    std::thread worker_;
};

void floor_one_by_one(long count) {
    floor_pool pool;
    for (long i = 0; i < count; ++i) {
        pool.submit(int(i));
        while (pool.answers() == 0) {
        }
    }
}
void floor_side_by_side(long count, long depth) {
    floor_pool pool;
    long sent = 0, received = 0;
    while (received < count) {
        while (sent < count && sent - received < depth) pool.submit(int(sent++));
        received += long(pool.answers());
    }
}

int doubled(int n) { return 2 * n; }

void one_by_one(long count) {
    hem::run({.workers = 1}, [count]() -> hem::task<> {
        for (long i = 0; i < count; ++i) bench::keep(co_await hem::to_thread(doubled, int(i)));
    });
}
void side_by_side(long count, long depth) {
    hem::run({.workers = 1}, [count, depth]() -> hem::task<> {
        co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
            for (long k = 0; k < depth; ++k) {
                group.create_task(
                    [](long calls) -> hem::task<> {
                        for (long i = 0; i < calls; ++i) bench::keep(co_await hem::to_thread(doubled, int(i)));
                    },
                    count / depth);
            }
            co_return;
        });
    });
}

bool pin_to(int cpus) {
    cpu_set_t all, chosen;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&chosen);
    for (int cpu = 0; cpu < CPU_SETSIZE && cpus > 0; ++cpu) {
        if (!CPU_ISSET(cpu, &all)) continue;
        CPU_SET(cpu, &chosen);
        --cpus;
    }
    return cpus == 0 && sched_setaffinity(0, sizeof chosen, &chosen) == 0;
}

}  // namespace

// One CPU is measured in a process of its own: whether it pays to wait actively is decided once.
int main(int count, char** arguments) {
    if (count == 2 && std::string_view(arguments[1]) == "one-cpu") {
        if (!pin_to(1)) return 0;
        bench::compare("worker round trip, one CPU", 20'000, one_by_one, "mutex, condition, eventfd", floor_one_by_one, 1.1);
        return 0;
    }
    const std::string again = std::string("\"") + arguments[0] + "\" one-cpu";
    if (std::system(again.c_str()) != 0) return 1;
    if (!pin_to(2)) return 0;
    bench::compare("worker round trip, two CPUs", 100'000, one_by_one, "mutex, condition, eventfd", floor_one_by_one, 1.1);
    std::vector<double> rounds;
    for (int i = 0; i < 5; ++i) {
        auto body = [](long n) { one_by_one(n); };
        rounds.push_back(bench::round(100'000, body));
    }
    bench::figure("worker round trip, two CPUs, back to back", bench::median(rounds), "ns", 2000);
    bench::compare(
        "worker call, 64 at once", 200'000, [](long n) { side_by_side(n, 64); }, "mutex, condition, eventfd",
        [](long n) { floor_side_by_side(n, 64); }, 0);
}
