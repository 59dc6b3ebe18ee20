#include "hem/core.hpp"

hem::task<int> orders();

hem::task<int> load() {
    auto [first, second] = co_await hem::gather_settled(orders(), orders());
    int number = first.value_or(0);
    co_return number;
}
