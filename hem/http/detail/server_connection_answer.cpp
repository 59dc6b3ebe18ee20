// One request of a server connection: its handler in a scope of its own, its place in the order of answers, and what follows from errors.
#include "hem/core/cancel_scope.hpp"
#include "hem/core/errors.hpp"
#include "hem/http/detail/connection_body.hpp"
#include "hem/http/detail/server_connection.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/response.hpp"

namespace hem::http::detail {
namespace {

// A body up to this size is copied behind its head, so that both leave in one call; a larger one is gathered.
constexpr std::size_t copy_limit = 16 * 1024;

}  // namespace

// What became of a request.
struct server_connection::attempt {
    task<response> handling;
    response* answer = nullptr;  // in the handler's frame; null while there is none
    std::exception_ptr error;
    response_plan plan;
    bool sent = true;
    bool cut = false;  // the head has left and the body did not come to its end
};

// A request's place among those under way. Whatever happens, who comes after it gets its turn, or learns that none comes.
class server_connection::place {
public:
    place(server_connection& connection, served_request& mine) noexcept : connection_(connection), mine_(mine) {}
    place(const place&) = delete;
    ~place() { leave(after::close); }
    void leave(after then) noexcept {
        if (left_) return;
        left_ = true;
        connection_.leave(mine_, then);
    }

private:
    server_connection& connection_;
    served_request& mine_;
    bool left_ = false;
};

// The scope of a handler and of the source of its body, known to the request while it is open.
class server_connection::handler_guard {
public:
    handler_guard(server_connection& connection, served_request& mine, hem::detail::timed_scope& scope)
        : connection_(connection), mine_(mine), task_(hem::detail::current_task_header()) {
        scope.enter(task_);
        mine_.scope = &scope;
        ++connection_.server_.stats.in_flight;
        mine_.deadline = deadline_after(connection_.server_.options.limits.handler);
        if (connection_.half_closed_ != time_point::max()) connection_.half_closed_ = clock::now();
        if (connection_.given_up_) connection_.cancel(mine_, why_cancelled::disconnect);
    }
    handler_guard(const handler_guard&) = delete;
    ~handler_guard() {
        mine_.scope->leave(task_);
        mine_.scope = nullptr;
        mine_.deadline = time_point::max();
        --connection_.server_.stats.in_flight;
    }

private:
    server_connection& connection_;
    served_request& mine_;
    hem::detail::task_header& task_;
};

task<> server_connection::answer(served_request& mine) {
    place here(*this, mine);
    std::optional<connection_body> body;
    if (mine.frame.body != body_kind::none) {
        body.emplace(*this, mine.frame);
        body_bytes_ = 0;
        body_seconds_ = 0;
        if (!body->complete()) mine.message.set_body_source(&*body);
    }
    attempt made;
    {
        hem::detail::timed_scope scope;
        handler_guard guard(*this, mine, scope);
        try {
            made.handling = server_.handle(mine.message);
            made.answer = &co_await hem::detail::in_place(made.handling);
            mine.deadline = time_point::max();
            auto& content = made.answer->content();
            if (!is_first(mine) && !content.is_stream()) made.sent = co_await turn_of(mine);
            const bool drains =
                !body || body->complete() ||
                (!body->withheld() && body->left().value_or(0) <= server_.options.limits.drain_unread && body->broken() == 0);
            const bool closes = mine.last || (server_.draining && &active_.back() == &mine);
            const auto te = mine.message.headers().get(field::te);
            made.plan = plan_response(*made.answer, mine.message.method_id(), mine.message.version(), !closes && drains,
                                      te && te->find("trailers") != std::string_view::npos);
            if (content.is_stream() || content.bytes().size() > copy_limit) {
                made.sent = made.sent && co_await send(mine, made);
            } else if (made.sent) {
                // Most answers: head and body side by side, without another coroutine.
                auto& work = *work_;
                const head_context context{server_.date_text(), server_.options.server_name, server_.head_tail()};
                const auto bytes = made.plan.body != body_kind::none ? content.bytes() : std::string_view();
                for (;;) {
                    const auto room = work.output.size() - work.queued;
                    const auto size = write_response_head(std::span(work.output).subspan(work.queued), *made.answer, made.plan, context);
                    if (size + bytes.size() <= room) [[likely]] {
                        work.queued += size;
                        queue(bytes);
                        break;
                    }
                    if (!co_await make_room(size + bytes.size())) {
                        made.sent = false;
                        break;
                    }
                }
            }
        } catch (const cancelled&) {
            // Ours: the client went, time was up, or the drain ends. Somebody else's passes on.
            if (!scope.cancel_called() || scope.parent()->cancelled()) throw;
        } catch (...) {
            made.error = std::current_exception();
        }
    }
    if (made.answer && made.sent && !made.error && !made.cut && mine.why == why_cancelled::none && !body && !made.plan.close &&
        !made.answer->has_after_sent() && !made.answer->content().is_stream()) [[likely]] {
        if (server_.draining) ++server_.stats.drain_finished;
        here.leave(after::next);
        co_return;
    }
    here.leave(co_await conclude(mine, body ? &*body : nullptr, made, here));
}

// Waits until the answer may be written; false if that never comes, because the connection ends.
task<bool> server_connection::turn_of(served_request& mine) {
    mine.waits = true;
    while (!is_first(mine) && !given_up_) co_await mine.turn.wait();
    mine.waits = false;
    co_return is_first(mine) && !failed_;
}

task<> server_connection::finish(response* answer) {
    if (!answer) co_return;
    if (auto* source = answer->content().stream()) co_await shield(source->close());
    while (auto hook = answer->take_after_sent()) co_await hook->run();
}

// Everything but the plain answer that was sent.
task<server_connection::after> server_connection::conclude(served_request& mine, connection_body* body, attempt& made, place& here) {
    const bool head_only = mine.message.method_id() == method_kind::head;
    auto* observer = server_.options.observer;
    if (body && body->broken() != 0 && (!made.answer || made.error)) {
        // The client's own fault decides, whatever the handler made of it.
        co_await finish(made.answer);
        if (body->broken() < 0) co_return after::close;
        co_return co_await answer_error(body->broken(), {}, false, head_only);
    }
    if (made.error && !made.cut) {
        int status = 500;
        try {
            std::rethrow_exception(made.error);
        } catch (const body_too_large&) {
            status = 413;
        } catch (...) {
            if (observer) observer->handler_failed(mine.message, made.error);
        }
        co_await finish(made.answer);
        if (!co_await turn_of(mine)) co_return after::close;
        const bool keeps = status == 500 && !mine.last && !server_.draining && !(body && body->withheld());
        auto next = co_await answer_error(status, {}, keeps, head_only);
        if (next == after::next && body && !body->complete() && !co_await drain_request_body(*body)) next = after::linger;
        co_return next;
    }
    if (made.error || made.cut || !made.sent) {
        if (made.error && observer) observer->response_cut(mine.message, "the body's source failed");
        // Without the last chunk, so that nobody takes the cut body for a whole one.
        if (co_await turn_of(mine)) (void)co_await flush();
        here.leave(after::close);
        co_await finish(made.answer);
        co_return after::close;
    }
    if (mine.why != why_cancelled::none) {
        if (!made.answer) {
            if (mine.why == why_cancelled::disconnect || !co_await turn_of(mine)) co_return after::close;
            if (mine.why == why_cancelled::timeout) co_return co_await answer_error(504, {}, false, head_only);
            co_return co_await answer_error(503, "retry-after: 1\r\n", false, head_only);
        }
        if (made.plan.close) {
            co_await finish(made.answer);
            co_return after::close;
        }
        // It was done before the cancellation was noticed.
    }
    if (server_.draining) ++server_.stats.drain_finished;
    if (made.answer->has_after_sent() || made.answer->content().is_stream()) {
        const bool out = co_await flush();
        if (!out || (!made.plan.close && !body)) here.leave(out ? after::next : after::close);
        co_await finish(made.answer);
        if (!out) co_return after::close;
    }
    if (body && !body->complete() && !made.plan.close && !co_await drain_request_body(*body)) co_return after::linger;
    if (!made.plan.close) co_return after::next;
    co_return (!body || body->complete()) && work_->size() == 0 ? after::close : after::linger;
}

// A large body or a stream. Ahead of its turn only a stream is written, into what the request may hold.
task<bool> server_connection::send(served_request& mine, attempt& made) {
    auto& content = made.answer->content();
    const head_context context{server_.date_text(), server_.options.server_name, server_.head_tail()};
    std::string head(1024, '\0');
    for (;;) {
        const auto size = write_response_head(head, *made.answer, made.plan, context);
        const bool fits = size <= head.size();
        head.resize(size);
        if (fits) break;
    }
    if (!co_await put(mine, head)) co_return false;
    if (made.plan.body == body_kind::none) co_return is_first(mine) || co_await turn_of(mine);
    if (auto* source = content.stream()) {
        made.cut = true;
        made.cut = !co_await send_body(mine, made, *source);
        co_return !made.cut;
    }
    co_return co_await write_large(content.bytes());
}

task<bool> server_connection::send_body(served_request& mine, attempt& made, body_source& source) {
    const auto& plan = made.plan;
    auto* observer = server_.options.observer;
    std::uint64_t sent = 0;
    for (;;) {
        // What was made so far is on its way while the source works on the next piece.
        if (is_first(mine) && !co_await flush()) co_return false;
        const auto piece = co_await source.next();
        if (piece.empty()) break;
        sent += piece.size();
        if (plan.body == body_kind::length && sent > plan.length.value_or(0)) {
            if (observer) observer->response_cut(mine.message, "the body is longer than its Content-Length");
            co_return false;
        }
        if (plan.body == body_kind::chunked) {
            char head[18];
            if (!co_await put(mine, {head, write_chunk_head(head, piece.size())})) co_return false;
        }
        if (!co_await put(mine, piece)) co_return false;
        if (plan.body == body_kind::chunked && !co_await put(mine, chunk_end)) co_return false;
    }
    if (plan.body == body_kind::length && sent != plan.length.value_or(0)) {
        if (observer) observer->response_cut(mine.message, "the body is shorter than its Content-Length");
        co_return false;
    }
    if (plan.body == body_kind::chunked) {
        const headers* trailers = plan.trailers ? made.answer->find_trailers() : nullptr;
        if (!trailers) trailers = plan.trailers ? source.trailers() : nullptr;
        std::string end(trailers ? 8 * 1024 : 0, '\0');
        if (trailers) {
            const auto size = write_last_chunk(end, *trailers);
            if (size > end.size()) co_return false;
            end.resize(size);
        }
        if (!co_await put(mine, trailers ? std::string_view(end) : last_chunk)) co_return false;
    }
    // The last bytes are made; they wait for their turn like every answer.
    co_return is_first(mine) || co_await turn_of(mine);
}

// The order of answers: who leaves gives the turn to the next one.
void server_connection::leave(served_request& mine, after then) noexcept {
    const bool own = work_ && &mine == &work_->first;
    const bool first = is_first(mine);
    hem::detail::intrusive_list<served_request, served_tag>::erase(mine);
    --under_way_;
    if (then != after::next) {
        end_with(then);
    } else if (first && under_way_ != 0) {
        auto& next = active_.front();
        if (!next.held.empty()) {
            auto& work = *work_;
            if (!has_room(next.held.size())) work.output.resize(work.queued + next.held.size());
            queue(next.held);
            next.held.clear();
        }
        next.turn.set();
    }
    if (own) return;
    if (!corked_ && !ended() && (under_way_ == 0 || !active_.front().waits)) leave_queued();
    if (work_) work_->progress.set();
    if (under_way_ == 0 || ended()) socket_.interrupt();
}

}  // namespace hem::http::detail
