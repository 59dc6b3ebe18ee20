#include "hem/core.hpp"

hem::task<int> user();
hem::task<int> orders();

hem::task<> load() { auto [a, b] = co_await hem::gather(user(), orders()); }
