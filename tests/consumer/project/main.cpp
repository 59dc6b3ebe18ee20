// A program outside of Hem's tree: what an installed Hem must let a stranger write.
#include "hem/core.hpp"

#include <cstdio>

namespace {

hem::task<const char*> greeting() { co_return "hello from a second project"; }

hem::task<> tell() { std::puts(co_await greeting()); }

}  // namespace

int main() { hem::run(tell); }
