// expect: no viable conversion from
// expect: outcome<int>
// Answers 1-04.
#include "hem/core.hpp"

hem::task<int> orders();

hem::task<int> load() {
    auto [first, second] = co_await hem::gather_settled(orders(), orders());
    int number = first;
    co_return number;
}
