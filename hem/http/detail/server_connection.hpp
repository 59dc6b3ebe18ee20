// One connection of the server: reads heads, runs handlers, writes answers. While it waits for a request it owns no buffer.
#pragma once

#include "hem/core/cancel_scope.hpp"
#include "hem/http/detail/server_state.hpp"
#include "hem/http/serialise.hpp"
#include "hem/net/socket_stream.hpp"

namespace hem::http::detail {

class connection_body;

class server_connection : public hem::detail::list_link<connection_tag> {
public:
    server_connection(server_state& server, net::socket_stream socket);
    ~server_connection();
    server_connection(const server_connection&) = delete;

    // The connection's whole life.
    task<> run();

    // Once a second: ends what took too long.
    void sweep(time_point now) noexcept;
    // A drain began: an idle connection closes.
    void begin_drain() noexcept;
    // The drain's grace is over: the handler is cancelled.
    void end_grace() noexcept;

    bool idle() const noexcept { return phase_ == phase::idle; }
    const std::string& peer() const noexcept { return peer_.host; }

private:
    friend class connection_body;
    enum class phase : std::uint8_t { idle, head, body, handler, write, linger };
    enum class why_cancelled : std::uint8_t { none, disconnect, timeout, drain };
    enum class after : std::uint8_t { next, close, linger };

    task<> serve_requests();
    task<bool> read_head();
    task<after> serve_one();
    task<after> refuse(refusal why);
    task<after> answer_error(int status, std::string_view fields, bool keep);
    task<bool> send_body(response& answer, const response_plan& plan, body_source& source);
    task<bool> flush_slowly();
    task<bool> drain_request_body(connection_body& body);
    task<> linger();

    // Room for `bytes` more in the output, written out first where needed. False when the connection failed.
    task<bool> make_room(std::size_t bytes);
    bool has_room(std::size_t bytes) const noexcept { return work_->output.size() - work_->queued >= bytes; }
    // Writes what is queued without waiting: 1 done, 0 would block, -1 failed.
    int try_flush() noexcept;
    task<bool> flush();
    task<bool> write_large(std::string_view bytes);
    void queue(std::string_view bytes) noexcept;
    // Reads into the input: >0 bytes, 0 end, -1 would block, -2 failed.
    int read_some() noexcept;
    void make_input_room();

    static void hang_up(void* self, bool reset) noexcept;
    void cancel_handler(why_cancelled why) noexcept;
    void set_phase(phase p, std::chrono::nanoseconds limit) noexcept;

    server_state& server_;
    net::socket_stream socket_;
    std::unique_ptr<exchange> work_;
    hem::detail::timed_scope* handler_scope_ = nullptr;
    net::peer_address peer_;
    time_point deadline_ = time_point::max();
    time_point half_closed_ = time_point::max();
    time_point write_window_ = time_point::max();
    std::uint64_t write_mark_ = 0;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t served_ = 0;
    phase phase_ = phase::idle;
    why_cancelled cancelled_why_ = why_cancelled::none;
    std::uint8_t body_seconds_ = 0;
    bool expired_ = false;   // the deadline passed, or somebody else ended the wait
    bool failed_ = false;    // the socket is of no use any more
    bool flush_posted_ = false;
};

}  // namespace hem::http::detail
