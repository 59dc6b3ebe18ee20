#include "hem/core.hpp"

hem::task<int> answer() { co_return 42; }

hem::task<int> twice() {
    hem::task<int> once = answer();
    co_return co_await std::move(once);
}
