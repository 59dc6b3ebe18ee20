#include "hem/http/detail/server_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "hem/core/errors.hpp"
#include "hem/core/sleep.hpp"
#include "hem/http/detail/connection_body.hpp"
#include "hem/http/errors.hpp"

namespace hem::http::detail {
namespace {

// A body up to this size is copied behind its head, so that both leave in one call; a larger one is gathered.
constexpr std::size_t copy_limit = 16 * 1024;
constexpr std::size_t largest_input = 32 * 1024;

// The handler's scope, in the connection while it is open.
class handler_guard {
public:
    handler_guard(hem::detail::timed_scope*& slot, hem::detail::timed_scope& scope) : slot_(slot), scope_(scope) {
        scope_.enter(hem::detail::current_task_header());
        slot_ = &scope_;
    }
    ~handler_guard() { leave(); }
    void leave() noexcept {
        if (scope_.left()) return;
        slot_ = nullptr;
        scope_.leave(hem::detail::current_task_header());
    }

private:
    hem::detail::timed_scope*& slot_;
    hem::detail::timed_scope& scope_;
};

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
    hem::detail::intrusive_list<server_connection, connection_tag>::erase(*this);
    --server_.stats.connections;
    server_.changed.set();
}

void server_connection::set_phase(phase p, std::chrono::nanoseconds limit) noexcept {
    phase_ = p;
    deadline_ = limit.count() > 0 ? hem::detail::saturating_add(clock::now(), limit) : time_point::max();
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

void server_connection::make_input_room() {
    auto& work = *work_;
    if (work.end < work.input.size()) return;
    if (work.begin > 0) {
        std::memmove(work.input.data(), work.data(), work.size());
        work.end -= work.begin;
        work.begin = 0;
    } else if (work.input.size() < largest_input) {
        work.input.resize(largest_input);
    }
}

// True when a head is there, or something to refuse; false when the connection is to be closed without a word.
task<bool> server_connection::read_head() {
    auto& work = *work_;
    work.parser.reset();
    bool timed = false;
    for (;;) {
        if (work.size() > 0) {
            if (!timed) {
                timed = true;
                set_phase(phase::head, server_.options.limits.head_complete);
            }
            if (work.parser.parse(work.data(), work.size()) != parse_result::need_more) co_return true;
        }
        // Before waiting, what was answered so far goes out.
        if (const int state = try_flush(); state < 0 || (state == 0 && !co_await flush_slowly())) co_return false;
        if (work.size() == 0) co_return false;  // nothing of a next request: back to idle
        make_input_room();
        const int got = read_some();
        if (got == 0 || got == -2) {
            failed_ = true;
            co_return false;
        }
        if (got > 0) continue;
        co_await socket_.wait_readable();
        if (expired_) {
            if (work.parser.started()) {
                (void)co_await answer_error(408, {}, false);
                co_await linger();
            }
            failed_ = true;
            co_return false;
        }
    }
}

// Shuts down writing, then reads and drops for a while, so that a reset does not eat the answer (RFC 9112 9.6).
task<> server_connection::linger() {
    if (!co_await flush()) co_return;
    socket_.shutdown_write();
    expired_ = false;
    set_phase(phase::linger, server_.options.limits.linger);
    std::size_t dropped = 0;
    while (!expired_ && dropped < server_.options.limits.drain_unread) {
        co_await socket_.wait_readable();
        work_->begin = work_->end = 0;
        const int got = read_some();
        if (got == 0 || got == -2) break;
        if (got > 0) dropped += static_cast<std::size_t>(got);
    }
}

// ---- one request

task<bool> server_connection::drain_request_body(connection_body& body) {
    const auto limit = server_.options.limits.drain_unread;
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

task<bool> server_connection::send_body(response& answer, const response_plan& plan, body_source& source) {
    std::uint64_t sent = 0;
    for (;;) {
        // What was made so far is on its way while the source works on the next piece.
        if (!co_await flush()) co_return false;
        const auto piece = co_await source.next();
        if (piece.empty()) break;
        sent += piece.size();
        if (plan.body == body_kind::length && sent > plan.length.value_or(0)) {
            if (server_.options.observer)
                server_.options.observer->response_cut(work_->message, "the body is longer than its Content-Length");
            co_return false;
        }
        if (plan.body == body_kind::chunked) {
            char head[18];
            const auto size = write_chunk_head(head, piece.size());
            if (!has_room(size) && !co_await make_room(size)) co_return false;
            queue({head, size});
        }
        if (piece.size() + 2 <= copy_limit) {
            if (!has_room(piece.size() + 2) && !co_await make_room(piece.size() + 2)) co_return false;
            queue(piece);
        } else if (!co_await write_large(piece)) {
            co_return false;
        }
        if (plan.body == body_kind::chunked) {
            if (!has_room(2) && !co_await make_room(2)) co_return false;
            queue(chunk_end);
        }
    }
    if (plan.body == body_kind::length && sent != plan.length.value_or(0)) {
        if (server_.options.observer) server_.options.observer->response_cut(work_->message, "the body is shorter than its Content-Length");
        co_return false;
    }
    if (plan.body == body_kind::chunked) {
        const headers* trailers = plan.trailers ? answer.find_trailers() : nullptr;
        if (!trailers) trailers = plan.trailers ? source.trailers() : nullptr;
        if (!trailers) {
            if (!has_room(last_chunk.size()) && !co_await make_room(last_chunk.size())) co_return false;
            queue(last_chunk);
        } else {
            if (!has_room(8 * 1024) && !co_await make_room(8 * 1024)) co_return false;
            const auto size = write_last_chunk(std::span(work_->output).subspan(work_->queued), *trailers);
            if (size > work_->output.size() - work_->queued) co_return false;
            work_->queued += size;
        }
    }
    co_return true;
}

task<server_connection::after> server_connection::serve_one() {
    auto& work = *work_;
    const auto& limits = server_.options.limits;
    work.frame = framing{};
    if (work.parser.why() != refusal::none) co_return co_await refuse(work.parser.why());
    const request_rules rules{.body_limit = limits.body.body, .allowed_hosts = server_.options.allowed_hosts, .secure = false};
    const refusal why = decide_framing(work.parser, work.data(), rules, work.frame);
    auto& message = work.message;
    message.reset();
    message.assign(work.parser, work.data(), work.frame);
    work.begin += work.parser.size();
    connection_body body(*this, work.frame);
    body_bytes_ = 0;
    body_seconds_ = 0;
    if (why != refusal::none) {
        auto next = co_await refuse(why);
        if (next == after::next && !co_await drain_request_body(body)) next = after::linger;
        co_return next;
    }
    ++served_;
    ++server_.stats.requests;
    const bool last = limits.max_requests != 0 && served_ >= limits.max_requests;
    if (limits.requests_in_flight != 0 && server_.stats.in_flight >= limits.requests_in_flight) {
        auto next = co_await answer_error(503, "retry-after: 1\r\n", work.frame.keep_alive && !last);
        if (next == after::next && !co_await drain_request_body(body)) next = after::linger;
        co_return next;
    }
    message.set_peer(peer_.host, peer_.port);
    message.set_shutting_down(&server_.shutting_down);
    message.set_body_limit(limits.body.body);
    if (!body.complete()) message.set_body_source(&body);

    const auto method = message.method_id();
    cancelled_why_ = why_cancelled::none;
    std::optional<response> answer;
    std::exception_ptr error;
    bool sent = true;
    bool cut = false;
    response_plan plan;
    hem::detail::timed_scope scope;
    ++server_.stats.in_flight;
    {
        handler_guard guard(handler_scope_, scope);
        struct counter {
            server_state& server;
            ~counter() { --server.stats.in_flight; }
        } counting{server_};
        set_phase(phase::handler, limits.handler);
        half_closed_ = time_point::max();
        socket_.on_hang_up(hang_up, this);
        try {
            answer.emplace(co_await server_.handle(message));
            deadline_ = time_point::max();
            const bool drains = !body.withheld() && body.left().value_or(0) <= limits.drain_unread && body.broken() == 0;
            const bool keep = work.frame.keep_alive && !last && !server_.draining && (body.complete() || drains);
            plan = plan_response(*answer, method, message.version(), keep,
                                 message.headers().contains(field::te) &&
                                     message.headers().get(field::te)->find("trailers") != std::string_view::npos);
            const head_context context{.date = server_.date_text(), .server = server_.options.server_name};
            for (;;) {
                const auto size = write_response_head(std::span(work.output).subspan(work.queued), *answer, plan, context);
                if (size <= work.output.size() - work.queued) {
                    work.queued += size;
                    break;
                }
                if (!has_room(size) && !co_await make_room(size)) break;
            }
            sent = !failed_;
            if (sent && plan.body != body_kind::none) {
                if (auto* source = answer->content().stream()) {
                    phase_ = phase::handler;
                    cut = true;
                    sent = co_await send_body(*answer, plan, *source);
                    cut = !sent;
                } else if (const auto bytes = answer->content().bytes(); bytes.size() <= copy_limit) {
                    sent = has_room(bytes.size()) || co_await make_room(bytes.size());
                    if (sent) queue(bytes);
                } else {
                    sent = co_await write_large(bytes);
                }
            }
        } catch (const cancelled&) {
            // Ours: the client went, time was up, or the drain ends. Somebody else's passes on.
            if (!scope.cancel_called() || (scope.parent()->cancelled())) throw;
        } catch (...) {
            error = std::current_exception();
        }
        socket_.on_hang_up(nullptr, nullptr);
    }
    auto finish_answer = [&]() -> task<> {
        if (!answer) co_return;
        if (auto* source = answer->content().stream()) co_await shield(source->close());
        while (auto hook = answer->take_after_sent()) co_await hook->run();
    };

    if (body.broken() != 0 && (!answer || error)) {
        // The client's own fault decides, whatever the handler made of it.
        co_await finish_answer();
        if (body.broken() < 0) co_return after::close;
        co_return co_await answer_error(body.broken(), {}, false);
    }
    if (error && !cut) {
        int status = 500;
        try {
            std::rethrow_exception(error);
        } catch (const body_too_large&) {
            status = 413;
        } catch (...) {
            if (server_.options.observer) server_.options.observer->handler_failed(message, error);
        }
        co_await finish_answer();
        auto next = co_await answer_error(status, {}, status == 500 && work.frame.keep_alive && !last && !body.withheld());
        if (next == after::next && !body.complete() && !co_await drain_request_body(body)) next = after::linger;
        co_return next;
    }
    if (error || cut || !sent) {
        if (error && server_.options.observer) server_.options.observer->response_cut(message, "the body's source failed");
        co_await finish_answer();
        // Without the last chunk, so that nobody takes the cut body for a whole one.
        co_return after::close;
    }
    if (cancelled_why_ != why_cancelled::none) {
        co_await finish_answer();
        switch (cancelled_why_) {
        case why_cancelled::timeout:
            if (!answer) co_return co_await answer_error(504, {}, false);
            break;
        case why_cancelled::drain:
            if (!answer) co_return co_await answer_error(503, "retry-after: 1\r\n", false);
            break;
        default: break;
        }
        if (!plan.close && answer) {
            // It was done before the cancellation was noticed.
        } else {
            co_return after::close;
        }
    }
    if (server_.draining) ++server_.stats.drain_finished;
    const bool has_hooks = answer->has_after_sent();
    if (has_hooks || answer->content().is_stream()) {
        if (!co_await flush()) {
            co_await finish_answer();
            co_return after::close;
        }
        co_await finish_answer();
    }
    if (!body.complete() && !plan.close && !co_await drain_request_body(body)) co_return after::linger;
    if (plan.close) co_return body.complete() && work.size() == 0 ? after::close : after::linger;
    co_return after::next;
}

// Serves what has arrived until the input is empty.
task<> server_connection::serve_requests() {
    for (;;) {
        if (!co_await read_head()) co_return;
        const auto next = co_await serve_one();
        if (failed_) co_return;
        if (next == after::next) continue;
        if (next == after::linger) {
            co_await linger();
        } else {
            (void)co_await flush();
        }
        failed_ = true;
        co_return;
    }
}

task<> server_connection::run() {
    const auto& limits = server_.options.limits;
    set_phase(phase::idle, limits.first_byte);
    const auto born = clock::now();
    while (!failed_) {
        if (server_.draining && served_ > 0) break;
        co_await socket_.wait_readable();
        if (expired_ || (server_.draining && served_ > 0)) break;
        work_ = server_.take_exchange();
        const int got = read_some();
        if (got > 0) co_await serve_requests();
        if (got == 0 || got == -2) failed_ = true;
        server_.give_back(std::move(work_));
        if (limits.connection_age.count() > 0 && clock::now() - born >= limits.connection_age) break;
        if (got > 0) set_phase(phase::idle, limits.keep_alive_idle);
    }
}

// ---- from outside

void server_connection::hang_up(void* self, bool reset) noexcept {
    auto& connection = *static_cast<server_connection*>(self);
    if (reset) {
        connection.cancel_handler(why_cancelled::disconnect);
    } else if (connection.half_closed_ == time_point::max()) {
        connection.half_closed_ = clock::now();
    }
}

void server_connection::cancel_handler(why_cancelled why) noexcept {
    if (!handler_scope_ || handler_scope_->cancel_called()) return;
    cancelled_why_ = why;
    if (why == why_cancelled::drain) ++server_.stats.drain_cancelled;
    const char* text = why == why_cancelled::disconnect ? "the client went away"
                       : why == why_cancelled::timeout  ? "the handler took longer than its limit"
                                                        : "the server shuts down";
    handler_scope_->cancel(
        {.kind = why == why_cancelled::drain ? cancel_kind::shutdown : cancel_kind::requested, .text = text, .task = {}});
}

void server_connection::sweep(time_point now) noexcept {
    const auto& limits = server_.options.limits;
    if (phase_ == phase::handler) {
        if (now >= deadline_) cancel_handler(why_cancelled::timeout);
    }
    if (handler_scope_ && half_closed_ != time_point::max() && now - half_closed_ >= limits.half_close_grace) {
        cancel_handler(why_cancelled::disconnect);
    }
    if (phase_ == phase::body && work_ && limits.body_rate > 0) {
        auto& sample = work_->body_samples[body_seconds_ % 10];
        const bool full = body_seconds_ >= 15;  // the first 5 s do not count, then any 10 s do
        if (full && body_bytes_ - sample < limits.body_rate * 10) deadline_ = now;
        sample = static_cast<std::uint32_t>(body_bytes_);
        body_seconds_ = body_seconds_ >= 25 ? 16 : static_cast<std::uint8_t>(body_seconds_ + 1);
    }
    if (phase_ == phase::write && write_window_ != time_point::max() && limits.write_rate > 0 &&
        now - write_window_ >= std::chrono::seconds(30)) {
        if (socket_.bytes_written() - write_mark_ < limits.write_rate * 30) deadline_ = now;
        write_window_ = now;
        write_mark_ = socket_.bytes_written();
    }
    if (phase_ != phase::handler && now >= deadline_) {
        deadline_ = time_point::max();
        expired_ = true;
        socket_.interrupt();
    }
}

void server_connection::begin_drain() noexcept {
    if (phase_ == phase::idle) socket_.interrupt();
}

void server_connection::end_grace() noexcept {
    cancel_handler(why_cancelled::drain);
    if (!handler_scope_) {
        expired_ = true;
        if (socket_.is_open()) socket_.interrupt();
    }
}

}  // namespace hem::http::detail
