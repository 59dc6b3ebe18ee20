// The smallest program: one coroutine that awaits another, run to its end.
#include "hem/core.hpp"

#include <cstdio>

hem::task<const char*> greeting() { co_return "hello"; }

hem::task<> hello() { std::puts(co_await greeting()); }

int main() { hem::run(hello); }
