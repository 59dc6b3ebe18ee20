// Bounds how much load repetitions add to a dependency that is down: first calls pay in, repetitions pay out.
//
//     hem::retry_budget search_budget{{.name = "search"}};                                   // one per dependency, shared by its policies
//     const hem::retry_policy policy{{.name = "search", .budget = &search_budget}};
//
// Under a full outage the load grows by at most `ratio` of the first calls plus `min_per_second` calls a second. Belongs to one loop and
// outlives the policies that name it. After Finagle's RetryBudget.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hem/core/clock.hpp"
#include "hem/telemetry/metrics.hpp"

namespace hem {

struct retry_budget_options {
    std::string name = "retry_budget";
    double ratio = 0.2;                       // repetitions per first call
    double min_per_second = 10;               // repetitions that are always there
    duration ttl = std::chrono::seconds(10);  // how long a first call counts
};

class retry_budget {
public:
    // usage_error for options that make no sense.
    explicit retry_budget(retry_budget_options options = {});
    retry_budget(const retry_budget&) = delete;
    retry_budget& operator=(const retry_budget&) = delete;

    // A first call begins.
    void deposit() noexcept;
    // A repetition wants to begin. False if there is nothing left for it; the first refusal in a `ttl` is a record, each one is counted.
    bool withdraw();
    // Repetitions that may begin now.
    double balance() const noexcept;

    struct statistics_type {
        std::uint64_t calls = 0, retries = 0, refused = 0;
    };
    statistics_type statistics() const noexcept { return statistics_; }

private:
    static constexpr int slot_count = 10;
    struct slot {
        std::int64_t number = -1;  // of the slice of time that it counts
        std::uint64_t calls = 0, retries = 0;
    };
    slot& current() noexcept;
    std::int64_t slot_number() const noexcept { return clock::now().time_since_epoch() / slot_length_; }

    retry_budget_options options_;
    duration slot_length_;
    std::array<slot, slot_count> slots_{};
    time_point last_event_ = time_point::min();
    statistics_type statistics_;
    metrics::counter refused_metric_;
};

}  // namespace hem
