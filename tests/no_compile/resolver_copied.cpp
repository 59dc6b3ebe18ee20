// expect: call to implicitly-deleted copy constructor
// a resolver is move-only, so that nobody calls it twice by accident
#include "hem/core.hpp"

hem::task<int> use() {
    co_return co_await hem::from_callback<int>([](hem::resolver<int> resolve) {
        auto copy = resolve;
        copy(1);
    });
}
