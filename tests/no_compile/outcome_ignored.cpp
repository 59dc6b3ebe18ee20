// expect: this outcome may hold an error: call value() or check has_value()
// Answers P8.
#include "hem/core.hpp"

hem::task<int> orders();

hem::task<> load() { co_await hem::settled(orders()); }
