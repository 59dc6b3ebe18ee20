// expect: released at once: keep the guard in a variable
// Answers P23.
#include "hem/core.hpp"

hem::task<> change(hem::lock& mutex, int& balance) {
    co_await mutex.acquire();
    ++balance;
}
