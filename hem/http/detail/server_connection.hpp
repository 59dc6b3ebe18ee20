// One connection of the server: reads heads, runs handlers, writes answers. While it waits for a request it owns no buffer.
//
// A request that comes alone runs in the connection's own task. Safe ones without a body that come while others are under way run beside
// them as child tasks; every other waits for all before it and holds all after it (RFC 9112 9.3.2). The first of those under way writes;
// the output belongs to it.
#pragma once

#include <exception>
#include <optional>

#include "hem/core/detail/group_core.hpp"
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
    // The drain's grace is over: the handlers are cancelled.
    void end_grace() noexcept;

    bool idle() const noexcept { return phase_ == phase::idle; }
    const std::string& peer() const noexcept { return peer_.host; }

private:
    friend class connection_body;
    class place;
    class handler_guard;
    enum class phase : std::uint8_t { idle, busy, head, body, linger };  // what the connection's own task does
    enum class after : std::uint8_t { next, close, linger };
    // What the input holds next, and how it may be served.
    enum class upcoming : std::uint8_t { nothing, partial, alone, beside, exclusive, over_limit, refused, after_some, after_all };

    // ---- reading
    task<> serve();
    upcoming look();
    void judge();
    bool runs_beside() const noexcept;
    served_request& admit(served_request& fresh);
    void start_beside(bool at_once);
    void input_arrived() noexcept;
    task<> read_more();
    task<> refuse_upcoming();
    task<> others_end(std::size_t below);
    task<> linger();
    task<bool> drain_request_body(connection_body& body);
    // Reads into the input: >0 bytes, 0 end, -1 would block, -2 failed.
    int read_some() noexcept;
    bool make_input_room();
    bool ended() const noexcept { return failed_ || ending_ != after::next; }

    // ---- one request
    struct attempt;
    task<> answer(served_request& mine);
    task<after> conclude(served_request& mine, connection_body* body, attempt& made, place& here);
    task<bool> send(served_request& mine, attempt& made);
    task<bool> send_body(served_request& mine, attempt& made, body_source& source);
    static task<> finish(response* answer);
    bool is_first(const served_request& mine) noexcept { return &active_.front() == &mine; }
    task<bool> turn_of(served_request& mine);
    void leave(served_request& mine, after then) noexcept;
    void end_with(after then) noexcept;
    void give_up() noexcept;
    void cancel(served_request& one, why_cancelled why) noexcept;

    // ---- writing: by the first of those under way, or by the connection's own task when none is
    task<bool> put(served_request& mine, std::string_view bytes);
    // Room for `bytes` more in the output, written out first where needed. False when the connection failed.
    task<bool> make_room(std::size_t bytes);
    bool has_room(std::size_t bytes) const noexcept { return work_->output.size() - work_->queued >= bytes; }
    // Writes what is queued without waiting: 1 done, 0 would block, -1 failed.
    int try_flush() noexcept;
    // The same; what is left follows when the peer takes more.
    void leave_queued() noexcept;
    task<bool> flush_slowly();
    task<bool> flush();
    task<bool> write_large(std::string_view bytes);
    task<bool> room_to_write();
    void queue(std::string_view bytes) noexcept;
    task<after> answer_refusal(refusal why, bool head_only);
    task<after> answer_error(int status, std::string_view fields, bool keep, bool head_only);

    static void happened(void* self, hem::detail::io_happening what) noexcept;
    void set_phase(phase p, std::chrono::nanoseconds limit) noexcept;
    static time_point deadline_after(std::chrono::nanoseconds limit) noexcept;

    server_state& server_;
    net::socket_stream socket_;
    std::unique_ptr<connection_memory> work_;
    hem::detail::group_core children_{hem::detail::child_errors::first};
    hem::detail::task_header* self_ = nullptr;
    hem::detail::intrusive_list<served_request, served_tag> active_;  // in the order of their answers
    net::peer_address peer_;
    time_point deadline_ = time_point::max();       // of the phase
    time_point head_deadline_ = time_point::max();  // of the head that has begun
    time_point half_closed_ = time_point::max();
    time_point write_deadline_ = time_point::max();
    time_point write_window_ = time_point::max();
    std::uint64_t write_mark_ = 0;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t served_ = 0;
    std::size_t under_way_ = 0;
    phase phase_ = phase::idle;
    after ending_ = after::next;
    std::uint8_t body_seconds_ = 0;
    bool expired_ = false;       // the phase's deadline passed, or somebody else ended the wait
    bool failed_ = false;        // the socket is of no use any more
    bool reset_at_end_ = false;  // unsent bytes are dropped
    bool input_ended_ = false;   // the peer sends nothing more
    bool takes_more_ = true;     // requests
    bool given_up_ = false;      // the peer is gone, or no answer follows any more
    bool reads_ahead_ = false;   // while a request that others may join runs in the connection's own task
    bool writer_waits_ = false;  // for the peer to take more
    bool corked_ = false;        // somebody writes out what is queued soon
};

}  // namespace hem::http::detail
