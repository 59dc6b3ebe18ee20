#include "hem/core.hpp"

void all(std::vector<hem::task<int>> tasks) { auto results = hem::as_completed(std::move(tasks), {.limit = 10}); }
