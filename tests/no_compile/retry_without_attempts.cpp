// expect: stop_after_attempt must be at least 1: the first call counts
// Answers P22.
#include "hem/resilience.hpp"

hem::retry_policy policy() { return hem::retry_policy({.stop = hem::stop_after_attempt(0)}); }
