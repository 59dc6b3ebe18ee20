#include "hem/service/health.hpp"

#include "hem/core/cancel_scope.hpp"
#include "hem/core/map_concurrent.hpp"
#include "hem/core/report.hpp"
#include "hem/core/sleep.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/web.hpp"

namespace hem::service {

struct health::entry {
    std::string name;
    callable<task<>()> check;
    check_options options;
    bool up = false;
    bool known = false;
    int differed = 0;  // results in a row that contradict `up`
    time_point last{};
    duration latency{};
    std::string error;
};

health::health(health_options options) : options_(options) {}
health::~health() = default;

void health::add_check(std::string name, callable<task<>()> check, check_options options) {
    entries_.push_back(std::make_unique<entry>(entry{.name = std::move(name), .check = std::move(check), .options = options}));
}

task<> health::run_check(entry& checked) {
    const auto begun = clock::now();
    std::string error;
    try {
        co_await timeout(options_.timeout, checked.check());
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        error = hem::detail::describe(std::current_exception());
    }
    checked.last = clock::now();
    checked.latency = checked.last - begun;
    checked.error = error;
    const bool up = error.empty();
    if (!checked.known) {
        checked.known = true;
        checked.up = up;
        if (!up) log::warning("dependency_down", {{"check", checked.name}, {"error", error}});
        co_return;
    }
    if (up == checked.up) {
        checked.differed = 0;
        co_return;
    }
    // One contradiction may be a hiccup; two are a change (HL-2).
    if (++checked.differed < 2) co_return;
    checked.differed = 0;
    checked.up = up;
    if (up) {
        log::info("dependency_up", {{"check", checked.name}});
    } else {
        log::warning("dependency_down", {{"check", checked.name}, {"error", error}});
    }
}

task<> health::check_now() {
    if (entries_.empty()) co_return;
    co_await for_each_concurrent(entries_,
                                 [this](std::unique_ptr<entry>& one) -> task<bool> {
                                     co_await run_check(*one);
                                     co_return true;
                                 },
                                 {.limit = entries_.size()});
}

task<> health::run() {
    for (;;) {
        co_await check_now();
        co_await sleep_for(options_.interval);
    }
}

bool health::is_up(const entry& checked) const { return checked.known && checked.up && clock::now() - checked.last < options_.stale_after; }

bool health::ready() const {
    if (!started_ || draining_) return false;
    for (const auto& one : entries_) {
        if (one->options.hard && !is_up(*one)) return false;
    }
    return true;
}

health_report health::report() const {
    health_report result;
    bool hard_down = false;
    bool soft_down = false;
    for (const auto& one : entries_) {
        const bool up = is_up(*one);
        (one->options.hard ? hard_down : soft_down) |= !up;
        result.checks.push_back({.name = one->name,
                                 .state = !one->known ? "unknown"
                                          : up        ? "up"
                                                      : "down",
                                 .hard = one->options.hard,
                                 .age_seconds = one->known ? std::chrono::duration<double>(clock::now() - one->last).count() : 0,
                                 .latency_ms = std::chrono::duration<double, std::milli>(one->latency).count()});
    }
    result.breakers = breaker_reports();
    result.status = draining_ ? "draining" : !started_ ? "starting" : hard_down ? "down" : soft_down ? "degraded" : "up";
    return result;
}

std::string health::last_error(std::string_view name) const {
    for (const auto& one : entries_) {
        if (one->name == name) return one->error;
    }
    return {};
}

namespace {

http::response answer(const health_report& report, bool good) {
    http::response result(good ? 200 : 503, to_json(report), http::content_type::json);
    result.headers().set("cache-control", "no-store");
    return result;
}

}  // namespace

void health::add_routes(web::app& app) {
    app.get("/livez", []() -> task<http::response> { co_return http::response(200, R"({"status":"up"})", http::content_type::json); },
            {.name = "livez", .tags = {"service"}, .summary = "Is the process alive?"});
    app.get("/readyz", [this]() -> task<http::response> { co_return answer(report(), ready()); },
            {.name = "readyz", .tags = {"service"}, .summary = "May it get requests?"});
    app.get("/startupz", [this]() -> task<http::response> { co_return answer(report(), started_); },
            {.name = "startupz", .tags = {"service"}, .summary = "Has it started?"});
}

}  // namespace hem::service
