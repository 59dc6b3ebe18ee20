#include "hem/core.hpp"

hem::task<int> use() {
    co_return co_await hem::from_callback<int>([](hem::resolver<int> resolve) {
        auto moved = std::move(resolve);
        moved(1);
    });
}
