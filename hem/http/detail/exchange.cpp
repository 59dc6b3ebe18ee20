#include "hem/http/detail/exchange.hpp"

#include <algorithm>
#include <array>

#include "hem/core/cancel_scope.hpp"
#include "hem/http/chunk_decoder.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http::detail {
namespace {

constexpr std::size_t first_buffer = 8 * 1024;
constexpr std::size_t largest_head = 64 * 1024;
constexpr std::size_t read_buffer = 64 * 1024;

std::string seconds(std::chrono::nanoseconds limit) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return milliseconds % 1000 == 0 ? std::to_string(milliseconds / 1000) + " s" : std::to_string(milliseconds) + " ms";
}

std::string what(const request& message, std::string_view problem) {
    return std::string(message.method()) + " " + shown_url(message) + ": " + std::string(problem);
}

// Room behind the unread bytes, which move to the front; at most `largest` in all. Empty when that is full.
std::span<char> room(connection& link, std::size_t largest) {
    if (link.begin != 0) {
        std::copy(link.buffer.begin() + static_cast<std::ptrdiff_t>(link.begin),
                  link.buffer.begin() + static_cast<std::ptrdiff_t>(link.end), link.buffer.begin());
        link.end -= link.begin;
        link.begin = 0;
    }
    if (link.end == link.buffer.size() && link.buffer.size() < largest)
        link.buffer.resize(std::min(largest, std::max(first_buffer, link.buffer.size() * 2)));
    return {link.buffer.data() + link.end, link.buffer.size() - link.end};
}

// The body of a response as it comes off its connection.
class network_body final : public body_source {
public:
    network_body(connection_pool::slot slot, const framing& framing, exchange_context context, exchange_info info)
        : slot_(std::move(slot)), framing_(framing), context_(context), info_(std::move(info)), left_(framing.length) {
        decoder_.set_body_limit(0);
    }

    ~network_body() override { finish(); }

    task<std::string_view> next() override {
        if (complete_ || !slot_) {
            finish();
            co_return std::string_view{};
        }
        while (true) {
            connection& link = *slot_.connection();
            if (link.begin != link.end) {
                if (const std::string_view piece = take(link); !piece.empty()) co_return piece;
                if (complete_) {
                    finish();
                    co_return std::string_view{};
                }
                continue;
            }
            const auto into = room(link, read_buffer);
            std::optional<std::size_t> count;
            try {
                count = co_await move_on_after(context_.timeouts.read, link.wire->read_some(into));
            } catch (const network_error& error) {
                fail(std::string("the connection broke inside the response: ") + error.what());
            }
            if (!count) {
                slot_.release();
                throw read_timeout(info_.method + " " + info_.url + ": no byte of the response within " + seconds(context_.timeouts.read),
                                   info(phase::read));
            }
            link.end += *count;
            if (*count != 0) continue;
            if (framing_.body != body_kind::until_close) fail("the connection ended inside the response");
            complete_ = true;
            finish();
            co_return std::string_view{};
        }
    }

    // Drains a short rest so that the connection can be used again.
    task<void> close() override {
        constexpr std::uint64_t worth_draining = 64 * 1024;
        if (!slot_) co_return;
        if (!complete_ && framing_.body == body_kind::length && left_ > worth_draining) slot_.release();
        if (!complete_ && framing_.body == body_kind::until_close) slot_.release();
        if (slot_) co_await move_on_after(std::chrono::milliseconds(100), drain(worth_draining));
        if (!complete_) slot_.release();
        finish();
    }

    std::optional<std::uint64_t> size() const noexcept override {
        return framing_.body == body_kind::length ? std::optional{framing_.length} : std::nullopt;
    }
    const headers* trailers() const noexcept override { return complete_ && !trailers_.empty() ? &trailers_ : nullptr; }

private:
    task<void> drain(std::uint64_t limit) {
        try {
            std::uint64_t drained = 0;
            while (drained <= limit) {
                const std::size_t piece = (co_await next()).size();
                if (piece == 0) co_return;
                drained += piece;
            }
        } catch (const std::exception&) {
            slot_.release();  // the caller is done with this body: its connection is not worth an error
        }
    }

