#include "hem/testing/simulated_network.hpp"

#include <errno.h>

#include <algorithm>
#include <system_error>

#include "hem/core/context.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/sleep.hpp"
#include "hem/testing/detail/network_state.hpp"
#include "hem/testing/detail/simulated_connection.hpp"
#include "hem/testing/fail_every_operation.hpp"

namespace hem::testing {
namespace detail {
namespace {

constexpr duration first_retransmission = std::chrono::milliseconds(200);

context_var<std::string>& current_host() {
    static context_var<std::string> host{"simulated host", std::string("test")};
    return host;
}

std::string key_of(const net::endpoint& where) { return where.is_unix ? "unix:" + where.host : std::to_string(where.port); }

bool is_here(std::string_view host) {
    return host == "localhost" || host.starts_with("127.") || host == "0.0.0.0" || host == "::" || host == "::1" ||
           host == current_host().get();
}

}  // namespace

network_state::network_state(const simulated_network_options& given)
    : options(given), random_(given.seed != 0 ? given.seed : loop::current().random()()) {
    host("test").known = true;
}

void network_state::fail(const net::endpoint& to, int error) {
    throw network_error("cannot connect to " + to.to_string() + ": " + std::system_category().message(error), failure_kind::not_sent);
}

duration network_state::travel_time() {
    const auto spread = static_cast<std::uint64_t>((options.latency.most - options.latency.least).count());
    duration time = options.latency.least + duration(static_cast<std::int64_t>(random_.below(spread + 1)));
    duration again = first_retransmission;
    for (int tries = 0; tries < 10 && options.loss > 0 && random_.uniform() < options.loss; ++tries, again *= 2) time += again;
    return time;
}

std::size_t network_state::segment_size(std::size_t wanted) {
    if (options.chunking == 0) return wanted;
    return std::min<std::size_t>(wanted, 1 + random_.below(options.chunking));
}

network_path& network_state::path(std::string_view one, std::string_view other) {
    if (other < one) std::swap(one, other);
    return paths_[{std::string(one), std::string(other)}];
}

void network_state::change(std::string_view one, std::string_view other, bool network_path::* what, bool value) {
    auto& changed = path(one, other);
    changed.*what = value;
    changed.changed.set();
    changed.changed.clear();
    for (auto& connection : connections) connection.path_changed(changed);
}

simulated_host& network_state::host(std::string_view name) {
    auto& found = hosts_[std::string(name)];
    found.name = name;
    return found;
}

// One way of the handshake: over a partitioned path it is tried until the deadline, over a held one it waits.
task<> network_state::travel(network_path& path, const net::endpoint& to, time_point deadline) {
    co_await sleep_for(travel_time());
    while (path.blocked()) {
        if (!co_await move_on_at(path.held ? time_point::max() : deadline, path.changed.wait())) fail(to, ETIMEDOUT);
    }
}

task<net::socket_stream> network_state::connect(net::endpoint to) {
    const auto self = shared_from_this();
    if (const int error = operation_error("simulated connect", ECONNREFUSED)) fail(to, error);
    simulated_host& from = host(current_host().get());
    simulated_host& target = to.is_unix || is_here(to.host) ? from : host(to.host);
    if (!target.known)
        throw network_error("cannot resolve " + to.host + ": no host of the simulated network has this name", failure_kind::not_sent);
    auto& way = path(from.name, target.name);
    const auto deadline = hem::detail::saturating_add(clock::now(), options.give_up);
    co_await travel(way, to, deadline);
    const auto listening = target.listeners.find(key_of(to));
    if (listening == target.listeners.end()) {
        co_await travel(way, to, deadline);
        fail(to, ECONNREFUSED);
    }
    const auto connection = std::make_shared<simulated_connection>(self, way, from, target);
    auto near = simulated_connection::make_end(connection, 0, {target.name, to.port});
    listening->second->arrived(simulated_connection::make_end(connection, 1, {to.is_unix ? "unix" : from.name, next_port_++}));
    co_await travel(way, to, deadline);
    co_return near;
}

net::listener network_state::listen(const net::endpoint& where) {
    net::endpoint local = where;
    const auto refuse = [&](const std::string& why) {
        throw network_error("cannot listen on " + where.to_string() + ": " + why, failure_kind::permanent);
    };
    if (const int error = operation_error("simulated listen", EADDRINUSE)) refuse(std::system_category().message(error));
    auto& here = host(current_host().get());
    if (!where.is_unix && !is_here(where.host)) refuse("this is host '" + here.name + "' of the simulated network");
    if (!where.is_unix && where.port == 0) local.port = next_port_++;
    if (here.listeners.contains(key_of(local))) refuse(std::system_category().message(EADDRINUSE));
    auto descriptor = hem::detail::io_descriptor::simulated();
    auto device = std::make_unique<simulated_listener>(shared_from_this(), here, key_of(local), descriptor.state());
    return {std::move(descriptor), std::move(device), std::move(local)};
}

task<std::vector<std::string>> network_state::resolve(std::string name) {
    if (!is_here(name) && !host(name).known) {
        throw network_error("cannot resolve " + name + ": no host of the simulated network has this name", failure_kind::not_sent);
    }
    std::vector<std::string> addresses;
    addresses.push_back(std::move(name));
    co_return addresses;
}

// ---- hosts ------------------------------------------------------------------------------------------------------------------------------

task<> network_state::on_host(std::string name, const callable<task<>()>& body) {
    host(name).known = true;
    const auto bound = current_host().bind(std::move(name));
    co_await body();
}

task<> network_state::supervise(simulated_host& host) {
    const auto self = shared_from_this();
    do {
        host.again = false;
        cancel_scope scope;
        host.running = &scope;
        struct stopped {
            simulated_host& host;
            ~stopped() { host.running = nullptr; }
        };
        const stopped at_end{host};
        auto body = [&]() -> task<> { co_await on_host(host.name, host.software); };
        (void)co_await scope.run(body);
    } while (host.again);
}

void network_state::crash(simulated_host& host) {
    host.again = false;
    if (host.running) host.running->cancel("the simulated host '" + host.name + "' crashed");
    for (auto& [key, listener] : host.listeners) listener->cut();
    host.listeners.clear();
    for (auto& connection : connections) connection.crashed(host);
}

void network_state::bounce(simulated_host& host) {
    if (!host.group) throw usage_error("the simulated host '" + host.name + "' was never started: start_host says what it runs");
    crash(host);
    if (host.running) {
        host.again = true;
    } else {
        host.group->create_task([self = shared_from_this(), &host]() -> task<> { co_await self->supervise(host); });
    }
}

// ---- listeners --------------------------------------------------------------------------------------------------------------------------

simulated_listener::simulated_listener(std::shared_ptr<network_state> network, simulated_host& host, std::string key,
                                       hem::detail::io_descriptor::record* record)
    : network_(std::move(network)), host_(&host), key_(std::move(key)), record_(record) {
    host.listeners[key_] = this;
}

simulated_listener::~simulated_listener() {
    if (host_) host_->listeners.erase(key_);
}

net::socket_stream simulated_listener::accept() {
    if (operation_error("accept of a simulated connection", ECONNABORTED) != 0) {
        if (!waiting_.empty()) waiting_.pop_front();
    }
    if (waiting_.empty()) return {};
    auto stream = std::move(waiting_.front());
    waiting_.pop_front();
    return stream;
}

void simulated_listener::arrived(net::socket_stream stream) {
    waiting_.push_back(std::move(stream));
    hem::detail::io_descriptor::signal(*record_, {.readable = true});
}

void simulated_listener::cut() noexcept {
    host_ = nullptr;
    waiting_.clear();
}

}  // namespace detail

// ---- simulated_network ------------------------------------------------------------------------------------------------------------------

simulated_network::simulated_network(simulated_network_options options) {
    auto*& installed = net::detail::installed_network();
    if (installed) throw usage_error("this thread has a simulated network already");
    state_ = std::make_shared<detail::network_state>(options);
    installed = state_.get();
}

simulated_network::~simulated_network() { net::detail::installed_network() = nullptr; }

void simulated_network::start_host(task_group& group, std::string name, callable<task<>()> software) {
    auto& host = state_->host(name);
    if (host.group) throw usage_error("the simulated host '" + name + "' was started before: bounce starts it again");
    host.known = true;
    host.software = std::move(software);
    host.group = &group;
    group.create_task({.name = "host " + name}, [state = state_, &host]() -> task<> { co_await state->supervise(host); });
}

task<> simulated_network::on_host(std::string name, callable<task<>()> body) { co_await state_->on_host(std::move(name), body); }

void simulated_network::partition(std::string_view one, std::string_view other) {
    state_->change(one, other, &detail::network_path::partitioned, true);
}
void simulated_network::repair(std::string_view one, std::string_view other) {
    state_->change(one, other, &detail::network_path::partitioned, false);
}
void simulated_network::hold(std::string_view one, std::string_view other) {
    state_->change(one, other, &detail::network_path::held, true);
}
void simulated_network::release(std::string_view one, std::string_view other) {
    state_->change(one, other, &detail::network_path::held, false);
}
void simulated_network::crash(std::string_view name) { state_->crash(state_->host(name)); }
void simulated_network::bounce(std::string_view name) { state_->bounce(state_->host(name)); }

std::size_t simulated_network::connections() const noexcept {
    std::size_t count = 0;
    for (auto& each : state_->connections) {
        (void)each;
        ++count;
    }
    return count;
}
std::uint64_t simulated_network::delivered_bytes() const noexcept { return state_->delivered; }

}  // namespace hem::testing
