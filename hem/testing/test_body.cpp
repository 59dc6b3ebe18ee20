#include "hem/testing/once.hpp"

#include <cstdlib>

#include "hem/core/with.hpp"
#include "hem/testing/expect_report.hpp"
#include "hem/testing/leak_census.hpp"

namespace hem::testing {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    if (!text || !*text) return fallback;
    char* end = nullptr;
    const auto value = std::strtoull(text, &end, 10);
    if (*end) {
        ADD_FAILURE() << name << "=" << text << " is not a number";
        return fallback;
    }
    return value;
}

int once = 0;  // one_seed guards that live

// Different for each test, the same in each run.
std::uint64_t seed_of_test() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::uint64_t hash = 1469598103934665603u;
    for (const char* part : {info->test_suite_name(), info->name()}) {
        for (const char* c = part; *c; ++c) hash = (hash ^ static_cast<unsigned char>(*c)) * 1099511628211u;
    }
    return hash % 1'000'000 + 1;
}

void run_once(const callable<task<>()>& body, std::uint64_t seed) {
    report_collector reports;
    try {
        run({.clock = clock_kind::virtual_time, .seed = seed, .shuffle = true, .handle_interrupt = false, .checks = true},
            [&body]() -> task<> {
                co_await body();
                if (const auto left = left_on_loop(); !left.empty()) ADD_FAILURE() << "the test left on its loop: " << left;
            });
    } catch (...) {
        ADD_FAILURE() << "the test's body ended with " << hem::detail::describe(std::current_exception());
    }
    for (const auto& text : reports.unclaimed()) ADD_FAILURE() << "a report that no expect_report claims: " << text;
}

}  // namespace

one_seed::one_seed() noexcept { ++once; }
one_seed::~one_seed() { --once; }

void run_test_body(callable<task<>()> body) {
    const auto first = number_from_environment("HEM_TEST_SEED", seed_of_test());
    const auto count = once > 0 ? 1 : number_from_environment("HEM_TEST_SEED_COUNT", 1);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ": replay with HEM_TEST_SEED=" + std::to_string(seed));
        const auto before = leak_census::take();
        run_once(body, seed);
        const auto left = leak_census::take().difference_to(before);
        if (!left.empty()) ADD_FAILURE() << "the test left something behind: " << left;
        if (::testing::Test::HasFailure()) return;
    }
}

task<> detail::run_fixture(async_fixture& fixture, task<> body) {
    co_await fixture.async_set_up();
    co_await finally(std::move(body), [&fixture]() -> task<> { co_await fixture.async_tear_down(); });
}

}  // namespace hem::testing
