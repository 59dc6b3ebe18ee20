// expect: race of nothing would wait for ever: give it at least one awaitable
#include "hem/core.hpp"

hem::task<> start() { co_await hem::race(); }
