// What a program's debug socket says: the members of its JSON that the tool shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct shown_frame {
    std::string function = {};
    std::optional<std::string> await = {};
};

struct shown_wait {
    std::string kind = {};
    std::optional<std::string> name = {};
    std::optional<std::string> owner = {};
    std::int64_t descriptor = -1;
    std::optional<double> remaining_ms = {};
    std::optional<std::string> at = {};
};

struct shown_task {
    std::uint64_t id = 0;
    std::string name = {};
    std::string state = {};
    std::uint64_t parent = 0;
    double age_ms = 0;
    std::uint64_t resumes = 0;
    double busy_ms = 0;
    std::optional<std::string> spawned = {};
    std::optional<shown_wait> waits_for = {};
    std::vector<shown_frame> stack = {};
};

struct shown_loop {
    std::string name = {};
    std::uint64_t ticks = 0;
    std::uint64_t resumes = 0;
    std::uint64_t timers = 0;
    std::uint64_t io_waiters = 0;
    std::uint64_t outside_work = 0;
    std::uint64_t stalls = 0;
    double longest_stall_ms = 0;
    double lag_ms = 0;
    std::vector<shown_task> tasks = {};
};

struct shown_breaker {
    std::string name = {};
    std::string state = {};
    std::string mode = {};
    int failures_in_row = 0;
    std::uint64_t refused = 0;
};

struct shown_part {
    bool stuck = false;
    std::optional<shown_loop> snapshot = {};
    std::optional<std::vector<shown_breaker>> breakers = {};  // a program of an older version says nothing
};

struct shown_program {
    std::int64_t pid = 0;
    std::string program = {};
    std::vector<shown_part> loops = {};
};
