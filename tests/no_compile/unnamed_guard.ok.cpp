#include "hem/core.hpp"

hem::task<> change(hem::lock& mutex, int& balance) {
    auto guard = co_await mutex.acquire();
    ++balance;
}
