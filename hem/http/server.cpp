#include "hem/http/server.hpp"

#include <algorithm>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task_group.hpp"
#include "hem/http/detail/server_connection.hpp"
#include "hem/http/detail/server_state.hpp"
#include "hem/net/listener.hpp"

namespace hem::http {
namespace detail {

server_state::server_state(http::handler given, server_options chosen) : handle(std::move(given)), options(std::move(chosen)) {}

std::unique_ptr<connection_memory> server_state::take_memory() {
    if (free_memory.empty()) return std::make_unique<connection_memory>(options.limits.head);
    auto taken = std::move(free_memory.back());
    free_memory.pop_back();
    return taken;
}

void server_state::give_back(std::unique_ptr<connection_memory> used) noexcept {
    // Kept for the next burst, but not for ever: as many as half of the connections that are open.
    if (free_memory.size() > 16 + stats.connections / 2) return;
    used->begin = used->end = used->queued = 0;
    used->has_head = false;
    free_memory.push_back(std::move(used));
}

std::unique_ptr<served_request> server_state::take_request() {
    if (free_requests.empty()) return std::make_unique<served_request>();
    auto taken = std::move(free_requests.back());
    free_requests.pop_back();
    return taken;
}

void server_state::give_back(std::unique_ptr<served_request> used) noexcept {
    if (free_requests.size() >= 64) return;
    used->reset();
    free_requests.push_back(std::move(used));
}

void server_state::refresh_date() noexcept {
    write_date(date, std::chrono::duration_cast<std::chrono::seconds>(system_now().time_since_epoch()).count());
    tail = "date: ";
    tail += date_text();
    if (!options.server_name.empty()) {
        tail += "\r\nserver: ";
        tail += options.server_name;
    }
    tail += "\r\n\r\n";
}

void server_state::count_refusal(refusal why, const std::string& peer) noexcept {
    ++stats.refused;
    if (options.observer) options.observer->refused(why, peer);
}

}  // namespace detail

struct server::impl {
    impl(http::handler handler, server_options options) : state(std::move(handler), std::move(options)) {}

    void listen() {
        if (!listeners.empty()) return;
        for (const auto& text : state.options.bind) {
            listeners.push_back(net::listener::open(net::endpoint::parse(text), {.reuse_port = state.options.reuse_port}));
        }
        for (const int fd : state.options.inherited) listeners.push_back(net::listener::adopt(fd));
        if (listeners.empty()) throw usage_error("an http::server needs an endpoint: set .bind or .inherited");
    }

    std::size_t& peer_count(const std::string& peer) {
        for (auto& [name, count] : state.per_peer) {
            if (name == peer) return count;
        }
        return state.per_peer.emplace_back(peer, 0).second;
    }

    task<> serve_connection(net::socket_stream socket) {
        detail::server_connection connection(state, std::move(socket));
        std::string counted;
        if (state.options.limits.connections_per_peer != 0) {
            counted = connection.peer();
            if (++peer_count(counted) > state.options.limits.connections_per_peer) {
                --peer_count(counted);
                co_return;
            }
        }
        try {
            co_await connection.run();
        } catch (const std::exception&) {
            // The connection is lost; its request was told, nothing else is affected.
        }
        if (!counted.empty()) --peer_count(counted);
    }

    // Over the limit: an answer and the end.
    task<> turn_away(net::socket_stream socket) {
        char answer[1024];
        const auto size = write_error_answer(answer, 503, "retry-after: 1\r\n", state.date_text(), state.options.server_name, false, false);
        const iovec piece{answer, size};
        (void)socket.try_write({&piece, 1});
        socket.shutdown_write();
        co_await move_on_after_read(socket);
    }
    static task<> move_on_after_read(net::socket_stream& socket) {
        char dropped[256];
        auto read_a_little = [&]() -> task<> { (void)co_await socket.read_some(dropped); };
        if (!co_await move_on_after(std::chrono::seconds(1), read_a_little())) co_return;
    }

    void admit(net::socket_stream socket, task_group& group) {
        ++state.stats.accepted;
        const auto limit = state.options.limits.connections;
        if (limit != 0 && state.stats.connections >= limit) {
            group.create_task([this](net::socket_stream refused) -> task<> { co_await turn_away(std::move(refused)); }, std::move(socket));
            return;
        }
        group.create_task([this](net::socket_stream accepted) -> task<> { co_await serve_connection(std::move(accepted)); },
                          std::move(socket));
    }

