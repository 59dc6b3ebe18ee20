// expect: a task is awaited once: write co_await std::move(the_task)
#include "hem/core.hpp"

hem::task<int> answer() { co_return 42; }

hem::task<int> twice() {
    hem::task<int> once = answer();
    co_return co_await once;
}
