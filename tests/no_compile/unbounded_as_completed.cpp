// expect: as_completed over a range needs a limit: as_completed(tasks, {.limit = n}), or hem::unbounded
// Answers P4.
#include "hem/core.hpp"

void all(std::vector<hem::task<int>> tasks) { auto results = hem::as_completed(std::move(tasks)); }
