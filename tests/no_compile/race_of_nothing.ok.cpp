#include "hem/core.hpp"

hem::task<int> ask(int);

hem::task<int> start() { co_return co_await hem::race(ask(1), ask(2)); }