    // The next piece of the bytes at hand.
    std::string_view take(connection& link) {
        const std::string_view known(link.buffer.data() + link.begin, link.end - link.begin);
        if (framing_.body == body_kind::until_close) {
            link.begin = link.end;
            return known;
        }
        if (framing_.body == body_kind::length) {
            const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(left_, known.size()));
            link.begin += piece;
            left_ -= piece;
            if (left_ == 0) complete_ = true;
            return known.substr(0, piece);
        }
        const auto step = decoder_.next(known);
        link.begin += step.consumed;
        if (step.kind == chunk_decoder::event::end) {
            complete_ = true;
            decoder_.append_trailers_to(trailers_);
        }
        if (step.kind == chunk_decoder::event::refused) {
            slot_.release();
            throw remote_protocol_error(info_.method + " " + info_.url + ": the chunked body of the response is malformed (" +
                                            std::string(action_of(decoder_.why()).label) + ")",
                                        info(phase::read));
        }
        return step.data;
    }

    exchange_info info(phase phase) const {
        exchange_info result = info_;
        result.phase = phase;
        result.elapsed = clock::now() - context_.started;
        return result;
    }

    [[noreturn]] void fail(std::string_view problem) {
        slot_.release();
        throw read_error(info_.method + " " + info_.url + ": " + std::string(problem), info(phase::read));
    }

    // Only a body that was read to its end leaves a connection that can be used again; bytes behind it are nobody's.
    void finish() noexcept {
        if (!slot_) return;
        const connection& link = *slot_.connection();
        if (complete_ && framing_.keep_alive && link.begin == link.end)
            slot_.give_back();
        else
            slot_.release();
    }

    connection_pool::slot slot_;
    framing framing_;
    exchange_context context_;
    exchange_info info_;
    chunk_decoder decoder_;
    headers trailers_;
    std::uint64_t left_;
    bool complete_ = false;
};

struct outgoing {
    body_kind kind = body_kind::none;
    std::uint64_t length = 0;
};

outgoing framing_of(request& message) {
    if (message.has_stream()) {
        const auto size = message.stream_size();
        return size ? outgoing{body_kind::length, *size} : outgoing{body_kind::chunked, 0};
    }
    const std::string* bytes = message.replayable_body();
    return bytes != nullptr && !bytes->empty() ? outgoing{body_kind::length, bytes->size()} : outgoing{};
}

// Within the write limit per piece.
task<void> write_within(request& message, connection& link, const exchange_context& context, std::span<const std::string_view> pieces) {
    if (co_await move_on_after(context.timeouts.write, link.wire->write_all(pieces))) co_return;
    throw write_timeout(what(message, "the server took no bytes within " + seconds(context.timeouts.write)),
                        context.info(message, phase::write));
}

task<void> write_request(request& message, connection& link, const exchange_context& context) {
    const outgoing out = framing_of(message);
    std::string head(1024, '\0');
    const std::size_t size = write_request_head(head, message, out.kind, out.length);
    if (size > head.size()) {
        head.resize(size);
        write_request_head(head, message, out.kind, out.length);
    }
    head.resize(size);
    const std::string* bytes = message.replayable_body();
    if (!message.has_stream()) {
        const std::array<std::string_view, 2> pieces = {head, bytes != nullptr ? std::string_view(*bytes) : std::string_view{}};
        co_await write_within(message, link, context, std::span(pieces).first(pieces[1].empty() ? 1 : 2));
        co_return;
    }
    const std::array<std::string_view, 1> first = {head};
    co_await write_within(message, link, context, first);
    body_source& source = message.stream();
    std::uint64_t left = out.length;
    while (true) {
        const std::string_view chunk = co_await source.next();
        if (chunk.empty()) break;
        if (out.kind == body_kind::chunked) {
            char size_line[18];
            const std::array<std::string_view, 3> pieces = {std::string_view(size_line, write_chunk_head(size_line, chunk.size())), chunk,
                                                            chunk_end};
            co_await write_within(message, link, context, pieces);
            continue;
        }
        if (chunk.size() > left)
            throw local_protocol_error(what(message, "the body is longer than the size that its source announced"),
                                       context.info(message, phase::write));
        left -= chunk.size();
        const std::array<std::string_view, 1> pieces = {chunk};
        co_await write_within(message, link, context, pieces);
    }
    if (left != 0)
        throw local_protocol_error(what(message, "the body is shorter than the size that its source announced"),
                                   context.info(message, phase::write));
    if (out.kind == body_kind::chunked) {
        const std::array<std::string_view, 1> pieces = {last_chunk};
        co_await write_within(message, link, context, pieces);
    }
}

