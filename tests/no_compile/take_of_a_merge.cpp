// expect: buffered and merge stand outermost
#include "hem/core.hpp"

hem::async_generator<int> numbers() { co_yield 1; }

hem::task<> read() {
    co_await hem::for_each(hem::take(hem::merge(numbers(), numbers()), 1), [](int) {});
}
