// expect: an argument is a raw pointer: move the value in, or pass std::ref
// Answers 2-08, P16. // R-106
#include "hem/core.hpp"

int checksum(const int* numbers);

hem::task<int> use(int* numbers) { co_return co_await hem::to_thread(checksum, numbers); }
