#include "hem/core.hpp"

struct result {
    int value;
};
hem::task<result> answer() { co_return result{42}; }

hem::task<> use() { co_await answer(); }
