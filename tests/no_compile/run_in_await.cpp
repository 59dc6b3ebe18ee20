// expect: no member named 'await_ready' in
// Answers P9. // R-111: `run` gives no awaitable
#include "hem/core.hpp"

struct result {
    int value;
};
hem::task<result> answer() { co_return result{42}; }

hem::task<> use() { co_await hem::run(answer); }
