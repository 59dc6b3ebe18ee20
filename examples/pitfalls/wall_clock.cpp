// The wall clock jumps: the administrator sets it, a leap second comes, a virtual machine wakes up. Intervals are measured on the loop's
// clock, and a wall-clock time does not compile where one is wanted. Answers P24.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> example() {
#ifdef HEM_SHOW_PITFALL
    // expect: wall time jumps: pass a duration to sleep_for or a hem::time_point
    co_await hem::sleep_until(std::chrono::system_clock::now() + 1s);
#endif
    const hem::time_point begin = hem::clock::now();
    co_await hem::sleep_until(begin + 90s);
    std::printf("%.0f s later\n", std::chrono::duration<double>(hem::clock::now() - begin).count());
    // For dates that people read; in tests it begins in 2025 and moves with the loop's clock.
    const auto today = std::chrono::floor<std::chrono::days>(hem::system_now());
    std::printf("in the year %d\n", static_cast<int>(std::chrono::year_month_day(today).year()));
}

}  // namespace

int main() { return run_pitfall(example); }
