#include "hem/resilience.hpp"

hem::retry_policy policy() { return hem::retry_policy({.stop = hem::stop_after_attempt(1)}); }
