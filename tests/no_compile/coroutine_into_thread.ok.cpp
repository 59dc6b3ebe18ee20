#include "hem/core.hpp"

hem::task<int> fetch(int id) { co_return id; }

hem::task<int> use() { co_return co_await fetch(4); }
