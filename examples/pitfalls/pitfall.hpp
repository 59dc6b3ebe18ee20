// What every pitfall's main() does: runs the coroutine on virtual time with all checks, and prints what the runtime reports. Behind
// HEM_SHOW_PITFALL stand the lines that the compiler refuses, each below the text that it must give; the tests compile them, too.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "hem/core.hpp"

using namespace std::chrono_literals;

inline void print_report(const hem::report& report, void*) {
    std::printf("report, %s: %s\n", std::string(hem::to_string(report.kind)).c_str(), report.text.c_str());
}

template <class F>
int run_pitfall(F body) {
    hem::on_report(print_report);
    hem::run({.clock = hem::clock_kind::virtual_time, .checks = true}, std::move(body));
    hem::on_report(nullptr);
    return 0;
}
