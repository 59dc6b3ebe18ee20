// The circuit breakers of a loop as `/readyz` and the debug socket show them: those of `hem::breakers`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hem/resilience/circuit_breaker.hpp"

namespace hem::service {

// Reflected as JSON.
struct breaker_report {
    std::string name = {};
    std::string state = {};  // "closed", "open" or "half open"
    std::string mode = {};   // "automatic"; "forced open", "forced closed" or "metrics only" hold until changed
    int failures_in_row = 0;
    std::uint64_t refused = 0;
    std::uint64_t opened = 0;
};

// Of the running loop, in the order of their names. usage_error outside of one.
std::vector<breaker_report> breaker_reports();

// Puts the breaker of that name into `mode` on this loop. False if there is none.
bool set_breaker_mode(std::string_view name, circuit_mode mode);

}  // namespace hem::service
