#include "hem/core.hpp"

hem::task<> produce(hem::queue<int>& jobs) { co_await jobs.put(1); }
