#include "hem/http/detail/connection_body.hpp"

#include <algorithm>

#include "hem/http/errors.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http::detail {

connection_body::connection_body(server_connection& connection, const framing& frame)
    : connection_(connection), kind_(frame.body), left_(frame.length), expect_continue_(frame.expect_continue),
      complete_(frame.body == body_kind::none || (frame.body == body_kind::length && frame.length == 0)) {
    if (kind_ == body_kind::chunked) {
        auto limits = connection.server_.options.limits.body;
        limits.body = 0;  // the request applies the limit: a route may raise it
        decoder_.emplace(limits);
    }
}

std::optional<std::uint64_t> connection_body::size() const noexcept {
    return kind_ == body_kind::length ? std::optional(left_) : std::nullopt;
}

const headers* connection_body::trailers() const noexcept { return trailers_.get(); }

void connection_body::fail(int status, const char* what) {
    broken_ = status == 0 ? -1 : status;
    throw bad_request_body(what, status);
}

std::string_view connection_body::take_buffered() {
    auto& work = *connection_.work_;
    if (kind_ == body_kind::length) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, work.size()));
        const std::string_view piece(work.data(), count);
        work.begin += count;
        left_ -= count;
        complete_ = left_ == 0;
        connection_.body_bytes_ += count;
        return piece;
    }
    while (work.size() > 0 && !complete_) {
        const auto step = decoder_->next({work.data(), work.size()});
        work.begin += step.consumed;
        connection_.body_bytes_ += step.consumed;
        switch (step.kind) {
        case chunk_decoder::event::need_more: break;
        case chunk_decoder::event::data: return step.data;
        case chunk_decoder::event::end:
            complete_ = true;
            if (decoder_->has_trailers()) {
                trailers_ = std::make_unique<headers>();
                decoder_->append_trailers_to(*trailers_);
            }
            break;
        case chunk_decoder::event::refused:
            connection_.server_.count_refusal(decoder_->why(), connection_.peer_.host);
            fail(action_of(decoder_->why()).status, "the chunked coding of the request body is broken");
        }
    }
    return {};
}

task<> connection_body::fill() {
    auto& work = *connection_.work_;
    // Everything that arrived was consumed: the block starts anew.
    work.begin = work.end = 0;
    // The body's limits hold while it is waited for; a handler that works on has its own again, and so has a drain of what it left.
    const auto before = connection_.phase_;
    const auto deadline = connection_.deadline_;
    if (before != server_connection::phase::body) {
        connection_.set_phase(server_connection::phase::body, connection_.server_.options.limits.body_gap);
    }
    for (;;) {
        co_await connection_.socket_.wait_readable();
        if (connection_.expired_) fail(408, "the request body came too slowly");
        const int got = connection_.read_some();
        if (got > 0) break;
        if (got == 0 || got == -2) fail(0, "the client closed the connection inside the request body");
    }
    connection_.phase_ = before;
    connection_.deadline_ = deadline;
}

task<std::string_view> connection_body::next() {
    if (broken_) throw bad_request_body("the request body is broken", std::max(broken_, 0));
    if (!asked_) {
        asked_ = true;
        if (expect_continue_ && !complete_ && connection_.work_->size() == 0) {
            if (!co_await connection_.make_room(continue_answer.size())) fail(0, "the client is gone");
            connection_.queue(continue_answer);
            if (!co_await connection_.flush()) fail(0, "the client is gone");
        }
    }
    while (!complete_) {
        if (const auto piece = take_buffered(); !piece.empty()) co_return piece;
        if (complete_) break;
        co_await fill();
    }
    co_return std::string_view();
}

task<void> connection_body::close() { co_return; }

}  // namespace hem::http::detail
