// expect: to_thread runs plain functions, and this one is a coroutine
#include "hem/core.hpp"

hem::task<int> fetch(int id) { co_return id; }

hem::task<int> use() { co_return co_await co_await hem::to_thread(fetch, 4); }