    task<> accept_from(net::listener& listener, task_group& group) {
        constexpr std::size_t turned_away_at_once = 64;
        try {
            while (!state.draining) {
                const auto limit = state.options.limits.connections;
                if (limit != 0 && group.size() >= limit + turned_away_at_once) {
                    state.changed.clear();
                    co_await state.changed.wait();
                    continue;
                }
                auto socket = co_await listener.accept();
                if (state.stats.connections == 0) state.refresh_date();
                admit(std::move(socket), group);
            }
        } catch (const closed_resource&) {
            // stop() closed the listener.
        }
    }

    // Once a second while there is something to watch.
    task<> watch(task_group& group) {
        for (;;) {
            if (state.draining && state.connections.empty()) co_return;
            if (state.connections.empty()) {
                state.changed.clear();
                co_await state.changed.wait();
                continue;
            }
            if (state.draining) {
                state.changed.clear();
                if (co_await move_on_after(std::chrono::milliseconds(200), state.changed.wait())) continue;
            } else if (co_await move_on_after(std::chrono::seconds(1), state.shutting_down.wait())) {
                continue;
            }
            const auto now = clock::now();
            state.refresh_date();
            for (auto& connection : state.connections) connection.sweep(now);
            if (now >= state.drain_deadline) {
                if (!state.grace_over) end_grace();
                if (now - state.drain_deadline >= state.options.limits.drain_cleanup) {
                    state.stats.drain_abandoned += state.stats.connections;
                    group.cancel("the server's drain is over");
                }
            }
        }
    }

    void end_grace() noexcept {
        state.grace_over = true;
        for (auto& connection : state.connections) connection.end_grace();
    }

    task<> serve_all() {
        co_await with_task_group({.name = "http::server", .warn_above = 0}, [this](task_group& group) -> task<> {
            open_group = &group;
            for (auto& listener : listeners) {
                group.create_task([this](net::listener& from, task_group& to) -> task<> { co_await accept_from(from, to); },
                                  std::ref(listener), std::ref(group));
            }
            co_await watch(group);
            open_group = nullptr;
        });
        open_group = nullptr;
    }

    void stop() noexcept {
        if (state.draining) return;
        state.drain_deadline = hem::detail::saturating_add(clock::now(), state.options.limits.drain_grace);
        for (auto& listener : listeners) {
            // What the kernel has queued was promised a connection.
            try {
                while (open_group) {
                    auto socket = listener.try_accept();
                    if (!socket.is_open()) break;
                    admit(std::move(socket), *open_group);
                }
            } catch (...) {
                // A failing accept, or a group that is cancelled: the listener closes all the same.
            }
            listener.close();
        }
        state.draining = true;
        state.shutting_down.set();
        for (auto& connection : state.connections) connection.begin_drain();
        state.changed.set();
        stopping.set();
    }

    detail::server_state state;
    std::vector<net::listener> listeners;
    task_group* open_group = nullptr;
    event stopping;
};

server::server(http::handler handler, server_options options) : impl_(std::make_unique<impl>(std::move(handler), std::move(options))) {}
server::~server() = default;

void server::listen() { impl_->listen(); }

std::vector<net::endpoint> server::local_endpoints() const {
    std::vector<net::endpoint> endpoints;
    for (const auto& listener : impl_->listeners) endpoints.push_back(listener.local());
    return endpoints;
}

task<> server::serve() {
    impl_->listen();
    impl_->state.refresh_date();
    const auto& limits = impl_->state.options.limits;
    const auto grace = limits.drain_grace + limits.drain_cleanup + std::chrono::seconds(5);
    co_await with_task_group([this, grace](task_group& group) -> task<> {
        group.create_task([this, grace]() -> task<> { co_await shield(grace, impl_->serve_all()); });
        try {
            co_await impl_->stopping.wait();
        } catch (const cancelled&) {
            impl_->stop();
            throw;
        }
    });
}

void server::stop() noexcept { impl_->stop(); }

void server::stop_now() noexcept {
    impl_->stop();
    impl_->state.drain_deadline = clock::now();
    impl_->end_grace();
    impl_->state.changed.set();
}

server_statistics server::statistics() const noexcept {
    auto stats = impl_->state.stats;
    for (auto& connection : impl_->state.connections) stats.idle += connection.idle();
    return stats;
}

}  // namespace hem::http
