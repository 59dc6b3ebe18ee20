#include "hem/core.hpp"

hem::async_generator<int> numbers() { co_yield 1; }

hem::task<> read() {
    co_await hem::for_each(hem::merge(hem::take(numbers(), 1), hem::take(numbers(), 1)), [](int) {});
}
