// For tests of the client: servers that follow a script, without sockets. One script per connection says what it sends, how long it waits
// and how it ends; what the client wrote and how many connections were open can be read afterwards.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hem/core/sleep.hpp"
#include "hem/http/client.hpp"
#include "hem/http/detail/connection_pool.hpp"
#include "hem/http/network_transport.hpp"

namespace hem::http::testing {

// What a scripted server does next on one connection.
struct step {
    enum class kind { send, wait, end, fail } what;
    std::string bytes = {};
    std::chrono::nanoseconds time{0};
};

inline step send(std::string bytes) { return {step::kind::send, std::move(bytes)}; }
inline step wait(std::chrono::nanoseconds time) { return {step::kind::wait, {}, time}; }
inline step end() { return {step::kind::end}; }
inline step fail() { return {step::kind::fail}; }

struct script {
    std::vector<step> steps;
    bool refuse = false;        // connecting fails
    bool refuse_write = false;  // the first write fails before any byte is taken
    std::size_t fail_write_after = SIZE_MAX;
    std::chrono::nanoseconds connect_time{0};
};

struct scripted_server {
    std::deque<script> scripts;  // one per connection, in order; the last one serves all others
    std::vector<std::string> received;
    int open = 0;
    int most_open = 0;
    int connected = 0;
    bool idle_dead = false;  // idle connections look readable

    script next() {
        script result = scripts.front();
        if (scripts.size() > 1) scripts.pop_front();
        return result;
    }
};

class scripted_wire final : public http::detail::wire {
public:
    scripted_wire(scripted_server& server, script script) : server_(server), script_(std::move(script)), index_(server.received.size()) {
        server_.received.emplace_back();
        server_.most_open = std::max(server_.most_open, ++server_.open);
    }
    ~scripted_wire() override { --server_.open; }

    task<std::size_t> read_some(std::span<char> into) override {
        co_await checkpoint();
        while (true) {
            if (closed_) throw network_error("connection reset");
            if (position_ == script_.steps.size()) co_await sleep_forever();
            step& now = script_.steps[position_];
            if (now.what == step::kind::wait) {
                co_await sleep_for(now.time);
                ++position_;
                continue;
            }
            if (now.what == step::kind::end) co_return 0;
            if (now.what == step::kind::fail) throw network_error("connection reset by peer");
            const std::size_t count = std::min(into.size(), now.bytes.size());
            std::copy_n(now.bytes.begin(), count, into.begin());
            now.bytes.erase(0, count);
            if (now.bytes.empty()) ++position_;
            co_return count;
        }
    }
    task<void> write_all(std::span<const std::string_view> pieces) override {
        co_await checkpoint();
        for (const std::string_view piece : pieces) {
            if (script_.refuse_write || written_ >= script_.fail_write_after) throw network_error("broken pipe");
            server_.received[index_] += piece;
            written_ += piece.size();
        }
    }
    std::uint64_t bytes_written() const noexcept override { return written_; }
    bool readable() const noexcept override { return server_.idle_dead; }
    void close() noexcept override { closed_ = true; }

private:
    scripted_server& server_;
    script script_;
    std::size_t index_;
    std::size_t position_ = 0;
    std::uint64_t written_ = 0;
    bool closed_ = false;
};

inline http::detail::connect_function connect_to(scripted_server& server) {
    return [&server](http::detail::origin) -> task<std::unique_ptr<http::detail::wire>> {
        ++server.connected;
        script next = server.next();
        if (next.connect_time.count() != 0)
            co_await sleep_for(next.connect_time);
        else
            co_await checkpoint();
        if (next.refuse) throw network_error("connection refused", failure_kind::not_sent);
        co_return std::make_unique<scripted_wire>(server, std::move(next));
    };
}

inline const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

inline client_options over(scripted_server& server, pool_options pool = {}, timeout_options timeouts = {}) {
    client_options options{.base_url = "http://server"};
    options.pool = pool;
    options.timeout = timeouts;
    options.transport = std::make_unique<network_transport>(pool, timeouts, connect_to(server));
    return options;
}

}  // namespace hem::http::testing
