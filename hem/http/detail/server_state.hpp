// What the connections of one server share: handler, limits, the cached date, recycled blocks, counters, and the list of connections that
// the sweep walks once a second.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hem/core/detail/intrusive_list.hpp"
#include "hem/core/event.hpp"
#include "hem/http/detail/served_request.hpp"
#include "hem/http/server.hpp"

namespace hem::http::detail {

class server_connection;
struct connection_tag;

struct server_state {
    server_state(http::handler given, server_options options);

    std::unique_ptr<connection_memory> take_memory();
    void give_back(std::unique_ptr<connection_memory> used) noexcept;
    std::unique_ptr<served_request> take_request();
    void give_back(std::unique_ptr<served_request> used) noexcept;
    void refresh_date() noexcept;
    std::string_view date_text() const noexcept { return {date, sizeof date}; }
    std::string_view head_tail() const noexcept { return tail; }
    void count_refusal(refusal why, const std::string& peer) noexcept;

    http::handler handle;
    server_options options;
    server_statistics stats;
    hem::detail::intrusive_list<server_connection, connection_tag> connections;
    std::vector<std::unique_ptr<connection_memory>> free_memory;
    std::vector<std::unique_ptr<served_request>> free_requests;
    std::vector<std::pair<std::string, std::size_t>> per_peer;
    event shutting_down;
    event changed;  // a connection began or ended
    char date[29];
    std::string tail;  // the lines that end most response heads
    time_point drain_deadline = time_point::max();
    bool draining = false;
    bool grace_over = false;
};

}  // namespace hem::http::detail