// Reads until the parser has a head; 0 bytes at the end of the stream.
task<void> read_head(request& message, connection& link, const exchange_context& context, std::chrono::nanoseconds limit) {
    link.parser.reset();
    while (true) {
        if (link.begin != link.end) {
            const parse_result result = link.parser.parse(link.buffer.data() + link.begin, link.end - link.begin);
            if (result == parse_result::done) co_return;
            if (result == parse_result::refused)
                throw remote_protocol_error(
                    what(message, "the head of the response is malformed (" + std::string(action_of(link.parser.why()).label) + ")"),
                    context.info(message, phase::read));
        }
        const auto into = room(link, largest_head);
        if (into.empty())
            throw remote_protocol_error(what(message, "the head of the response is longer than 64 KiB"),
                                        context.info(message, phase::read));
        const auto count = co_await move_on_after(limit, link.wire->read_some(into));
        if (!count)
            throw read_timeout(what(message, "no byte of the response within " + seconds(limit)), context.info(message, phase::read));
        if (*count == 0)
            throw network_error(link.end == 0 ? "the server closed the connection without an answer"
                                              : "the connection ended inside the head of the response");
        link.end += *count;
    }
}

void copy_head(const connection& link, response& answer) {
    const char* const bytes = link.buffer.data() + link.begin;
    for (std::uint32_t i = 0; i < link.parser.field_count(); ++i)
        answer.headers().append_copy(link.parser.name(bytes, i), link.parser.value(bytes, i), link.parser.id(i));
}

}  // namespace

std::string shown_url(const request& message) {
    std::string url(message.scheme());
    url += "://";
    url += message.host();
    url += message.path();
    if (!message.query().empty()) {
        url += '?';
        url += message.query();
    }
    return url;
}

bool is_repeatable(const request& message) noexcept {
    return !message.has_stream() && (is_idempotent(message.method_id()) || message.headers().contains("idempotency-key"));
}

exchange_info exchange_context::info(const request& message, http::phase phase) const {
    return {.method = std::string(message.method()),
            .url = shown_url(message),
            .phase = phase,
            .elapsed = clock::now() - started,
            .tries = tries,
            .idempotent = is_repeatable(message)};
}

task<response> exchange(request& message, connection_pool::slot slot, exchange_context context) {
    connection& link = *slot.connection();
    const std::uint64_t written_before = link.wire->bytes_written();
    // RFC 9112 9.3.1: again only if nothing was sent, or if sending twice does no harm and the body is still there.
    const bool replayable = !message.has_stream();
    const auto may_repeat = [&] {
        return context.reused && link.end == 0 && replayable &&
               (link.wire->bytes_written() == written_before || is_idempotent(message.method_id()));
    };
    link.begin = link.end = 0;

    std::optional<std::string> write_problem;
    try {
        co_await write_request(message, link, context);
    } catch (const network_error& error) {
        if (may_repeat()) throw stale_connection{};
        write_problem = error.what();
    }
    while (true) {
        try {
            // After a broken write the server may still have said why (413 and close).
            co_await read_head(message, link, context,
                               write_problem ? std::min<std::chrono::nanoseconds>(context.timeouts.read, std::chrono::seconds(1))
                                             : context.timeouts.read);
        } catch (const remote_protocol_error&) {
            throw;
        } catch (const network_error& error) {
            if (write_problem)
                throw write_error(what(message, "cannot send the request: " + *write_problem), context.info(message, phase::write));
            if (may_repeat()) throw stale_connection{};
            throw read_error(what(message, error.what()), context.info(message, phase::read));
        } catch (const read_timeout&) {
            if (write_problem)
                throw write_error(what(message, "cannot send the request: " + *write_problem), context.info(message, phase::write));
            throw;
        }
        if (link.parser.status() == 101)
            throw remote_protocol_error(what(message, "the server switched protocols without being asked"),
                                        context.info(message, phase::read));
        if (link.parser.status() >= 200) break;
        link.begin += link.parser.size();  // an interim answer; the final one follows
        link.parser.reset();
    }

    framing framing;
    const refusal why = decide_response_framing(link.parser, link.buffer.data() + link.begin, message.method_id(), framing);
    if (why != refusal::none)
        throw remote_protocol_error(what(message, "the framing of the response is wrong (" + std::string(action_of(why).label) + ")"),
                                    context.info(message, phase::read));
    if (write_problem) framing.keep_alive = false;
    response answer(link.parser.status());
    copy_head(link, answer);
    link.begin += link.parser.size();
    exchange_info info = context.info(message, phase::read);
    if (framing.body == body_kind::none) {
        if (framing.keep_alive && link.begin == link.end) slot.give_back();
        answer.set_exchange(std::move(info));
        co_return answer;
    }
    answer.set_exchange(info);
    answer.set_content(body(std::make_unique<network_body>(std::move(slot), framing, context, std::move(info))));
    co_return answer;
}

}  // namespace hem::http::detail
