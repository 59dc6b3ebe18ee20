// What every pattern's main() does: runs the coroutine on the wall clock, or with --virtual-time as the tests do, where an hour passes in
// no time and every time that is printed is exact.
#pragma once

#include <cstdio>
#include <cstring>
#include <utility>

#include "hem/core.hpp"

template <class F>
int run_example(int count, char** arguments, F body) {
    hem::run_options options;
    if (count == 2 && std::strcmp(arguments[1], "--virtual-time") == 0) {
        options.clock = hem::clock_kind::virtual_time;
    } else if (count > 1) {
        std::fprintf(stderr, "usage: %s [--virtual-time]\n", arguments[0]);
        return 2;
    }
    hem::run(options, std::move(body));
    return 0;
}

// Seconds since `begin` on the loop's clock.
inline double seconds_since(hem::time_point begin) { return std::chrono::duration<double>(hem::clock::now() - begin).count(); }
