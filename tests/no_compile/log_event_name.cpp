// expect: is not a constant expression
// Answers LG-1: an event's name is a literal, so records of one event are found under one name.
#include "hem/telemetry.hpp"

void record(const std::string& order) { hem::log::info(("order " + order + " failed").c_str()); }
