// What the connections of one server share: handler, limits, the cached date, recycled blocks, counters, and the list of connections that the
// sweep walks once a second.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hem/core/detail/intrusive_list.hpp"
#include "hem/core/event.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/request.hpp"
#include "hem/http/server.hpp"

namespace hem::http::detail {

class server_connection;
struct connection_tag;

// The memory of a request that is being served: an idle connection has none.
struct exchange {
    explicit exchange(const head_limits& limits) : parser(limits), input(16 * 1024), output(16 * 1024) {}

    head_parser parser;
    request message;
    framing frame;
    std::vector<char> input;   // [begin, end) has arrived and is not consumed
    std::vector<char> output;  // [0, queued) waits to be written
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t queued = 0;
    std::uint32_t body_samples[10] = {};  // bytes of the body at each of the last sweeps

    char* data() noexcept { return input.data() + begin; }
    std::size_t size() const noexcept { return end - begin; }
};

struct server_state {
    server_state(http::handler given, server_options options);

    std::unique_ptr<exchange> take_exchange();
    void give_back(std::unique_ptr<exchange> used) noexcept;
    void refresh_date() noexcept;
    std::string_view date_text() const noexcept { return {date, sizeof date}; }
    void count_refusal(refusal why, const std::string& peer) noexcept;

    http::handler handle;
    server_options options;
    server_statistics stats;
    hem::detail::intrusive_list<server_connection, connection_tag> connections;
    std::vector<std::unique_ptr<exchange>> free_exchanges;
    std::vector<std::pair<std::string, std::size_t>> per_peer;
    event shutting_down;
    event changed;  // a connection began or ended
    char date[29];
    time_point drain_deadline = time_point::max();
    bool draining = false;
    bool grace_over = false;
};

}  // namespace hem::http::detail
