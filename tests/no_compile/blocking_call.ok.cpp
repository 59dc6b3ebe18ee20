#include "hem/no_blocking.hpp"

#include <mutex>
#include <thread>

#include "hem/core.hpp"

hem::task<> handle() { co_await hem::sleep_for(std::chrono::seconds(1)); }
