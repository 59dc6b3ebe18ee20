// What a simulated network, its connections and its listeners share. It lives as long as the last of them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/event.hpp"
#include "hem/net/detail/network.hpp"
#include "hem/net/listener.hpp"
#include "hem/testing/simulated_network.hpp"

namespace hem::testing::detail {

class simulated_connection;
class simulated_listener;

// The way between two hosts, for both directions.
struct network_path {
    bool partitioned = false;
    bool held = false;
    event changed;
    bool blocked() const noexcept { return partitioned || held; }
};

struct simulated_host {
    std::string name;
    callable<task<>()> software;
    task_group* group = nullptr;
    cancel_scope* running = nullptr;
    bool known = false;
    bool again = false;
    std::map<std::string, simulated_listener*, std::less<>> listeners;  // by port, or "unix:" and path
};

class network_state final : public net::detail::network, public std::enable_shared_from_this<network_state> {
public:
    explicit network_state(const simulated_network_options& options);
    network_state(const network_state&) = delete;

    // ---- for hem::net
    task<net::socket_stream> connect(net::endpoint to) override;
    net::listener listen(const net::endpoint& where) override;
    task<std::vector<std::string>> resolve(std::string host) override;

    // ---- hosts
    simulated_host& host(std::string_view name);
    task<> supervise(simulated_host& host);
    void crash(simulated_host& host);
    void bounce(simulated_host& host);
    task<> on_host(std::string name, const callable<task<>()>& body);

    // ---- paths
    network_path& path(std::string_view one, std::string_view other);
    void change(std::string_view one, std::string_view other, bool network_path::* what, bool value);

    duration travel_time();
    std::size_t segment_size(std::size_t wanted);

    simulated_network_options options;
    std::uint64_t delivered = 0;
    hem::detail::intrusive_list<simulated_connection, simulated_connection> connections;

private:
    task<> travel(network_path& path, const net::endpoint& to, time_point deadline);
    [[noreturn]] static void fail(const net::endpoint& to, int error);

    random_generator random_;
    std::map<std::string, simulated_host, std::less<>> hosts_;
    std::map<std::pair<std::string, std::string>, network_path> paths_;
    std::uint16_t next_port_ = 49152;
};

class simulated_listener final : public net::detail::listener_device {
public:
    simulated_listener(std::shared_ptr<network_state> network, simulated_host& host, std::string key,
                       hem::detail::io_descriptor::record* record);
    simulated_listener(const simulated_listener&) = delete;
    ~simulated_listener() override;
    net::socket_stream accept() override;
    void arrived(net::socket_stream stream);
    // Its host crashed: nothing arrives any more, and a task that waits goes on.
    void cut() noexcept;

private:
    std::shared_ptr<network_state> network_;
    simulated_host* host_;
    std::string key_;
    hem::detail::io_descriptor::record* record_;
    std::deque<net::socket_stream> waiting_;
};

}  // namespace hem::testing::detail
