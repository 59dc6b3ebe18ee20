// expect: co_await the task first
// Answers P2.
#include "hem/core.hpp"

hem::task<bool> ready() { co_return true; }

hem::task<> wait() {
    if (ready()) co_return;
}
