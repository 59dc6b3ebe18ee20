#include "hem/service/breaker_report.hpp"

#include "hem/resilience/breaker_registry.hpp"

namespace hem::service {

std::vector<breaker_report> breaker_reports() {
    std::vector<breaker_report> reports;
    for (const circuit_breaker* each : all_breakers()) {
        const auto numbers = each->statistics();
        reports.push_back({.name = each->name(),
                           .state = std::string(to_string(numbers.state)),
                           .mode = std::string(to_string(numbers.mode)),
                           .failures_in_row = numbers.failures_in_row,
                           .refused = numbers.refused,
                           .opened = numbers.opened});
    }
    return reports;
}

bool set_breaker_mode(std::string_view name, circuit_mode mode) {
    for (circuit_breaker* each : all_breakers()) {
        if (each->name() != name) continue;
        each->set_mode(mode);
        return true;
    }
    return false;
}

}  // namespace hem::service
