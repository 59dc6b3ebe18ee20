#include "hem/core.hpp"

int checksum(const int& number);

hem::task<int> use(int& number) { co_return co_await hem::to_thread(checksum, std::ref(number)); }
