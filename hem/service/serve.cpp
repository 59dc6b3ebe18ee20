#include "hem/service/serve.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/core/signals.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task_group.hpp"
#include "hem/core/with.hpp"
#include "hem/service/debug_socket.hpp"
#include "hem/telemetry/log.hpp"
#include "hem/web.hpp"

namespace hem::service {
namespace {

duration delay_from(const serve_options& options) {
    if (options.drain_delay >= duration::zero()) return options.drain_delay;
    const char* text = std::getenv("HEM_DRAIN_DELAY");
    if (!text || !*text) return duration::zero();
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(text, text + std::strlen(text), seconds);
    if (error != std::errc() || *end != '\0' || seconds > 3600) {
        throw std::invalid_argument(std::string("HEM_DRAIN_DELAY=") + text + " is no number of seconds from 0 to 3600");
    }
    return std::chrono::seconds(seconds);
}

// Errors of handlers and refusals as log records.
class logging_observer final : public http::server_observer {
public:
    void refused(http::refusal why, const std::string& peer) noexcept override {
        log::debug("http_refused", {{"reason", http::action_of(why).label}, {"peer", peer}});
    }
    void handler_failed(const http::request& request, const std::exception_ptr& error) noexcept override {
        log::error("handler_failed", {{"method", request.method()}, {"route", request.route()}, {"error", hem::detail::describe(error)}});
    }
    void response_cut(const http::request& request, const std::string& why) noexcept override {
        log::error("response_cut", {{"method", request.method()}, {"route", request.route()}, {"why", why}});
    }
};

struct shutdown {
    int second_signal = 0;
    bool begun = false;
};

task<> watch_signals(http::server& server, health& health, duration delay, const serve_options& options, shutdown& state) {
    co_await with(signals({SIGINT, SIGTERM}), [&](signal_stream& arriving) -> task<> {
        const int first = (co_await arriving.next()).value_or(SIGTERM);
        state.begun = true;
        health.set_draining();
        log::info("shutdown_begins", {{"signal", first}, {"in_flight", server.statistics().in_flight}});
        if (options.on_stopping) options.on_stopping();
        // The second signal may come during the delay, too.
        auto second = co_await move_on_after(delay, arriving.next());
        if (!second) {
            server.stop();
            second = co_await arriving.next();
        }
        state.second_signal = second->value_or(SIGTERM);
        log::warning("shutdown_forced", {{"signal", state.second_signal}});
        server.stop_now();
        if (co_await arriving.next()) std::_Exit(128 + state.second_signal);
    });
}

}  // namespace

task<int> serve(web::app& app, health& health, serve_options options) {
    const auto delay = delay_from(options);
    logging_observer observer;
    if (!options.http.observer) options.http.observer = &observer;
    shutdown state;
    http::server_statistics last{};
    std::optional<debug_socket> looking_glass;
    if (options.debug_socket || debug_socket_wanted()) log::info("debug_socket_open", {{"path", looking_glass.emplace().path()}});
    co_await app.run([&]() -> task<> {
        http::server server(app.handler(), options.http);
        server.listen();
        co_await with_task_group({.name = "service"}, [&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> { co_await watch_signals(server, health, delay, options, state); });
            group.create_task([&]() -> task<> { co_await health.run(); });
            health.set_started();
            if (options.on_ready) co_await options.on_ready(server);
            co_await server.serve();
            last = server.statistics();
            group.cancel("the server has stopped");
        });
    });
    log::info("shutdown_done",
              {{"finished", last.drain_finished}, {"cancelled", last.drain_cancelled}, {"abandoned", last.drain_abandoned}});
    log::flush(options.flush_timeout);
    if (state.second_signal != 0) co_return 128 + state.second_signal;
    co_return last.drain_cancelled + last.drain_abandoned > 0 ? 3 : 0;
}

}  // namespace hem::service
