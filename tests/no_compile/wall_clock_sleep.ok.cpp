#include "hem/core.hpp"

hem::task<> wait() { co_await hem::sleep_until(hem::clock::now() + std::chrono::seconds(1)); }
