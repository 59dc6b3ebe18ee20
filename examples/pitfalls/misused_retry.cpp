// A retry inside of a retry multiplies the attempts, and a limit of none or a span that is upside down can never be meant. Constants are
// checked by the compiler, the rest when the policy is made. Answers P22.
#include "examples/pitfalls/pitfall.hpp"
#include "hem/resilience.hpp"

namespace {

hem::task<int> ask() { co_return 42; }

const hem::retry_policy inner({.name = "client", .stop = hem::stop_after_attempt(4), .idempotent = true});
const hem::retry_policy outer({.name = "service", .stop = hem::stop_after_attempt(3), .idempotent = true});

hem::task<> example() {
#ifdef HEM_SHOW_PITFALL
    // expect: stop_after_attempt must be at least 1: the first call counts
    const hem::retry_policy never({.stop = hem::stop_after_attempt(0)});
#endif
    co_await hem::retry(outer, []() -> hem::task<int> { co_return co_await hem::retry(inner, ask); });
    std::printf("one of them is enough: %d\n", co_await hem::retry(inner, ask));
}

}  // namespace

int main() { return run_pitfall(example); }
