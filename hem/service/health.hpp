// Health of a service: checks of its dependencies that run in the background, and the endpoints that report them.
//
//     hem::service::health health;
//     health.add_check("search", [&]() -> hem::task<> { co_await client.ping_or_throw(); });
//     health.add_routes(app);                      // /livez, /readyz, /startupz
//
// Requests read the last result; they never wait for a dependency. A state changes when it differed twice in a row; a result older than
// `stale_after` counts as down. Error texts stay in the process: bodies carry names, states, ages and latencies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hem/core/callable.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/task.hpp"
#include "hem/service/breaker_report.hpp"
#include "hem/web/app.hpp"

namespace hem::service {

struct health_options {
    duration interval = std::chrono::seconds(5);
    duration timeout = std::chrono::seconds(2);  // per check
    duration stale_after = std::chrono::seconds(15);
};

struct check_options {
    bool hard = true;  // a soft check that fails only marks the service as degraded
};

// What the endpoints answer; reflected as JSON.
struct check_state {
    std::string name;
    std::string state;  // "up", "down" or "unknown"
    bool hard = true;
    double age_seconds = 0;  // since the last result
    double latency_ms = 0;   // of the last run
};
struct health_report {
    std::string status;  // "up", "degraded", "down", "draining" or "starting"
    std::vector<check_state> checks;
    std::vector<breaker_report> breakers;  // of the loop that answers; they are shown, the status does not depend on them
};

class health {
public:
    explicit health(health_options options = {});
    ~health();
    health(const health&) = delete;
    health& operator=(const health&) = delete;

    // `check` returns for "up" and throws for "down". Called once per interval, all checks side by side, each in its own timeout.
    void add_check(std::string name, callable<task<>()> check, check_options options = {});

    // GET /livez: 200 while the loop runs. GET /startupz: 200 once started. GET /readyz: 200 when started, not draining and no hard check
    // is down, else 503.
    void add_routes(web::app& app);

    // Runs the checks until cancelled; the first round at once. `serve` does it.
    task<> run();
    // One round, awaited.
    task<> check_now();

    // For start-up and shutdown; `serve` calls them.
    void set_started() noexcept { started_ = true; }
    void set_draining() noexcept { draining_ = true; }
    bool ready() const;
    health_report report() const;
    // What went wrong with a check last, for logs and debugging; empty if nothing did.
    std::string last_error(std::string_view name) const;

private:
    struct entry;
    task<> run_check(entry& checked);
    bool is_up(const entry& checked) const;
    health_options options_;
    std::vector<std::unique_ptr<entry>> entries_;
    bool started_ = false;
    bool draining_ = false;
};

}  // namespace hem::service
