// expect: wall time jumps: pass a duration to sleep_for or a hem::time_point
// Answers P24.
#include "hem/core.hpp"

hem::task<> wait() { co_await hem::sleep_until(std::chrono::system_clock::now()); }
