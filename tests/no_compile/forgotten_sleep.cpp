// expect: not awaited: write co_await
// Answers P2.
#include "hem/core.hpp"

hem::task<> rest() {
    hem::sleep_for(std::chrono::seconds(1));
    co_return;
}
