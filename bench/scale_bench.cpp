// What many at once cost: tasks gathered in a fresh process, timers that fire, and the watchdog beside an echo server. Each of the first
// rows is measured in processes of their own, `scale_bench NAME`, so that no memory was used before.
#include <malloc.h>

#include "bench/baseline_runtime.hpp"
#include "bench/measure.hpp"
#include "hem/core.hpp"
#include "hem/net.hpp"

namespace {

namespace bench = hem::bench;
namespace floor = hem::bench::floor;

constexpr long many = 100'000;

struct cost {
    double nanoseconds;
    double bytes;  // at most, beyond what was there before
};

double allocated() {
    const auto info = ::mallinfo2();
    return double(info.uordblks + info.hblkhd);
}

// ---- gather

double most = 0;

hem::task<> yield_once() {
    co_await hem::yield_now();
    if (most == 0) most = allocated();  // all have been made and none has ended
}
hem::task<> gather_many() {
    std::vector<hem::task<>> tasks;
    tasks.reserve(many);
    for (long i = 0; i < many; ++i) tasks.push_back(yield_once());
    co_await hem::gather(std::move(tasks), hem::unbounded);
}
floor::job floor_yield_once() {
    co_await floor::yield{};
    if (most == 0) most = allocated();
}
floor::task<> floor_gather_many() {
    floor::group group;
    for (long i = 0; i < many; ++i) floor::spawn(group, floor_yield_once());
    co_await group;
}

// ---- timers

long fired = 0;

std::vector<long> delays() {
    std::vector<long> made;
    std::uint64_t state = 1;
    for (long i = 0; i < many; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        made.push_back(long(state >> 33) % 1'000'000);  // within a millisecond
    }
    return made;
}

hem::task<> fire_many(const std::vector<long>& after) {
    hem::event all;
    auto& loop = hem::loop::current();
    const auto begin = loop.now();
    for (const long delay : after) {
        loop.call_at(begin + hem::duration(delay), [&all] {
            if (++fired == many) all.set();
        });
    }
    co_await all.wait();
}
struct counting_timer : floor::timer {
    void (*fire)() = nullptr;
};
floor::task<> floor_fire_many(const std::vector<long>& after) {
    std::vector<counting_timer> timers(many);
    const long begin = floor::now();
    for (long i = 0; i < many; ++i) {
        timers[i].when = begin + after[i];
        timers[i].fire = [] { ++fired; };
        floor::timers.add(&timers[i]);
    }
    while (!floor::timers.empty()) {
        auto* due = static_cast<counting_timer*>(floor::timers.top());
        while (floor::now() < due->when) {
        }
        floor::timers.remove(due);
        due->fire();
    }
    co_return;
}

// ---- echo

hem::task<> echo_loop(long count) {
    auto listener = hem::net::listener::open(hem::net::endpoint::parse("127.0.0.1:0"));
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task([&]() -> hem::task<> {
            auto peer = co_await listener.accept();
            char bytes[64];
            while (const auto got = co_await peer.read_some(bytes)) co_await peer.write_all(std::string_view(bytes, got));
        });
        auto client = co_await hem::net::connect(listener.local());
        char bytes[64] = {};
        for (long i = 0; i < count; ++i) {
            co_await client.write_all(std::string_view(bytes, 64));
            for (std::size_t got = 0; got < 64;) got += co_await client.read_some(bytes);
        }
    });
}

// ---- processes

template <class F>
void print_cost(F run) {
    most = 0;
    const double before = allocated();
    const double cpu = bench::cpu_time();
    run();
    std::printf("%f %f\n", (bench::cpu_time() - cpu) / many, (most - before) / many);
}

cost measure(const char* program, const char* name) {
    std::vector<double> times, sizes;
    for (int i = 0; i < 5; ++i) {
        std::FILE* output = ::popen(("\"" + std::string(program) + "\" " + name).c_str(), "r");
        double time = 0, size = 0;
        if (!output || std::fscanf(output, "%lf %lf", &time, &size) != 2 || ::pclose(output) != 0) {
            std::fprintf(stderr, "scale_bench: no figures from '%s %s'\n", program, name);
            std::exit(1);
        }
        times.push_back(time);
        sizes.push_back(size);
    }
    return {bench::median(times), bench::median(sizes)};
}

}  // namespace

int main(int count, char** arguments) {
    hem::on_report([](const hem::report&, void*) {});
    const hem::run_options bare{.watchdog = {.threshold = hem::duration::zero()}};
    if (count == 2) {
        const std::string_view name = arguments[1];
        if (name == "gather") print_cost([&] { hem::run(bare, gather_many); });
        if (name == "floor-gather") print_cost([] { floor::run(floor_gather_many()); });
        if (name == "timers") print_cost([&, after = delays()] { hem::run(bare, fire_many, std::cref(after)); });
        if (name == "floor-timers") print_cost([after = delays()] { floor::run(floor_fire_many(after)); });
        return 0;
    }
    const cost gathered = measure(arguments[0], "gather"), floor_gathered = measure(arguments[0], "floor-gather");
    bench::row("gather of 100,000 that yield once, cold", gathered.nanoseconds, "floor", floor_gathered.nanoseconds, "ns", 1.5);
    bench::figure("the same, memory for each", gathered.bytes, "bytes", 160);
    bench::row("timer of 100,000 fired, CPU", measure(arguments[0], "timers").nanoseconds, "floor",
               measure(arguments[0], "floor-timers").nanoseconds, "ns", 1.2);
    bench::compare(
        "echo of 64 bytes, watchdog on", 20'000, [](long n) { hem::run(echo_loop, n); }, "watchdog off",
        [&](long n) { hem::run(bare, echo_loop, n); }, 1.03);
}
