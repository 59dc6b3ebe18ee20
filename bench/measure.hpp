// Measures two ways to do the same thing in one run and prints one row of the table that `./dev bench` collects.
//
// Rounds are interleaved and medians compared, so that a machine that slows down does so for both. A round in which other processes
// used the CPUs that we may use is measured again.
#pragma once

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace hem::bench {

// Keeps the compiler from dropping the computation of a value.
inline void keep(const auto& value) { asm volatile("" : : "g"(&value) : "memory"); }

// CPU time of this process in nanoseconds.
inline double cpu_time() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    auto nanoseconds = [](const timeval& time) { return double(time.tv_sec) * 1e9 + double(time.tv_usec) * 1e3; };
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

// Nanoseconds in which the CPUs that this process may use were busy, whoever used them, since the machine started.
inline double busy_time() {
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::FILE* file = std::fopen("/proc/stat", "r");
    if (!file) return 0;
    char line[512];
    double ticks = 0;
    while (std::fgets(line, sizeof line, file)) {
        int cpu;
        unsigned long long user, nice, system, idle, wait, interrupt, soft_interrupt, stolen;
        if (std::sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &user, &nice, &system, &idle, &wait, &interrupt,
                        &soft_interrupt, &stolen) == 9 &&
            CPU_ISSET(cpu, &allowed)) {
            ticks += double(user + nice + system + interrupt + soft_interrupt + stolen);
        }
    }
    std::fclose(file);
    return ticks * 1e7;  // a tick is 10 ms
}

// Wall nanoseconds per operation of one call of `body(count)`.
template <class Body>
double round(long count, Body& body) {
    for (int attempt = 0;; ++attempt) {
        double busy = busy_time(), cpu = cpu_time();
        auto begin = std::chrono::steady_clock::now();
        body(count);
        double wall = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
        double foreign = busy_time() - busy - (cpu_time() - cpu);
        if (foreign < 0.03 * wall + 1.5e7 || attempt == 4) return wall / double(count);
    }
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

enum class better { lower, higher };

// One row: what was measured, Hem's figure, the baseline's, their ratio, the budget for the ratio (0: none) and whether it is kept.
inline void row(std::string_view what, double ours, std::string_view baseline, double theirs, std::string_view unit, double budget,
                better direction = better::lower) {
    double ratio = ours / theirs;
    bool kept = direction == better::lower ? ratio <= budget : ratio >= budget;
    std::string limit = "-";
    if (budget > 0) {
        char text[64];
        std::snprintf(text, sizeof text, "%s %.2f%s", direction == better::lower ? "<=" : ">=", budget, kept ? "" : " MISSED");
        limit = text;
    }
    std::printf("| %-44.*s | %10.1f %-6.*s | %-24.*s | %10.1f | %6.2f | %-15s |\n", int(what.size()), what.data(), ours, int(unit.size()),
                unit.data(), int(baseline.size()), baseline.data(), theirs, ratio, limit.c_str());
    std::fflush(stdout);
}

// One row without a baseline: a figure and its limit (0: none).
inline void figure(std::string_view what, double ours, std::string_view unit, double limit) {
    std::string text = "-";
    if (limit > 0) {
        char buffer[64];
        std::snprintf(buffer, sizeof buffer, "<= %.0f %.*s%s", limit, int(unit.size()), unit.data(), ours <= limit ? "" : " MISSED");
        text = buffer;
    }
    std::printf("| %-44.*s | %10.1f %-6.*s | %-24s | %10s | %6s | %-15s |\n", int(what.size()), what.data(), ours, int(unit.size()),
                unit.data(), "-", "-", "-", text.c_str());
    std::fflush(stdout);
}

// Runs both, five rounds each in turn after one to warm up, and prints the row: nanoseconds per operation, budget for the ratio.
template <class Ours, class Theirs>
void compare(std::string_view what, long count, Ours ours, std::string_view baseline, Theirs theirs, double budget) {
    std::vector<double> own, other;
    ours(count / 10 + 1);
    theirs(count / 10 + 1);
    for (int i = 0; i < 5; ++i) {
        own.push_back(round(count, ours));
        other.push_back(round(count, theirs));
    }
    row(what, median(own), baseline, median(other), "ns", budget);
}

}  // namespace hem::bench
