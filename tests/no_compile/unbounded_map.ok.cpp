#include "hem/core.hpp"

hem::task<int> fetch(int);

hem::task<> all(std::vector<int> ids) { auto pages = co_await hem::map_concurrent(ids, fetch, {.limit = 10}); }
