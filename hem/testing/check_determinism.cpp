#include "hem/testing/check_determinism.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hem/core/errors.hpp"
#include "hem/core/run.hpp"
#include "hem/testing/detail/fault_runner.hpp"

namespace hem::testing {
namespace {

struct traced {
    std::vector<std::string> steps;

    static void note(hem::detail::kernel& loop, hem::detail::task_header& task, bool ended) {
        auto random = loop.random;  // a copy: looking draws nothing
        static_cast<traced*>(loop.after_resume_data)
            ->steps.push_back("at " + std::to_string(loop.now().time_since_epoch().count()) + " ns " +
                              (ended ? "the end of task '" + task.display_name() + "'" : detail::place_of(task)) + ", next random number " +
                              std::to_string(random()));
    }
};

traced trace(const callable<task<>()>& f, std::uint64_t seed) {
    traced result;
    const run_options options{.name = "main", .clock = clock_kind::virtual_time, .seed = seed, .shuffle = true, .handle_interrupt = false};
    try {
        run(options, [&]() -> task<> {
            auto& loop = hem::detail::current_kernel();
            loop.after_resume_data = &result;
            loop.after_resume = traced::note;
            co_await f();
        });
    } catch (...) {
        result.steps.push_back("ended with " + hem::detail::describe(std::current_exception()));
    }
    return result;
}

}  // namespace

std::size_t check_determinism(callable<task<>()> f, std::uint64_t seed) {
    const auto first = trace(f, seed);
    const auto second = trace(f, seed);
    const auto shorter = std::min(first.steps.size(), second.steps.size());
    for (std::size_t i = 0; i < shorter; ++i) {
        if (first.steps[i] == second.steps[i]) continue;
        ADD_FAILURE() << "two runs with seed " << seed << " differ at resume " << i + 1 << ":\n  first:  " << first.steps[i]
                      << "\n  second: " << second.steps[i];
        return first.steps.size();
    }
    EXPECT_EQ(first.steps.size(), second.steps.size()) << "two runs with seed " << seed << " are of different length";
    return first.steps.size();
}

}  // namespace hem::testing
