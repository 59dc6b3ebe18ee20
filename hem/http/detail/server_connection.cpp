#include "hem/http/detail/server_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "hem/core/detail/spawned_task.hpp"
#include "hem/core/errors.hpp"
#include "hem/http/detail/connection_body.hpp"
#include "hem/http/errors.hpp"

namespace hem::http::detail {
namespace {

constexpr std::size_t largest_input = 32 * 1024;

}  // namespace

server_connection::server_connection(server_state& server, net::socket_stream socket)
    : server_(server), socket_(std::move(socket)), peer_(socket_.peer()) {
    server_.connections.push_back(*this);
    ++server_.stats.connections;
    server_.changed.set();  // somebody has to watch it now
    const auto stall = std::chrono::duration_cast<std::chrono::milliseconds>(server_.options.limits.write_stall).count();
    if (peer_.host != "unix" && stall > 0) {
        const auto timeout = static_cast<unsigned>(stall);
        ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    }
}

server_connection::~server_connection() {
    if (reset_at_end_) socket_.reset();
    hem::detail::intrusive_list<server_connection, connection_tag>::erase(*this);
    --server_.stats.connections;
    server_.changed.set();
}

time_point server_connection::deadline_after(std::chrono::nanoseconds limit) noexcept {
    return limit.count() > 0 ? hem::detail::saturating_add(clock::now(), limit) : time_point::max();
}

void server_connection::set_phase(phase p, std::chrono::nanoseconds limit) noexcept {
    phase_ = p;
    deadline_ = deadline_after(limit);
}

task<> server_connection::run() {
    self_ = &hem::detail::current_task_header();
    children_.enter();
    socket_.watch(happened, this);
    try {
        co_await serve();
    } catch (...) {
        children_.body_failed(std::current_exception());
    }
    end_with(after::close);
    co_await children_.wait_for_children();
    socket_.watch(nullptr, nullptr);
    if (work_) server_.give_back(std::move(work_));
    (void)children_.conclude(true);
}

task<> server_connection::serve() {
    const auto& limits = server_.options.limits;
    set_phase(phase::idle, limits.first_byte);
    const auto born = clock::now();
    while (!ended()) {
        if (!work_) {
            if (server_.draining && served_ > 0) co_return;
            const auto idle_until = deadline_;
            co_await socket_.wait_readable();
            if (expired_ || (server_.draining && served_ > 0)) co_return;
            work_ = server_.take_memory();
            work_->parser.reset();
            phase_ = phase::busy;
            deadline_ = time_point::max();
            const int got = read_some();
            if (got > 0) continue;
            server_.give_back(std::move(work_));
            if (got != -1) co_return;
            phase_ = phase::idle;
            deadline_ = idle_until;
            continue;
        }
        switch (look()) {
        case upcoming::alone:
        case upcoming::exclusive: {
            phase_ = phase::busy;
            deadline_ = time_point::max();
            auto& mine = admit(work_->first);
            reads_ahead_ = takes_more_ && mine.frame.body == body_kind::none && is_safe(mine.message.method_id());
            co_await answer(mine);
            reads_ahead_ = false;
            mine.reset();
            break;
        }
        case upcoming::beside: start_beside(true); break;
        case upcoming::nothing:
            if (under_way_ == 0) {
                if (const int state = try_flush(); state < 0 || (state == 0 && !co_await flush_slowly())) co_return;
                server_.give_back(std::move(work_));
                if (limits.connection_age.count() > 0 && clock::now() - born >= limits.connection_age) co_return;
                set_phase(phase::idle, limits.keep_alive_idle);
                if (!input_ended_) break;
                co_return;
            }
            [[fallthrough]];
        case upcoming::partial: co_await read_more(); break;
        case upcoming::over_limit:
        case upcoming::refused: co_await refuse_upcoming(); break;
        case upcoming::after_some: co_await others_end(limits.pipelined); break;
        case upcoming::after_all: co_await others_end(1); break;
        }
    }
    if (failed_) end_with(after::close);
    if (under_way_ != 0) co_await others_end(1);
    if (failed_ || !work_) co_return;
    if (ending_ == after::linger) {
        co_await linger();
    } else {
        (void)co_await flush();
    }
}

// ---- reading

int server_connection::read_some() noexcept {
    auto& work = *work_;
    const auto result = socket_.try_read(std::span<char>(work.input).subspan(work.end));
    if (result.would_block) return -1;
    if (result.error) return -2;
    work.end += result.bytes;
    return static_cast<int>(result.bytes);
}

bool server_connection::make_input_room() {
    auto& work = *work_;
    if (work.end < work.input.size()) return true;
    if (work.begin > 0) {
        std::memmove(work.input.data(), work.data(), work.size());
        work.end -= work.begin;
        work.begin = 0;
    } else if (work.input.size() < largest_input) {
        work.input.resize(largest_input);
    }
    return work.end < work.input.size();
}

// The verdict on the head that was parsed.
void server_connection::judge() {
    auto& work = *work_;
    work.has_head = true;
    work.frame = framing{};
    work.why = work.parser.why();
    if (work.why != refusal::none) return;
    const auto& options = server_.options;
    request_rules rules{.body_limit = options.limits.body.body, .allowed_hosts = options.allowed_hosts, .secure = false};
    work.why = decide_framing(work.parser, work.data(), rules, work.frame);
    if (work.why != refusal::body_too_large) return;
    // Its route may take more than the server.
    request head;
    head.assign(work.parser, work.data(), work.frame);
    rules.body_limit = server_.handle.body_limit(head, rules.body_limit);
    work.why = decide_framing(work.parser, work.data(), rules, work.frame);
}

server_connection::upcoming server_connection::look() {
    auto& work = *work_;
    if (!takes_more_) return under_way_ == 0 ? upcoming::nothing : upcoming::after_all;
    if (!work.has_head) {
        if (work.size() == 0) return upcoming::nothing;
        if (work.parser.parse(work.data(), work.size()) == parse_result::need_more) {
            if (head_deadline_ == time_point::max()) head_deadline_ = deadline_after(server_.options.limits.head_complete);
            return upcoming::partial;
        }
        judge();
        head_deadline_ = time_point::max();
    }
    const auto& limits = server_.options.limits;
    const bool others = under_way_ != 0;
    if (work.why != refusal::none) return others ? upcoming::after_all : upcoming::refused;
    if (limits.requests_in_flight != 0 && server_.stats.in_flight >= limits.requests_in_flight)
        return others ? upcoming::after_all : upcoming::over_limit;
    // What a drain lets through is the last one; its answer says so.
    if (server_.draining || work.frame.body != body_kind::none || !is_safe(work.parser.method_id()))
        return others ? upcoming::after_all : upcoming::exclusive;
    if (!others && work.size() == work.parser.size() && !socket_.maybe_readable()) return upcoming::alone;
    return limits.pipelined != 0 && under_way_ >= limits.pipelined ? upcoming::after_some : upcoming::beside;
}

// Takes the head that lies there.
served_request& server_connection::admit(served_request& fresh) {
    auto& work = *work_;
    const auto& limits = server_.options.limits;
    fresh.frame = work.frame;
    auto& message = fresh.message;
    message.assign(work.parser, work.data(), work.frame);
    work.begin += work.parser.size();
    if (work.begin == work.end) work.begin = work.end = 0;
    work.parser.reset();
    work.has_head = false;
    ++served_;
    ++server_.stats.requests;
    fresh.last = !work.frame.keep_alive || (limits.max_requests != 0 && served_ >= limits.max_requests);
    if (fresh.last) takes_more_ = false;
    message.set_peer(peer_.host, peer_.port);
    message.set_shutting_down(&server_.shutting_down);
    message.set_body_limit(limits.body.body);
    active_.push_back(fresh);
    ++under_way_;
    return fresh;
}

// As a child. `at_once`: it runs to its first wait in this call, and what it answers is written out by the caller.
void server_connection::start_beside(bool at_once) {
    auto mine = server_.take_request();
    auto serve_one = [](server_connection& connection, std::unique_ptr<served_request> one) -> task<> {
        co_await connection.answer(*one);
        connection.server_.give_back(std::move(one));
    };
    using call = hem::detail::spawned_call<decltype(serve_one), server_connection&, std::unique_ptr<served_request>>;
    auto& request = *mine;
    auto* child = new call(serve_one, *this, std::move(mine));
    child->context = self_->context;
    child->spawned = std::source_location::current();
    try {
        admit(request);
    } catch (...) {
        child->drop_reference();
        throw;
    }
    if (!at_once) {
        children_.spawn(*child);
        return;
    }
    corked_ = true;
    children_.spawn_eagerly(*child);
    corked_ = false;
}

// While a request runs in the connection's own task, and others may join it. Outside of any task.
void server_connection::input_arrived() noexcept {
    if (!reads_ahead_ || ended()) return;
    try {
        while (!input_ended_ && make_input_room()) {
            const int got = read_some();
            if (got == 0) input_ended_ = true;
            if (got <= 0) return;
            upcoming next = look();
            for (; next == upcoming::beside; next = look()) start_beside(false);
            if (next != upcoming::nothing && next != upcoming::partial) return;
            if (!socket_.maybe_readable()) return;
        }
    } catch (...) {
        // No memory: the connection ends with what is under way.
        takes_more_ = false;
        work_->begin = work_->end = 0;
    }
}

// Waits for more input, with requests under way or a head that has begun.
task<> server_connection::read_more() {
    auto& work = *work_;
    if (input_ended_) {
        // What is under way is answered; a head that was cut is nobody's.
        co_await others_end(1);
        end_with(after::close);
        co_return;
    }
    // Before waiting, what was answered so far goes out; who has its answer made adds it first.
    if (under_way_ == 0) {
        if (const int state = try_flush(); state < 0 || (state == 0 && !co_await flush_slowly())) co_return;
    } else if (!active_.front().waits) {
        leave_queued();
    }
    make_input_room();
    if (socket_.maybe_readable()) {
        // Fetched at once below.
    } else if (work.size() > 0) {
        phase_ = phase::head;
        deadline_ = head_deadline_;
    } else {
        phase_ = phase::busy;
        deadline_ = time_point::max();
    }
    co_await socket_.wait_readable();
    if (ended()) co_return;
    if (expired_) {
        co_await others_end(1);
        const bool answers = work.parser.started() && !ended();
        if (answers) (void)co_await answer_error(408, {}, false, false);
        end_with(answers ? after::linger : after::close);
        co_return;
    }
    const int got = read_some();
    if (got == 0) input_ended_ = true;
    if (got == -2) failed_ = true;
}

task<> server_connection::refuse_upcoming() {
    auto& work = *work_;
    const auto& limits = server_.options.limits;
    const refusal why = work.why;
    const framing frame = work.frame;
    const bool head_only = work.parser.method_id() == method_kind::head;
    const bool framed = work.parser.why() == refusal::none;
    if (framed) {
        work.begin += work.parser.size();
        work.parser.reset();
        work.has_head = false;
    }
    after then = after::linger;
    if (why == refusal::none) {
        ++served_;
        ++server_.stats.requests;
        const bool last = limits.max_requests != 0 && served_ >= limits.max_requests;
        then = co_await answer_error(503, "retry-after: 1\r\n", frame.keep_alive && !last && !server_.draining, head_only);
    } else {
        then = co_await answer_refusal(why, head_only);
    }
    if (framed && then == after::next && frame.body != body_kind::none) {
        connection_body body(*this, frame);
        body_bytes_ = 0;
        body_seconds_ = 0;
        if (!co_await drain_request_body(body)) then = after::linger;
        phase_ = phase::busy;
        deadline_ = time_point::max();
    }
    if (then != after::next) end_with(then);
}

// Until fewer than `below` requests are under way.
task<> server_connection::others_end(std::size_t below) {
    phase_ = phase::busy;
    deadline_ = time_point::max();
    while (under_way_ >= below) {
        if (!active_.front().waits) leave_queued();
        work_->progress.clear();
        co_await work_->progress.wait();
    }
}

task<bool> server_connection::drain_request_body(connection_body& body) {
    const auto limit = server_.options.limits.drain_unread;
    if (!co_await flush()) co_return false;  // the client may wait for the answer before it sends more
    set_phase(phase::body, std::chrono::seconds(1));
    std::size_t dropped = 0;
    try {
        while (!body.complete()) {
            const auto piece = co_await body.next();
            dropped += piece.size();
            if (dropped > limit) co_return false;
        }
    } catch (const bad_request_body&) {
        co_return false;
    }
    co_return true;
}

// Shuts down writing, then reads and drops for a while, so that a reset does not eat the answer (RFC 9112 9.6). What exceeds the limit
// stays with the kernel: flow control stops the peer, who has until the deadline to see the answer.
task<> server_connection::linger() {
    if (!co_await flush()) co_return;
    socket_.shutdown_write();
    expired_ = false;
    set_phase(phase::linger, server_.options.limits.linger);
    std::size_t dropped = 0;
    while (!expired_) {
        const bool holds = dropped >= server_.options.limits.drain_unread && !socket_.hung_up();
        if (holds) socket_.leave_input();
        co_await socket_.wait_readable();
        if (holds || expired_) continue;
        work_->begin = work_->end = 0;
        const int got = read_some();
        if (got == 0 || got == -2) break;
        if (got > 0) dropped += static_cast<std::size_t>(got);
    }
}

// ---- from outside

void server_connection::happened(void* self, hem::detail::io_happening what) noexcept {
    auto& connection = *static_cast<server_connection*>(self);
    if (what.room && connection.work_ && !connection.corked_) connection.leave_queued();
    if (what.input) connection.input_arrived();
    if (!what.hang_up) return;
    if (what.reset) {
        connection.give_up();
    } else if (connection.half_closed_ == time_point::max()) {
        connection.half_closed_ = clock::now();
    }
}

// Nobody is there to read an answer.
void server_connection::give_up() noexcept {
    given_up_ = true;
    for (auto& one : active_) {
        cancel(one, why_cancelled::disconnect);
        one.turn.set();
    }
}

void server_connection::end_with(after then) noexcept {
    if (ending_ == after::next) ending_ = then;
    takes_more_ = false;
    give_up();
    if (work_) work_->progress.set();
}

void server_connection::cancel(served_request& one, why_cancelled why) noexcept {
    if (!one.scope || one.scope->cancel_called()) return;
    one.why = why;
    if (why == why_cancelled::drain) ++server_.stats.drain_cancelled;
    const char* text = why == why_cancelled::disconnect ? "the client went away"
                       : why == why_cancelled::timeout  ? "the handler took longer than its limit"
                                                        : "the server shuts down";
    one.scope->cancel({.kind = why == why_cancelled::drain ? cancel_kind::shutdown : cancel_kind::requested, .text = text, .task = {}});
}

void server_connection::sweep(time_point now) noexcept {
    const auto& limits = server_.options.limits;
    // While a body is waited for, its own limits hold.
    if (phase_ != phase::body) {
        for (auto& one : active_) {
            if (now >= one.deadline) cancel(one, why_cancelled::timeout);
        }
    }
    if (under_way_ != 0 && half_closed_ != time_point::max() && now - half_closed_ >= limits.half_close_grace) give_up();
    if (phase_ == phase::body && work_ && limits.body_rate > 0) {
        auto& sample = work_->body_samples[body_seconds_ % 10];
        const bool full = body_seconds_ >= 15;  // the first 5 s do not count, then any 10 s do
        if (full && body_bytes_ - sample < limits.body_rate * 10) deadline_ = now;
        sample = static_cast<std::uint32_t>(body_bytes_);
        body_seconds_ = body_seconds_ >= 25 ? 16 : static_cast<std::uint8_t>(body_seconds_ + 1);
    }
    if (write_window_ != time_point::max() && limits.write_rate > 0 && now - write_window_ >= std::chrono::seconds(30)) {
        if (socket_.bytes_written() - write_mark_ < limits.write_rate * 30) write_deadline_ = now;
        write_window_ = now;
        write_mark_ = socket_.bytes_written();
    }
    if (now >= write_deadline_) {
        write_deadline_ = time_point::max();
        failed_ = reset_at_end_ = true;
        end_with(after::close);
        socket_.interrupt();
    }
    if (now >= deadline_) {
        deadline_ = time_point::max();
        expired_ = true;
        socket_.interrupt();
    }
}

void server_connection::begin_drain() noexcept {
    if (phase_ == phase::idle) socket_.interrupt();
}

void server_connection::end_grace() noexcept {
    bool any = false;
    for (auto& one : active_) {
        any = any || one.scope;
        cancel(one, why_cancelled::drain);
    }
    if (any) return;
    expired_ = true;
    if (write_deadline_ != time_point::max()) failed_ = reset_at_end_ = true;
    if (socket_.is_open()) socket_.interrupt();
}

}  // namespace hem::http::detail
