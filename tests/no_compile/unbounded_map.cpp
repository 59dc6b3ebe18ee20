// expect: map_concurrent needs a limit: map_concurrent(items, f, {.limit = n}), or hem::unbounded
// Answers P4.
#include "hem/core.hpp"

hem::task<int> fetch(int);

hem::task<> all(std::vector<int> ids) { co_await hem::map_concurrent(ids, fetch); }
