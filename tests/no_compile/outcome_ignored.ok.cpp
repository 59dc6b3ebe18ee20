#include "hem/core.hpp"

hem::task<int> orders();

hem::task<int> load() {
    auto result = co_await hem::settled(orders());
    co_return result.value_or(0);
}
