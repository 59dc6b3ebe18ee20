#include "hem/telemetry.hpp"

void record(const std::string& order) { hem::log::info("order_failed", {{"order", order}}); }
