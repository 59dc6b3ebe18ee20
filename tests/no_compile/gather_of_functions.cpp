// expect: gather takes awaitables: call the functions, gather(f(), g()), or await a range of tasks
#include "hem/core.hpp"

hem::task<int> user();
hem::task<int> orders();

hem::task<> load() { co_await hem::gather(user, orders); }
