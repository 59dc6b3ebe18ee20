#include "hem/core.hpp"

hem::task<> rest() { co_await hem::sleep_for(std::chrono::seconds(1)); }
